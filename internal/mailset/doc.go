// Package mailset defines the labelled mails by which the extraction of
// receipts is judged: what a mail of the set is, and what its label claims.
//
// # What counts
//
// A label says whether the mail is a receipt (or an invoice, which is one for
// this purpose). It is one when its owner could book the purchase from it:
//
//   - an order confirmation with the total charged, a paid bill, an invoice;
//   - a forward of a receipt to oneself, inline or attached;
//   - a dunning letter with the copy of the invoice attached, labelled as that
//     invoice.
//
// It is not one when nothing was bought by it, or it only speaks of a purchase:
// newsletters, shipping notices, statements, offers and pro forma invoices,
// carts left behind, renewals to come, payslips, refunds and credit notes,
// reminders without the invoice, and replies that quote a receipt.
//
// # What is labelled
//
// Amounts are exact decimals with as many digits as the currency has ("12.50",
// "1200" in JPY). The total is that of the purchase, tax included, also where a
// gift card leaves nothing to pay. Several taxes are summed. The date is that
// of the purchase or of the invoice, never that of the mail.
//
// # The rule
//
// Held-out layouts exist to judge the extractor on mails its makers did not
// see. Nobody looks at them while changing the extractor; only at the score. A
// digest beside them shows when one has changed.
//
// # The groups
//
// Package heldout has those, tuned has mails of other layouts and vendors that may
// be looked at, found a few of other projects. Command cmd/write writes them as
// files. A vendor is labelled by the name people know; the document may add the
// form of its company, or write it in capitals: both name the same vendor.
package mailset
