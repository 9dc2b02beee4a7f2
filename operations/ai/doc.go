// Package ai is the domain of operations that understand documents and text: ai.ocr reads documents, ai.classify_text says what a text is
// about, ai.extract, ai.complete and ai.embed ask a model. The first two work offline; the others need the server of a model, and say so
// without one. The methods are in the packages ocr, classify and model, which know nothing of the bus but its errors.
package ai
