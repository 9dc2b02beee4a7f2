package ocr

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/airlock-run/airlock/bus"
)

// Document is what a Reader read.
type Document struct {
	// Text is the text of all pages, an empty line between them.
	Text string `json:"text" jsonschema:"the text"`
	// Confidence, 0..1, is the mean of the pages', weighted with their letters; 0 when there is no text.
	Confidence float64 `json:"confidence" jsonschema:"how sure the reader is, 0 to 1"`
	// MediaType is what the bytes are.
	MediaType string `json:"media_type" jsonschema:"what the document is, such as application/pdf"`
	// Pages are those that were asked for.
	Pages []Page `json:"pages" jsonschema:"the pages that were read, in their order"`
	// PageCount is how many pages the document has.
	PageCount int `json:"page_count" jsonschema:"how many pages the document has"`
}

// Source says how a page's text was found.
type Source string

// The sources of text.
const (
	TextLayer Source = "text_layer" // it is in the file
	OCR       Source = "ocr"        // it was read from a picture
)

// Page is one page of a Document.
type Page struct {
	Page   int    `json:"page" jsonschema:"number of the page, from 1"`
	Text   string `json:"text" jsonschema:"the text"`
	Source Source `json:"source" jsonschema:"text_layer, or ocr for a page that was read as a picture"`
	// Confidence is 1 for a text layer, the mean of tesseract's over the words for a picture, and 0 without text.
	Confidence float64 `json:"confidence" jsonschema:"how sure the reader is, 0 to 1"`
	// Words are those of the page with their places, if WordsDetail was asked for.
	Words []Word `json:"words,omitempty" jsonschema:"the words and where they are, if detail is words; as the file or the picture has them, not by lines"`
	// Error says why Text is missing or cut; empty when nothing was lost.
	Error string `json:"error,omitempty" jsonschema:"why the page, or the rest of it, was not read"`
}

// Reader reads documents. Safe for concurrent use; more than Config.Concurrency calls wait for each other.
type Reader struct {
	config    Config
	engine    *engine
	tesseract *tesseract
	sandboxes chan *sandbox   // the free ones; whoever takes one reads a document
	stopped   context.Context //nolint:containedctx // ends the calls under way when the Reader closes
	stop      context.CancelFunc
	closing   sync.Once
	closed    error
}

// New returns a Reader that has started nothing yet: PDFium is compiled at the first PDF or by Warm, tesseract is looked
// for at the first picture. Close it.
func New(config Config) (*Reader, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("check configuration: %w", err)
	}
	config = config.withDefaults()
	e, err := newEngine(config)
	if err != nil {
		return nil, err
	}
	r := &Reader{
		config:    config,
		engine:    e,
		tesseract: &tesseract{command: config.Tesseract, dataDir: config.TessdataDir, limit: config.PageTimeout},
		sandboxes: make(chan *sandbox, config.Concurrency),
	}
	r.stopped, r.stop = context.WithCancel(context.Background())
	for range config.Concurrency {
		r.sandboxes <- &sandbox{engine: e, limit: config.PageTimeout}
	}
	return r, nil
}

// Warm compiles PDFium, so that the first PDF need not wait for it, and returns when that is done or ctx ends; compiling
// goes on in the background then. It may be called at any time, by anyone.
func (r *Reader) Warm(ctx context.Context) error { return r.engine.compile(ctx) }

// Close ends the calls under way and returns when everything the Reader started has ended. More calls of it do nothing.
func (r *Reader) Close() error {
	r.closing.Do(func() {
		r.stop()
		for range cap(r.sandboxes) {
			(<-r.sandboxes).discard()
		}
		r.closed = r.engine.close()
	})
	return r.closed
}

// Read reads a document. It retains nothing of data.
//
// # Errors
//
// bus.InvalidArgument for empty, unknown, damaged or too large data and for options out of range;
// bus.FailedPrecondition for an encrypted PDF and a language that is not installed; bus.Unavailable without tesseract
// and after Close; bus.ResourceExhausted when ctx ended while other documents were being read; ctx's error.
func (r *Reader) Read(ctx context.Context, data []byte, options Options) (Document, error) {
	options, err := r.check(data, options)
	if err != nil {
		return Document{}, err
	}
	media := detect(data)
	if media == "" {
		return Document{}, bus.Errorf(bus.InvalidArgument,
			"data is not a PDF, PNG, JPEG, TIFF, GIF, BMP or WebP: it begins with %q", data[:min(len(data), 16)])
	}
	pages := 0
	if media != mediaPDF { // before waiting for anything
		if pages, err = checkPicture(media, data, r.config.MaxPixels); err != nil {
			return Document{}, err
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(r.stopped, func() { cancel(errClosed) })()
	place, err := r.take(ctx)
	if err != nil {
		return Document{}, err
	}
	defer func() { r.sandboxes <- place }()

	doc := newBuilder(media, pages, r.config.MaxText)
	if media == mediaPDF {
		err = r.readPDF(ctx, place, data, options, doc)
	} else {
		err = r.readPicture(ctx, data, options, doc)
	}
	if err == nil {
		err = doc.failure()
	}
	switch {
	case errors.Is(context.Cause(ctx), errClosed):
		return Document{}, errClosed
	case err != nil:
		return Document{}, fmt.Errorf("read %s: %w", media, err)
	}
	return doc.document(), nil
}

var errClosed = bus.Errorf(bus.Unavailable, "the reader of documents is shutting down; try again")

func (r *Reader) take(ctx context.Context) (*sandbox, error) {
	if r.stopped.Err() != nil {
		return nil, errClosed
	}
	select {
	case place := <-r.sandboxes:
		return place, nil
	case <-ctx.Done():
		if errors.Is(context.Cause(ctx), errClosed) {
			return nil, errClosed
		}
		return nil, bus.Errorf(bus.ResourceExhausted,
			"%d documents are being read already and none ended in time; try again later", cap(r.sandboxes))
	}
}

func (r *Reader) check(data []byte, options Options) (Options, error) {
	setDefault(&options.Language, defaultLanguage)
	setDefault(&options.Detail, TextDetail)
	setDefault(&options.MaxPages, min(defaultMaxPages, r.config.MaxPages))
	switch {
	case len(data) == 0:
		return options, bus.Errorf(bus.InvalidArgument, "data is empty; send the bytes of a PDF or a picture")
	case len(data) > r.config.MaxBytes:
		return options, bus.Errorf(bus.InvalidArgument, "data has %d bytes, more than the %d that are read", len(data), r.config.MaxBytes)
	case options.MaxPages < 1 || options.MaxPages > r.config.MaxPages:
		return options, bus.Errorf(bus.InvalidArgument, "max_pages is %d; it must be between 1 and %d", options.MaxPages, r.config.MaxPages)
	case options.Detail != TextDetail && options.Detail != WordsDetail:
		return options, bus.Errorf(bus.InvalidArgument, "detail is %q; it must be \"text\" or \"words\"", options.Detail)
	case !languageGrammar.MatchString(options.Language):
		return options, bus.Errorf(bus.InvalidArgument, "language is %q; it must be like \"eng\" or \"eng+deu\"", options.Language)
	}
	return options, nil
}
