package ocr

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/airlock-run/airlock/bus"
)

// builder collects the pages of a Document within the bound for its text.
type builder struct {
	doc    Document
	room   int
	places int // for words
	limit  int
	failed error // of the first page that failed
	read   bool  // whether a page did not
}

func newBuilder(media string, pages, limit int) *builder {
	return &builder{doc: Document{MediaType: media, PageCount: pages, Pages: []Page{}}, room: limit, places: maxPlaced, limit: limit}
}

// add takes the next page, cut where the document's text is full.
func (b *builder) add(read content) {
	b.read = true
	text := read.text
	page := Page{Page: len(b.doc.Pages) + 1, Text: text, Source: read.source, Confidence: read.confidence, Words: read.words}
	separator := 0
	if b.doc.hasText() {
		separator = len(pageBreak)
	}
	if room := max(b.room-separator, 0); len(text) > room {
		page.Text = cut(text, room)
		page.Error = bus.Errorf(bus.ResourceExhausted, "the text is cut: %d bytes is all that is read of a document", b.limit).Message
	}
	if len(page.Words) > b.places {
		page.Words = page.Words[:b.places]
		page.Error = cmp.Or(page.Error, fmt.Sprintf("words are left out: %d is all that is told of a document", maxPlaced))
	}
	b.places -= len(page.Words)
	if page.Text == "" {
		page.Confidence = 0
		page.Words = nil
	} else {
		b.room -= separator + len(page.Text)
	}
	b.doc.Pages = append(b.doc.Pages, page)
}

// fail takes the next page as one that could not be read. What callers may not know of err they do not learn.
func (b *builder) fail(err error, source Source) {
	if b.failed == nil {
		b.failed = err
	}
	message := bus.AsError(err).Message
	if bus.CodeOf(err) == bus.Internal {
		message = "the page could not be read: an error in the reader"
	}
	b.doc.Pages = append(b.doc.Pages, Page{Page: len(b.doc.Pages) + 1, Source: source, Error: message})
}

// failure returns the error of a document of which no page could be read.
func (b *builder) failure() error {
	if b.read {
		return nil
	}
	return b.failed
}

const pageBreak = "\n\n"

func (b *builder) document() Document {
	var texts []string
	weight, sum := 0.0, 0.0
	for _, page := range b.doc.Pages {
		if page.Text == "" {
			continue
		}
		texts = append(texts, page.Text)
		n := float64(max(letters(page.Text), 1))
		weight += n
		sum += n * page.Confidence
	}
	b.doc.Text = strings.Join(texts, pageBreak)
	if weight > 0 {
		b.doc.Confidence = sum / weight
	}
	return b.doc
}

func (d *Document) hasText() bool {
	for _, page := range d.Pages {
		if page.Text != "" {
			return true
		}
	}
	return false
}

// cut returns the first n bytes of text, or a few less so that no character is broken.
func cut(text string, n int) string {
	for n > 0 && n < len(text) && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
