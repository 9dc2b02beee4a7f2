package ocr

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

const (
	// maxChars bounds the characters of a page: each costs 200 bytes outside the sandbox. A dense page has 6,000.
	maxChars = 200_000
	// sparse is how many letters a page may have and still be a scan with a stamp or a page number on it.
	sparse = 32
	// maxObjects is how many objects of a page are looked at for a picture.
	maxObjects = 1_000
)

var (
	errTooMuchText = errors.New("the page has too many characters")
	errNoArea      = errors.New("the page has no area")
)

// textLayer returns the content of a page that is in the file, and whether it is all that the page has to say: false for a
// scan, for text whose font does not tell which letters it draws, and for few words beside a picture.
func (s *sandbox) textLayer(ctx context.Context, index int, detail Detail) (layer content, whole bool, err error) {
	page := requests.Page{ByIndex: &requests.PageByIndex{Document: s.document, Index: index}}
	err = s.step(ctx, func() error {
		if err := s.boundText(page); err != nil {
			return err
		}
		got, err := s.instance.GetPageTextStructured(&requests.GetPageTextStructured{
			Page: page, Mode: requests.GetPageTextStructuredModeChars,
		})
		if err != nil {
			return fmt.Errorf("read text layer: %w", err)
		}
		layer = content{text: layoutChars(got.Chars), source: TextLayer, confidence: 1}
		if detail == WordsDetail {
			if layer.words, err = s.placeWords(page, got.Chars); err != nil {
				return err
			}
		}
		n := letters(layer.text)
		whole = n > 0 && legible(layer.text)
		if whole && n < sparse {
			picture, err := s.hasPicture(page)
			if err != nil {
				return err
			}
			whole = !picture
		}
		return nil
	})
	return layer, whole, err
}

func (s *sandbox) boundText(page requests.Page) error {
	loaded, err := s.instance.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: page})
	if err != nil {
		return fmt.Errorf("load text layer: %w", err)
	}
	count, err := s.instance.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: loaded.TextPage})
	if err != nil {
		return fmt.Errorf("count characters: %w", err)
	}
	if _, err := s.instance.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: loaded.TextPage}); err != nil {
		return fmt.Errorf("close text layer: %w", err)
	}
	if count.Count > maxChars {
		return errTooMuchText
	}
	return nil
}

// hasPicture tells whether the page shows a picture, or a form, which may hold one.
func (s *sandbox) hasPicture(page requests.Page) (bool, error) {
	count, err := s.instance.FPDFPage_CountObjects(&requests.FPDFPage_CountObjects{Page: page})
	if err != nil {
		return false, fmt.Errorf("count objects: %w", err)
	}
	for i := range min(count.Count, maxObjects) {
		object, err := s.instance.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: page, Index: i})
		if err != nil {
			return false, fmt.Errorf("get object: %w", err)
		}
		kind, err := s.objectType(object.PageObject)
		if err != nil {
			return false, err
		}
		if kind == enums.FPDF_PAGEOBJ_IMAGE || kind == enums.FPDF_PAGEOBJ_FORM {
			return true, nil
		}
	}
	return false, nil
}

func (s *sandbox) objectType(object references.FPDF_PAGEOBJECT) (enums.FPDF_PAGEOBJ, error) {
	got, err := s.instance.FPDFPageObj_GetType(&requests.FPDFPageObj_GetType{PageObject: object})
	if err != nil {
		return 0, fmt.Errorf("get type of object: %w", err)
	}
	return got.Type, nil
}

// render draws a page in grey, with at most maxPixels. The picture lies in the instance's memory: it is good until the
// next call to the sandbox.
func (s *sandbox) render(ctx context.Context, index, maxPixels int) (picture *image.Gray, dpi int, err error) {
	page := requests.Page{ByIndex: &requests.PageByIndex{Document: s.document, Index: index}}
	err = s.step(ctx, func() error {
		size, err := s.instance.GetPageSize(&requests.GetPageSize{Page: page})
		if err != nil {
			return fmt.Errorf("measure page: %w", err)
		}
		if dpi = fittingDPI(size.Width, size.Height, maxPixels); dpi < 1 {
			return errNoArea
		}
		got, err := s.instance.RenderPageInDPI(&requests.RenderPageInDPI{
			Page: page, DPI: dpi, ImageFormat: requests.RenderImageFormatGrayscale, RenderFlags: enums.FPDF_RENDER_FLAG_ANNOT,
		})
		if err != nil {
			return fmt.Errorf("render page: %w", err)
		}
		grey, ok := got.Result.RenderedImage.(*image.Gray)
		if !ok {
			return fmt.Errorf("render page: got a %T", got.Result.RenderedImage)
		}
		// Cleanup is left to the end of the instance: it would free the pixels.
		picture = grey
		return nil
	})
	return picture, dpi, err
}

// fittingDPI returns 300, or the most dots per inch with which a page of this size, in points, has at most maxPixels.
// It is 0 when no resolution fits or the page has no area.
func fittingDPI(width, height float64, maxPixels int) int {
	area := width * height
	if !(width > 0 && height > 0) || math.IsInf(area, 0) {
		return 0
	}
	dpi := min(renderDPI, int(72*math.Sqrt(float64(maxPixels)/area)))
	for dpi > 0 && math.Ceil(width*float64(dpi)/72)*math.Ceil(height*float64(dpi)/72) > float64(maxPixels) {
		dpi-- // rounded up to whole pixels it may be a little too much
	}
	return dpi
}
