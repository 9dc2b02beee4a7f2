package ocr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"

	"github.com/airlock-run/airlock/bus"
)

// maxReopen is how often a document may break its instance of PDFium before the rest of it is given up.
const maxReopen = 3

// readPDF adds the pages of a PDF to doc. Its error is one of the whole document; a page's goes into the page.
func (r *Reader) readPDF(ctx context.Context, place *sandbox, data []byte, options Options, doc *builder) error {
	defer place.close()
	pages, err := place.open(ctx, data)
	if err != nil {
		return err
	}
	doc.doc.PageCount = pages
	for index, reopened := 0, 0; index < min(pages, options.MaxPages); index++ {
		page, err := r.readPage(ctx, place, index, options)
		if ctx.Err() != nil {
			return fmt.Errorf("page %d of %d: %w", index+1, pages, ctx.Err())
		}
		if err == nil {
			doc.add(page)
			continue
		}
		r.config.Logger.WarnContext(ctx, "page not read", "page", index+1, "error", err)
		doc.fail(pageError(err), page.source)
		if place.instance != nil && !broken(err) {
			continue
		}
		if reopened++; reopened > maxReopen {
			for index++; index < min(pages, options.MaxPages); index++ {
				doc.fail(bus.Errorf(bus.InvalidArgument, "the page was not read: too many pages before it broke the reader"), TextLayer)
			}
			return nil
		}
		if _, err := place.open(ctx, data); err != nil {
			return err
		}
	}
	return nil
}

// readPage reads the text layer, and the rendered page where that is not all. Of the two it takes the one with more letters: what
// is rendered has the letters of the text layer too.
func (r *Reader) readPage(ctx context.Context, place *sandbox, index int, options Options) (content, error) {
	layer, whole, err := place.textLayer(ctx, index, options.Detail)
	if err != nil {
		return content{source: TextLayer}, err
	}
	if whole {
		return layer, nil
	}
	picture, dpi, err := place.render(ctx, index, r.config.MaxRenderPixels)
	if err != nil {
		return content{source: OCR}, err
	}
	if uniform(picture) {
		return content{source: OCR}, nil
	}
	drawn := func() io.Reader { return graymap(picture) }
	readings, err := r.readUpright(ctx, drawn, request{language: options.Language, dpi: dpi, frame: -1})
	if err != nil {
		return content{source: OCR}, err
	}
	drawing := pictured(readings, options.Detail)
	if legible(layer.text) && letters(layer.text) >= letters(drawing.text) && letters(layer.text) > 0 {
		return layer, nil
	}
	return drawing, nil
}

// pageError says of errors of PDFium what a caller may know.
func pageError(err error) error {
	switch {
	case errors.Is(err, errStuck):
		return bus.Errorf(bus.InvalidArgument, "the page could not be read: it keeps the reader busy without end")
	case errors.Is(err, errTooMuchText), errors.Is(err, errNoArea):
		return bus.Errorf(bus.InvalidArgument, "the page could not be read: %v", err)
	case bus.CodeOf(err) == bus.Internal:
		return bus.Errorf(bus.InvalidArgument, "the page could not be read: it is damaged or needs too much memory")
	default:
		return err
	}
}

// readPicture adds the frames of a picture to doc, which are more than one only in a TIFF.
func (r *Reader) readPicture(ctx context.Context, data []byte, options Options, doc *builder) error {
	if doc.doc.MediaType != mediaTIFF {
		doc.doc.PageCount = 1 // of an animation the first frame is read
	}
	for index := range min(doc.doc.PageCount, options.MaxPages) {
		frame := index
		if doc.doc.PageCount == 1 {
			frame = -1
		}
		readings, err := r.readFrame(ctx, doc.doc.MediaType, data, options.Language, frame)
		if ctx.Err() != nil {
			return fmt.Errorf("page %d of %d: %w", index+1, doc.doc.PageCount, ctx.Err())
		}
		if err != nil {
			r.config.Logger.WarnContext(ctx, "page not read", "page", index+1, "error", err)
			doc.fail(err, OCR)
			continue
		}
		doc.add(pictured(readings, options.Detail))
	}
	return nil
}

// graymap writes a picture as a PGM, which costs nothing to encode.
func graymap(picture *image.Gray) io.Reader {
	size := picture.Rect.Size()
	parts := []io.Reader{bytes.NewReader(fmt.Appendf(nil, "P5\n%d %d\n255\n", size.X, size.Y))}
	for y := range size.Y {
		parts = append(parts, bytes.NewReader(picture.Pix[y*picture.Stride:][:size.X]))
	}
	return io.MultiReader(parts...)
}

// uniform tells whether all pixels are the same: an empty page, which tesseract need not see.
func uniform(picture *image.Gray) bool {
	size := picture.Rect.Size()
	for y := range size.Y {
		row := picture.Pix[y*picture.Stride:][:size.X]
		if bytes.Count(row, picture.Pix[:1]) != size.X {
			return false
		}
	}
	return true
}
