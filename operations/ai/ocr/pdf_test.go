package ocr_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-pdf/fpdf"
	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/ai/ocr"
)

// rawPDF writes a PDF of the given objects, the first of which has number 1 and is the catalogue.
func rawPDF(objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	offsets := make([]int, len(objects))
	for i, object := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, offset := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return b.Bytes()
}

func stream(dictionary, content string) string {
	return fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", dictionary, len(content), content)
}

func deflated(content string) string {
	var b bytes.Buffer
	w, _ := zlib.NewWriterLevel(&b, zlib.BestSpeed) // there is such a level
	_, _ = w.Write([]byte(content))                 // a Buffer takes everything
	_ = w.Close()
	return stream("/Filter /FlateDecode", b.String())
}

// threePages is a PDF whose second page shows content with the given resources; the others hold a word.
func threePages(content, resources string, more ...string) []byte {
	page := func(content int, resources string) string {
		return fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents %d 0 R /Resources << %s >> >>", content, resources)
	}
	font := "/Font << /F 9 0 R >>"
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Count 3 /Kids [3 0 R 4 0 R 5 0 R] >>",
		page(6, font), page(7, font+resources), page(8, font),
		stream("", "BT /F 20 Tf 50 50 Td (before) Tj ET"),
		content,
		stream("", "BT /F 20 Tf 50 50 Td (after) Tj ET"),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	return rawPDF(append(objects, more...)...)
}

