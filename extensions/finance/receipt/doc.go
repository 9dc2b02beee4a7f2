// Package receipt finds out from the text of a document whether it is a receipt or an invoice, and what it says: vendor, amount,
// currency, date, tax, items, order number and how it was paid, each with how sure that is.
//
// # How it reads
//
// It reads text in English, German, French, Spanish, Italian, Dutch, Portuguese and Japanese, as a person skims it: line by line. The text
// comes from an OCR, from [HTML] or from a mail; [HTML] also finds what a page says of itself in schema.org's vocabulary, which
// [Extract] trusts more than what it reads.
//
// Each amount gets a role from the words beside it: in front of it, in its own clause, else behind it, else above it, be that a label a line or
// the head of a column. Which words mean what stands in tables, words/*.txt, by language; code knows none of them. In a label the longest
// phrase wins, so that "total tax" is no total. The words of a text also tell its language, by which its dates are read.
//
// Several amounts may be the total. Words give each a weight, and the one that others add up to gains: articles or subtotal, tax, shipping,
// tip and fees, less discount. A gift card or an earlier balance changes what is due, not what was bought.
//
// # Money
//
// An [Amount] is an integer, in thousandths of the currency's unit, which is exact for every currency there is, adds and compares as integers
// do, and costs a guest nothing; a library for decimals of any length would bring code that receipts have no use for. It is never a float, and leaves as a string.
//
// # What is a receipt
//
// [Judge] is the gate in front: a newsletter, a notice that a parcel is on its way or a reminder also names prices. It adds up what speaks
// for a receipt (its subject, its heading, a sure total, sums that agree, how it was paid), takes off the strongest of what it could be
// instead, and says why not in a sentence. All weights are in judge.go; `make eval` says what a change of them does.
package receipt
