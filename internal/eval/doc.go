// Command eval says how well the finance extension reads mail: it runs process_receipt over the labelled mails of package mailset and its own, with the OCR and the
// classifier that Airlock has and without a model server, and prints a row for each measure:
//
//	group	source	measure	right	of	share	goal	verdict
//	heldout	text	total	181	184	0.984	0.970	ok
//
// The columns are parted by tabs. Group is tuned, heldout or found; source is text for mails whose truth is in HTML, text or the text layer of
// a PDF, and scan for pictures. Detection has a row for precision and one for recall; the other measures are shares of the receipts of
// which the label says the field. A row without a goal is for information. The command fails if a row is short of its goal.
//
// Layouts of the group heldout are not looked at, so that they tell what the extractor does with mails that nobody has tuned it to. -wrong
// prints what was read wrong, and never of them; -detail has more rows, of all: which receipts were found, by source and language, and why others
// were not.
//
// # What counts as right
//
// What a label leaves out is not judged. Amounts are compared as numbers, dates and currencies as they are. A vendor is right if it is the
// label's without case, accents, punctuation and legal form.
package main