func TestReadPDF(t *testing.T) {
	t.Parallel()
	reader := newReader(t, ocr.Config{})

	t.Run("text layer gives the lines as they stand on the page", func(t *testing.T) {
		t.Parallel()
		p := newPDF()
		receiptPage(p)
		got, err := reader.Read(deadline(t), pdfBytes(t, p), ocr.Options{})
		want := ocr.Document{
			Text: receiptText, Confidence: 1, MediaType: "application/pdf", PageCount: 1,
			Pages: []ocr.Page{{Page: 1, Text: receiptText, Source: ocr.TextLayer, Confidence: 1}},
		}
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	for _, angle := range []float64{90, 180, 270, 3, -4} {
		t.Run(fmt.Sprintf("text turned by %v degrees", angle), func(t *testing.T) {
			t.Parallel()
			p := newPDF()
			p.AddPage()
			p.SetFont("Helvetica", "", 12)
			p.TransformBegin()
			p.TransformRotate(angle, 100, 150)
			for i, line := range receipt {
				p.Text(60, 100+float64(i)*6, line[0])
				p.Text(130, 100+float64(i)*6, line[1])
			}
			p.TransformEnd()
			got, err := reader.Read(deadline(t), pdfBytes(t, p), ocr.Options{})
			if err != nil || got.Text != receiptText {
				t.Errorf("got %v\n%s", err, cmp.Diff(receiptText, got.Text))
			}
		})
	}
	t.Run("monospaced text with dots, dashes and gaps", func(t *testing.T) {
		t.Parallel()
		p := newPDF()
		p.AddPage()
		p.SetFont("Courier", "", 9)
		for i, line := range []string{"Espresso      2      5.00", "Filter coffee 1      3.50", "-------------------------", "Sum:                 8.50"} {
			p.Text(20, 20+float64(i)*4, line)
		}
		got, err := reader.Read(deadline(t), pdfBytes(t, p), ocr.Options{})
		want := "Espresso  2  5.00\nFilter coffee 1  3.50\n-------------------------\nSum:  8.50"
		if err != nil || got.Text != want {
			t.Errorf("got %v\n%s", err, cmp.Diff(want, got.Text))
		}
	})
	t.Run("a scanned page is read by tesseract, between pages with text", func(t *testing.T) {
		t.Parallel()
		p := newPDF()
		receiptPage(p)
		picturePage(t, p, slip, receiptPicture(t))
		receiptPage(p)
		got, err := reader.Read(deadline(t), pdfBytes(t, p), ocr.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Pages) != 3 || got.Pages[0].Source != ocr.TextLayer || got.Pages[1].Source != ocr.OCR || got.Pages[2].Source != ocr.TextLayer {
			t.Fatalf("pages: %+v", got.Pages)
		}
		wantLines(t, got.Pages[1].Text, "Almond croissant", "3.20", "TOTAL USD", "15.95")
		if c := got.Pages[1].Confidence; c < 0.7 || c >= 1 {
			t.Errorf("confidence of the scan is %v", c)
		}
		if c := got.Confidence; c <= got.Pages[1].Confidence || c >= 1 {
			t.Errorf("confidence of the document is %v", c)
		}
	})
	t.Run("a stamp on a scan does not pass for its text", func(t *testing.T) {
		t.Parallel()
		p := newPDF()
		picturePage(t, p, slip, receiptPicture(t))
		p.SetFont("Helvetica", "", 10)
		p.Text(90, 85, "Page 1 of 1")
		got, err := reader.Read(deadline(t), pdfBytes(t, p), ocr.Options{})
		if err != nil {
			t.Fatal(err)
		}
		wantLines(t, got.Text, "TOTAL USD", "15.95")
	})
	t.Run("an empty page has no text and confidence 0", func(t *testing.T) {
		t.Parallel()
		p := newPDF()
		p.AddPage()
		got, err := reader.Read(deadline(t), pdfBytes(t, p), ocr.Options{})
		want := ocr.Document{MediaType: "application/pdf", PageCount: 1, Pages: []ocr.Page{{Page: 1, Source: ocr.OCR}}}
		if err != nil || !cmp.Equal(want, got) {
			t.Errorf("got %v\n%s", err, cmp.Diff(want, got))
		}
	})
	t.Run("pages after max_pages are counted and not read", func(t *testing.T) {
		t.Parallel()
		got, err := reader.Read(deadline(t), threePages(stream("", ""), ""), ocr.Options{MaxPages: 1})
		if err != nil || got.PageCount != 3 || len(got.Pages) != 1 || got.Text != "before" {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("protected against changes only", func(t *testing.T) {
		t.Parallel()
		p := newPDF()
		p.SetProtection(fpdf.CnProtectPrint, "", "owner")
		receiptPage(p)
		if got, err := reader.Read(deadline(t), pdfBytes(t, p), ocr.Options{}); err != nil || got.Text != receiptText {
			t.Errorf("got %q, %v", got.Text, err)
		}
	})
	t.Run("encrypted", func(t *testing.T) {
		t.Parallel()
		p := newPDF()
		p.SetProtection(fpdf.CnProtectPrint, "secret", "owner")
		receiptPage(p)
		_, err := reader.Read(deadline(t), pdfBytes(t, p), ocr.Options{})
		wantError(t, err, bus.FailedPrecondition, "needs a password")
	})
	t.Run("broken", func(t *testing.T) {
		t.Parallel()
		_, err := reader.Read(deadline(t), []byte("%PDF-1.4\nnothing of a PDF follows"), ocr.Options{})
		wantError(t, err, bus.InvalidArgument, "damaged")
	})
	t.Run("many at once", func(t *testing.T) {
		t.Parallel()
		p := newPDF()
		receiptPage(p)
		data := pdfBytes(t, p)
		var group sync.WaitGroup
		for range 16 {
			group.Go(func() {
				if got, err := reader.Read(deadline(t), data, ocr.Options{}); err != nil || got.Text != receiptText {
					t.Errorf("got %q, %v", got.Text, err)
				}
			})
		}
		group.Wait()
	})
}

// TestReadHostilePDF checks that a page which breaks or hangs PDFium costs that page and no other.
func TestReadHostilePDF(t *testing.T) {
	t.Parallel()
	var forms []string // each draws the next one 20 times: 20^8 in all
	for i := range 8 {
		forms = append(forms, stream(
			fmt.Sprintf("/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X %d 0 R >> >>", 11+i),
			strings.Repeat("/X Do ", 20)))
	}
	forms = append(forms, stream("/Type /XObject /Subtype /Form /BBox [0 0 9 9]", "0 0 m 9 9 l S"))

	tests := map[string]struct {
		data   []byte
		memory int
		reason string
	}{
		"forms in forms without end": {threePages(stream("", "/X Do"), "/XObject << /X 10 0 R >>", forms...), 512 << 20, "could not be read"},
		"a page that inflates":       {threePages(deflated(strings.Repeat("0 0 m 1 1 l S ", 4_000_000)), ""), 64 << 20, "could not be read"},
		"a page that is none":        {bytes.Replace(threePages(stream("", ""), ""), []byte("[3 0 R 4 0 R"), []byte("[3 0 R 9 0 R"), 1), 64 << 20, "could not be read"},
	}
	limit := 3 * time.Second
	if testing.Short() {
		limit = time.Second
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader := newReader(t, ocr.Config{Memory: test.memory, PageTimeout: limit, Concurrency: 1})
			got, err := reader.Read(deadline(t), test.data, ocr.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got.Text != "before\n\nafter" {
				t.Errorf("text is %q", got.Text)
			}
			if len(got.Pages) != 3 || !strings.Contains(got.Pages[1].Error, test.reason) {
				t.Errorf("pages: %+v", got.Pages)
			}
			t.Logf("page 2: %s", got.Pages[1].Error)
		})
	}
	t.Run("the deadline stops it, and the reader goes on", func(t *testing.T) {
		t.Parallel()
		reader := newReader(t, ocr.Config{Concurrency: 1, PageTimeout: 2 * time.Minute})
		if err := reader.Warm(deadline(t)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := reader.Read(ctx, tests["forms in forms without end"].data, ocr.Options{})
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("it took %v", took)
		}
		if !errors.Is(err, context.DeadlineExceeded) || bus.CodeOf(err) != bus.DeadlineExceeded {
			t.Errorf("error is %v", err)
		}
		got, err := reader.Read(deadline(t), threePages(stream("", ""), ""), ocr.Options{})
		if err != nil || got.Text != "before\n\nafter" {
			t.Errorf("afterwards: %q, %v", got.Text, err)
		}
	})
}
