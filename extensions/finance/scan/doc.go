// Package scan is the extension's job email_scan, which mail.arrived starts: it goes through what is new in a mailbox and has a job
// process_receipt started for each message, so that workers share them.
//
// # Where it is
//
// A cursor for each mailbox is kept in the extension's state: UIDVALIDITY and the last UID that was handed on. It is moved by compare-and-set,
// and names the scan that moves it, so that one scan of a mailbox runs at a time in the whole cluster: another one that comes meanwhile is set
// aside until that is done, and then looks for itself. A scan that dies is replaced after claimTime.
//
// # Neither missed nor doubled
//
// checkpoint with the UIDs of a page → dispatch of their jobs → cursor after them. Whoever dies in between does the same page again, with the same
// call, which starts nothing anew. When a mailbox has another UIDVALIDITY it is gone through from its beginning; what was read before is
// known by the bytes of the mail.
package scan

import airlock "github.com/airlock-run/airlock/sdk/go"

// Register adds the job to the extension. Call it once, from an init function.
func Register() {
	airlock.Register(airlock.Job{Name: "email_scan", Resumable: true, Run: scan})
}
