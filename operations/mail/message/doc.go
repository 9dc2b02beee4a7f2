// Package message reads mails (RFC 5322 and MIME) as they come: text and HTML to be read, and attachments handed on as they are read, so that
// no mail is held whole.
//
// Mails are written by anyone. What is broken is read as well as it can be, and the result says what was wrong ([Message.Warnings]); what is
// too much is left out, and it says that too. Nothing in a mail makes reading it fail but the end of its bytes being an error.
//
//	text, html   the first of each kind that is no attachment, in UTF-8, at most MaxText bytes
//	attachments  everything else: files, inline pictures, mails within the mail, which are not taken apart
//
// File names are one path element, without what controls a terminal or a file system: what a sender writes is never a path.
package message
