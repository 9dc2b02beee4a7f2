// Package ocr reads the text of documents: PDFs and pictures, from bytes, offline.
//
// A Reader looks at the first bytes of a document, not at a name or a declared type, and goes one of two ways.
//
// # PDFs
//
// Most receipts that arrive by mail are PDFs with a text layer: the words are in the file, with their places on the page.
// Reading them is exact and takes milliseconds. PDFium does it, compiled to WebAssembly, so a file that exploits a
// bug of PDFium takes over a sandbox without files, network or more memory than Config.Memory, which ends with the
// document: each document gets a fresh instance. A page that traps or hangs costs that page; the document is opened
// again in a new instance and goes on with the next.
//
// A page without a text layer (a scan), or with a few words beside a picture (a scan with a stamp), is rendered at
// 300 dpi, or fewer where the page is huge, and read like a picture.
//
// # Pictures
//
// Pictures are read by the command tesseract. It decodes pictures in C, so what it gets is checked first: the size in
// the header must be within Config.MaxPixels, and the format must be the one tesseract will see, for it takes input that
// it does not recognise for a list of files to open. It gets the picture through a pipe, runs in a process group of its
// own with a bare environment and one thread, and is killed with its group at the deadline.
//
// A picture that reads badly may lie on its side or upside down: tesseract is asked which way up it is (its language pack osd, which
// Debian's tesseract-ocr brings), and reads it again so. Writing that is a little askew is made level with the lines.
//
// # Lines
//
// The order of words in a file is not the order on the page: a PDF may hold all labels of a receipt before all amounts,
// and tesseract takes the two for columns of a newspaper. Both ways therefore give words with boxes, and one layout
// builds the lines anew from the boxes: what stands beside each other on paper is one line, columns are at least two
// spaces apart, a wide gap is an empty line.
//
//	Flat white        2    7.00
//	Almond croissant  1    3.20
//
//	TOTAL                 10.20
//
// # Errors
//
// Errors that a caller can act on are of type *bus.Error and say what was wrong and what to do. A document of which one
// page could be read is an answer; the other pages say in their Error why they were not.
package ocr
