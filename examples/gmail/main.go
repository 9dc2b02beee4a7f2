// Gmail is an example of a source of mail that is reached by HTTP: it reads a mailbox through Gmail's API and tells of each message by an event
// mail.received, which starts whatever listens for it, such as finance's process_receipt.
//
// # Its jobs
//
// scan asks what is new, each minute, and has a job fetch started for each message, so that workers share them. fetch gets a message as it came,
// keeps it as content of the library, a part at a time, and publishes the event with a reference to it: a mail of 25 MB takes no more memory than
// a short one.
//
// # Neither missed nor doubled
//
// A cursor in the extension's state says how far the mailbox was handed on. It is moved by compare-and-set, and only after the jobs of a page are
// started; so whoever dies before that leaves the page to the next scan, and of two scans at a time one gives up. Either may start a message's
// fetch a second time, which publishes under the same name, Gmail's id of the message, and so starts nothing.
//
// At first, and when Gmail no longer knows the cursor's historyId, which it promises for about a week, the whole label is listed. What comes
// meanwhile is in the history since then.
//
// # The secret
//
// No token comes here. A request names the credential, and the operation http.request puts it in, renewed when it is old.
//
// The shapes are those of https://developers.google.com/workspace/gmail/api/reference/rest: users.getProfile, users.messages.list,
// users.messages.get and users.history.list.
package main

import airlock "github.com/airlock-run/airlock/sdk/go"

func init() {
	airlock.Register(airlock.Job{Name: "scan", Run: scan})
	airlock.Register(airlock.Job{Name: "fetch", Run: fetch})
}

// main never runs: a host calls the module's exports.
func main() {}
