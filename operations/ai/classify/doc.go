// Package classify assigns short texts, such as receipts and mails, to labels that the caller describes, offline, in about
// a millisecond, without a model server.
//
// # What it works with
//
// A label is a name, and better also a description and a few examples. All of them are profiles of what texts with this label
// look like: features with weights. Features are words (without their English endings), pairs of words, pieces of four letters,
// which catch "pharmacie" by "pharmacy", and topics.
//
// Topics are what a keyword search lacks. A label says "hotels", the receipt "folio, king room, 2 nights": no word in common.
// topics.txt knows that both speak of a hotel; it is a table of some 50 topics of daily life with their English words and names of
// companies. background.txt says how common words are in any receipt: "total" and "thank you" are no evidence.
//
// # How it decides
//
// For each feature of the text that a label has too, it asks how much likelier the feature is in texts of the label than in any
// text, and adds up the logarithms. A label's share of a feature is smoothed with the background's (a Dirichlet prior): three words
// of description are weak evidence of what the label's texts never say, so what is missing counts nothing. The sums become
// probabilities by a softmax whose softness was fitted.
//
// # How good it is
//
// Measured with testdata: 240 texts of ten categories of expenses, half used to choose constants and tables (tuning), half for
// this table only (held out; written by the same hand, though). Keywords are those of the label in the text, as in
// TestAccuracy, which fails when the distance shrinks.
//
//	                                     this    without topics    keywords
//	held out, labels with examples       71 %         45 %           41 %
//	held out, names and descriptions     74 %         33 %           26 %
//	tuning, labels with examples         84 %         58 %           50 %
//	tuning, names and descriptions       88 %         40 %           34 %
//
// A good description says more than a few examples, which bring words of their own. Texts in German, French and Spanish are among those; apart
// from names, they are right only where words resemble English. Any language works with examples in it.
package classify
