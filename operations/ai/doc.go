// Package ai is the domain of operations that understand documents: ai.ocr reads their text, ai.classify_text says what
// they are about. Both work offline; the methods are in the packages ocr and classify, which know nothing of the bus.
package ai
