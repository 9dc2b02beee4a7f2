package ocr

import (
	"errors"
	"log/slog"
	"runtime"
	"time"
)

// MaxBytes is the size of the largest document, in bytes, that any Reader reads.
const MaxBytes = 64 << 20

// Config is how a Reader works. The zero value of a field means its default; a negative number is an error.
type Config struct {
	// Tesseract is the command that reads pictures: a path, or a name that is looked up in PATH at each use, so that it may
	// be installed while the Reader lives. Defaults to "tesseract".
	Tesseract string
	// TessdataDir is where tesseract's language packs are. Defaults to where tesseract looks by itself.
	TessdataDir string
	// CacheDir keeps PDFium's machine code between processes: with it a start takes 0.1 s, without 3 to 5 s. It must be
	// writable by this process alone, for what is in it is executed. Defaults to none.
	CacheDir string
	// Concurrency is how many documents are read at the same time; more wait for their turn. Defaults to the number of CPUs.
	Concurrency int
	// MaxBytes bounds a document. Defaults to 32 MiB, and is at most [MaxBytes].
	MaxBytes int
	// MaxPages bounds what a caller may ask for with Options.MaxPages. Defaults to 500.
	MaxPages int
	// MaxText bounds the text of a document, in bytes. Defaults to 1 MiB.
	MaxText int
	// MaxPixels bounds a picture, all its frames together. Defaults to 50 million.
	MaxPixels int
	// MaxRenderPixels bounds the picture made of a PDF page; a larger page is rendered at fewer dots per inch. Defaults to
	// 25 million.
	MaxRenderPixels int
	// Memory bounds the sandbox of a PDF, in bytes. Defaults to 512 MiB.
	Memory int
	// PageTimeout bounds the time for one page, in PDFium and again in tesseract. Defaults to 30 s.
	PageTimeout time.Duration
	// Logger gets what callers are not told. Nil discards.
	Logger *slog.Logger
}

// Options are what a caller may choose for one document.
type Options struct {
	// Language is the tesseract language of pictures and scans, "eng", or several, "eng+deu". Defaults to "eng".
	Language string `json:"language,omitempty" jsonschema:"language of pictures and scans, as tesseract names it, such as eng or eng+deu; default eng" schema:"default=eng"`
	// Detail defaults to TextDetail.
	Detail Detail `json:"detail,omitempty" jsonschema:"text, or words for each word with its place and how sure the reader is; default text" schema:"enum=text|words,default=text"`
	// MaxPages is how many pages are read; the pages after them are only counted. Defaults to 50.
	MaxPages int `json:"max_pages,omitempty" jsonschema:"how many pages are read, at most 500; those after them are counted; default 50" schema:"default=50"`
}

const (
	defaultLanguage = "eng"
	defaultMaxPages = 50
	renderDPI       = 300
	wasmPage        = 64 << 10
	// minMemory is what PDFium needs to open any document at all.
	minMemory = 32 << 20
	maxMemory = 4 << 30
)

func (c Config) withDefaults() Config {
	setDefault(&c.Tesseract, "tesseract")
	setDefault(&c.Concurrency, runtime.NumCPU())
	setDefault(&c.MaxBytes, 32<<20)
	setDefault(&c.MaxPages, 500)
	setDefault(&c.MaxText, 1<<20)
	setDefault(&c.MaxPixels, 50_000_000)
	setDefault(&c.MaxRenderPixels, 25_000_000)
	setDefault(&c.Memory, 512<<20)
	setDefault(&c.PageTimeout, 30*time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Validate returns why no Reader can work with c, all reasons joined.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	check := func(ok bool, reason string) {
		if !ok {
			errs = append(errs, errors.New(reason))
		}
	}
	check(c.Concurrency > 0, "concurrency must not be negative")
	check(c.MaxBytes > 0 && c.MaxBytes <= MaxBytes, "max bytes must be between 1 and 64 MiB")
	check(c.MaxPages > 0, "max pages must not be negative")
	check(c.MaxText > 0, "max text must not be negative")
	check(c.MaxPixels > 0, "max pixels must not be negative")
	check(c.MaxRenderPixels > 0, "max render pixels must not be negative")
	check(c.Memory >= minMemory && c.Memory <= maxMemory, "memory must be between 32 MiB and 4 GiB")
	check(c.PageTimeout > 0, "page timeout must not be negative")
	return errors.Join(errs...)
}
