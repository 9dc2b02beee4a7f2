package ocr_test

import (
	"bytes"
	"os/exec"
	"testing"

	"github.com/airlock-run/airlock/operations/ai/ocr"
)

func benchmarkRead(b *testing.B, reader *ocr.Reader, data []byte) {
	b.Helper()
	ctx := deadline(b)
	if err := reader.Warm(ctx); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := reader.Read(ctx, data, ocr.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTextLayer reads PDFs of one page: a receipt of ten lines, and a dense page of 50.
func BenchmarkTextLayer(b *testing.B) {
	receipt, dense := newPDF(), newPDF()
	receiptPage(receipt)
	dense.AddPage()
	dense.SetFont("Helvetica", "", 9)
	for i := range 50 {
		dense.Text(20, 20+float64(i)*5, "Position of an invoice with a description as long as they are")
		dense.Text(170, 20+float64(i)*5, "1,234.56")
	}
	for name, data := range map[string][]byte{"receipt": pdfBytes(b, receipt), "dense": pdfBytes(b, dense)} {
		b.Run(name, func(b *testing.B) { benchmarkRead(b, newReader(b, ocr.Config{}), data) })
	}
}

// BenchmarkTextLayerParallel reads as many receipts at once as there are CPUs.
func BenchmarkTextLayerParallel(b *testing.B) {
	p := newPDF()
	receiptPage(p)
	data := pdfBytes(b, p)
	reader := newReader(b, ocr.Config{})
	ctx := deadline(b)
	if err := reader.Warm(ctx); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	b.RunParallel(func(loop *testing.PB) {
		for loop.Next() {
			if _, err := reader.Read(ctx, data, ocr.Options{}); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkPicture reads a picture through the Reader and with the bare command: the difference is what the Reader costs.
func BenchmarkPicture(b *testing.B) {
	data := pngBytes(b, receiptPicture(b))
	b.Run("reader", func(b *testing.B) { benchmarkRead(b, newReader(b, ocr.Config{}), data) })
	b.Run("tesseract", func(b *testing.B) {
		for b.Loop() {
			cmd := exec.Command("tesseract", "stdin", "stdout", "--psm", "4")
			cmd.Stdin = bytes.NewReader(data)
			cmd.Env = []string{"OMP_THREAD_LIMIT=1"}
			if err := cmd.Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkScan reads a PDF whose one A4 page is a picture, rendered at 300 dpi.
func BenchmarkScan(b *testing.B) {
	p := newPDF()
	picturePage(b, p, a4, receiptPicture(b))
	benchmarkRead(b, newReader(b, ocr.Config{}), pdfBytes(b, p))
}
