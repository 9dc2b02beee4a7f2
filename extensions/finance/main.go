// Finance is an extension that keeps the receipts that come by mail. A mail.received event starts its one job, process_receipt,
// which
//
//  1. parses the mail (package mail),
//  2. reads the attached documents with query:ai.ocr, and decides whether one of them, or the mail itself, is a receipt
//     (package receipt),
//  3. extracts what it says and has query:ai.classify_text choose a category,
//  4. creates an entry of type receipt with three files beside it: email.json, ocr.txt and receipt_analysis.json.
//
// A mail that is no receipt completes the job too, with the reason as its last progress. A document that cannot be read costs a
// warning, and the next best source is used. Running a job again does no harm: what was read is in the checkpoint, and an entry
// that is already there is gone on with.
package main

import airlock "github.com/airlock-run/airlock/sdk/go"

func init() {
	airlock.Describe("Finance", "0.1.0")
	airlock.Register(airlock.Job{Name: "process_receipt", Resumable: true, Run: processReceipt})
}

// main never runs: a host calls the module's exports.
func main() {}
