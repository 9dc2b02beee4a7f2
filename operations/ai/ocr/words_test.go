package ocr_test

import (
	"bytes"
	"fmt"
	"image"
	"math"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/operations/ai/ocr"
)

// TestWords checks that boxes are where the words are on the page as it is shown, however that came about.
func TestWords(t *testing.T) {
	t.Parallel()
	reader := newReader(t, ocr.Config{})
	text := func(extra, matrix string) []byte {
		data := threePages(stream("", "BT /F 20 Tf "+matrix+" Tm (Total) Tj ET"), "")
		return bytes.Replace(data, []byte("[0 0 300 300] /Contents 7"), []byte(extra+" /Contents 7"), 1)
	}
	// A word of five letters at 20 points, at (75, 150) of a page of 300 by 300 points: a quarter from the left, and half way up.
	page := "[0 0 300 300]"
	for name, test := range map[string]struct {
		data      []byte
		index     int
		left, top float64 // of the corner that is nearest to the page's
		upright   bool
	}{
		"text":                     {text(page, "1 0 0 1 75 150"), 1, 0.25, 0.45, true},
		"text that runs up":        {text(page, "0 1 -1 0 75 150"), 1, 0.20, 0.34, false},
		"text upside down":         {text(page, "-1 0 0 -1 75 150"), 1, 0.09, 0.50, true},
		"text that runs down":      {text(page, "0 -1 1 0 75 150"), 1, 0.25, 0.50, false},
		"text of a turned page":    {text(page+" /Rotate 90", "1 0 0 1 75 150"), 1, 0.50, 0.25, false},
		"text of a cut page":       {text(page+" /CropBox [75 0 225 300]", "1 0 0 1 75 150"), 1, 0, 0.45, true},
		"text of a page elsewhere": {text("[50 100 350 400]", "1 0 0 1 125 250"), 1, 0.25, 0.45, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := reader.Read(deadline(t), test.data, ocr.Options{Detail: ocr.WordsDetail})
			if err != nil {
				t.Fatal(err)
			}
			words := got.Pages[test.index].Words
			if len(words) != 1 || words[0].Text != "Total" || words[0].Confidence != 1 {
				t.Fatalf("words are %+v", words)
			}
			w := words[0]
			if math.Abs(w.Left-test.left) > 0.02 || math.Abs(w.Top-test.top) > 0.02 || (w.Width > w.Height) != test.upright {
				t.Errorf("it is at %+v, not at %v, %v", w, test.left, test.top)
			}
		})
	}
	picture := receiptPicture(t)
	for _, degrees := range []float64{0, 180} {
		t.Run(fmt.Sprintf("picture turned by %v degrees", degrees), func(t *testing.T) {
			t.Parallel()
			got, err := reader.Read(deadline(t), pngBytes(t, turned(picture, degrees)), ocr.Options{Detail: ocr.WordsDetail})
			if err != nil {
				t.Fatal(err)
			}
			wantPlace(t, got.Pages[0], "15.95", degrees == 180)
		})
	}
	t.Run("scan", func(t *testing.T) {
		t.Parallel()
		p := newPDF()
		picturePage(t, p, slip, picture)
		got, err := reader.Read(deadline(t), pdfBytes(t, p), ocr.Options{Detail: ocr.WordsDetail})
		if err != nil {
			t.Fatal(err)
		}
		wantPlace(t, got.Pages[0], "15.95", false)
	})
	t.Run("none unless asked for", func(t *testing.T) {
		t.Parallel()
		got, err := reader.Read(deadline(t), pngBytes(t, image.Image(picture)), ocr.Options{})
		if err != nil || got.Pages[0].Words != nil {
			t.Errorf("got %+v, %v", got.Pages[0].Words, err)
		}
	})
}

// wantPlace checks that a word is at the lower right of a page, or at the upper left of one that lies upside down.
func wantPlace(t *testing.T, page ocr.Page, text string, upsideDown bool) {
	t.Helper()
	for _, w := range page.Words {
		if !strings.Contains(w.Text, text) {
			continue
		}
		x, y := w.Left+w.Width/2, w.Top+w.Height/2
		if upsideDown {
			x, y = 1-x, 1-y
		}
		if x < 0.7 || x > 0.98 || y < 0.6 || y > 0.9 || w.Confidence < 0.5 || w.Confidence > 1 {
			t.Errorf("it is at %+v", w)
		}
		return
	}
	t.Errorf("no word %q in %+v", text, page.Words)
}
