package ocr

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/klippa-app/go-pdfium"
	pdfiumerrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"

	"github.com/airlock-run/airlock/bus"
)

// errStuck is the cause of a page whose time was over.
var errStuck = errors.New("pdfium did not come to an end")

// sandbox is one reader's place: it holds at most one document at a time, in an instance of PDFium that has seen no
// other. A machine is kept from document to document, until a deadline ends it. Not for concurrent use.
type sandbox struct {
	engine   *engine
	limit    time.Duration // for one step in PDFium
	machine  *machine
	instance pdfium.Pdfium
	document references.FPDF_DOCUMENT
}

// open loads a document into a fresh instance and returns how many pages it has. The sandbox keeps data until close.
//
// # Errors
//
// bus.FailedPrecondition for an encrypted document, bus.InvalidArgument for a broken one, ctx's error, others.
func (s *sandbox) open(ctx context.Context, data []byte) (int, error) {
	s.close()
	if s.machine == nil {
		m, err := s.engine.take(ctx)
		if err != nil {
			return 0, err
		}
		s.machine = m
	}
	pages := 0
	err := s.step(ctx, func() error {
		instance, err := s.machine.pool.GetInstanceWithContext(ctx)
		if err != nil {
			return fmt.Errorf("start pdfium instance: %w", err)
		}
		s.instance = instance
		opened, err := instance.OpenDocument(&requests.OpenDocument{File: &data})
		if err != nil {
			return err
		}
		s.document = opened.Document
		count, err := instance.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: s.document})
		if err != nil {
			return fmt.Errorf("count pages: %w", err)
		}
		pages = count.PageCount
		return nil
	})
	if err != nil {
		s.close()
		return 0, openError(err)
	}
	return pages, nil
}

func openError(err error) error {
	switch {
	case errors.Is(err, pdfiumerrors.ErrPassword):
		return bus.Errorf(bus.FailedPrecondition, "the PDF is encrypted and needs a password; send it without one")
	case errors.Is(err, pdfiumerrors.ErrSecurity):
		return bus.Errorf(bus.FailedPrecondition, "the PDF is encrypted in a way that cannot be read; send it unprotected")
	case errors.Is(err, pdfiumerrors.ErrFormat), errors.Is(err, pdfiumerrors.ErrFile):
		return bus.Errorf(bus.InvalidArgument, "the PDF is damaged: it has no readable structure; send the original file")
	case errors.Is(err, errStuck):
		return bus.Errorf(bus.InvalidArgument, "the PDF could not be opened: it keeps the reader busy without end")
	default:
		return fmt.Errorf("open PDF: %w", err)
	}
}

// step runs f, which calls PDFium, and ends the machine when ctx or the limit ends before f does. f then fails, for
// every call returns an error.
//
// # Errors
//
// ctx's error, errStuck when the limit was over, else f's.
func (s *sandbox) step(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	stepCtx, cancel := context.WithTimeoutCause(ctx, s.limit, errStuck)
	defer cancel()
	stop := context.AfterFunc(stepCtx, s.machine.cancel)
	err := f()
	if stop() {
		return err
	}
	s.discard()
	return context.Cause(stepCtx)
}

// broken tells whether err leaves the instance in a state that nothing is known of. PDFium's own errors are answers, and
// tesseract's do not concern it; whatever else comes out of WebAssembly is a trap or the end of its memory.
func broken(err error) bool {
	var known *bus.Error
	return !errors.As(err, &known) &&
		!errors.Is(err, pdfiumerrors.ErrPage) && !errors.Is(err, errTooMuchText) && !errors.Is(err, errNoArea)
}

// close throws the instance away and its memory with it. Killing is gentle here: nothing runs, and nothing that the
// instance held outlives it.
func (s *sandbox) close() {
	if s.instance == nil {
		return
	}
	_ = s.instance.Kill() // fails only for what is closed already
	s.instance = nil
}

// discard closes the machine too; the next open makes a new one.
func (s *sandbox) discard() {
	s.close()
	if s.machine == nil {
		return
	}
	if err := s.machine.close(); err != nil {
		s.engine.log.Warn("pdfium machine does not close", "error", err)
	}
	s.machine = nil
}
