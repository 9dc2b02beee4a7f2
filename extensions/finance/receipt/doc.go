// Package receipt finds out from the text of a document whether it is a receipt or an invoice, and what it says: vendor, amount,
// currency, date, tax, items and how it was paid.
//
// It reads text, in English and German, as a person skims it: line by line, with the label in front of the value or above it. The text
// comes from an OCR, from [HTML] or from a mail; [HTML] also finds what a page says of itself in schema.org's vocabulary, which
// [Extract] trusts more than what it reads. Money is exact: an [Amount] is an integer, never a float, and leaves as a string.
//
// [Judge] is the gate in front: a newsletter, a notice that a parcel is on its way or a statement of account also names prices. It
// adds up what speaks for and against, and says why not in a sentence.
package receipt
