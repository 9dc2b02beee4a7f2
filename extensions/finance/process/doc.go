// Package process is the extension's one job, process_receipt. It
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
//
// # One purchase, several mails
//
// A shop sends an order confirmation, and then the invoice. Both are kept, for both are documents; the later entry says in its metadata
// field duplicate_of which entry it repeats, so that sums leave it out. They are of one purchase if the vendor is the same and so is the
// order's number, or the total, its currency and the date within a few days. To find the other, the job looks at the receipts whose paths
// begin with the vendor's name.
//
// # Corrections
//
// What a person corrects stands in the metadata field corrected, a map of field to value. When the mail is processed again, what is in
// there wins over what is read.
package process

import (
	"github.com/airlock-run/airlock/extensions/finance/receipt"
	airlock "github.com/airlock-run/airlock/sdk/go"
)

// Register adds the job to the extension. Call it once, from an init function.
func Register() {
	airlock.Describe("Finance", "0.2.0")
	airlock.Register(airlock.Job{Name: "process_receipt", Resumable: true, Run: processReceipt, Warm: receipt.Warm})
}
