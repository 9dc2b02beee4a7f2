// Finance is an extension that keeps the receipts that come by mail. New mail in a mailbox (the event mail.arrived) starts its job email_scan,
// which has a job process_receipt started for each message; a mail that comes as an event (mail.received) starts one by itself. Packages scan
// and process describe them.
package main

import (
	"github.com/airlock-run/airlock/extensions/finance/process"
	"github.com/airlock-run/airlock/extensions/finance/scan"
)

func init() {
	process.Register()
	scan.Register()
}

// main never runs: a host calls the module's exports.
func main() {}
