package ocr_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"testing"
	"time"

	"github.com/go-pdf/fpdf"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"github.com/airlock-run/airlock/operations/ai/ocr"
)

func newReader(tb testing.TB, config ocr.Config) *ocr.Reader {
	tb.Helper()
	config.CacheDir = ocr.CompiledDir(tb)
	reader, err := ocr.New(config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := reader.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return reader
}

func deadline(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	tb.Cleanup(cancel)
	return ctx
}

// receipt is the lines of the receipt that the tests read, in every form.
var receipt = [][2]string{
	{"Blue Heron Coffee", ""},
	{"14 Harbour Street, Portland", ""},
	{"Date: 2026-03-14", "Table 7"},
	{"2 x Flat white", "7.00"},
	{"1 x Almond croissant", "3.20"},
	{"1 x Orange juice", "4.50"},
	{"Subtotal", "14.70"},
	{"Tax 8.5%", "1.25"},
	{"TOTAL USD", "15.95"},
	{"Paid by VISA **** 4242", ""},
}

// receiptText is what a reader makes of it.
const receiptText = `Blue Heron Coffee
14 Harbour Street, Portland
Date: 2026-03-14  Table 7
2 x Flat white  7.00
1 x Almond croissant  3.20
1 x Orange juice  4.50
Subtotal  14.70
Tax 8.5%  1.25
TOTAL USD  15.95
Paid by VISA **** 4242`

func newPDF() *fpdf.Fpdf {
	p := fpdf.New("P", "mm", "A4", "")
	p.SetCreationDate(time.Unix(0, 0))
	return p
}

func pdfBytes(tb testing.TB, p *fpdf.Fpdf) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := p.Output(&b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// receiptPage adds a page with the receipt as text: all labels first, then all amounts, as some programs write them.
func receiptPage(p *fpdf.Fpdf) {
	p.AddPage()
	p.SetFont("Helvetica", "", 11)
	for i, line := range receipt {
		p.Text(20, 30+float64(i)*6, line[0])
	}
	for i, line := range receipt {
		p.Text(140-p.GetStringWidth(line[1]), 30+float64(i)*6, line[1])
	}
}

// Sizes of pages, in mm. What is rendered is what costs most here, so most scans are small.
var (
	slip = fpdf.SizeType{Wd: 120, Ht: 90}
	a4   = fpdf.SizeType{Wd: 210, Ht: 297}
)

// picturePage adds a page that shows nothing but a picture, like a scan.
func picturePage(tb testing.TB, p *fpdf.Fpdf, size fpdf.SizeType, picture image.Image) {
	tb.Helper()
	p.AddPageFormat("P", size)
	p.RegisterImageOptionsReader("scan", fpdf.ImageOptions{ImageType: "PNG"}, bytes.NewReader(pngBytes(tb, picture)))
	p.ImageOptions("scan", 10, 10, size.Wd-20, 0, false, fpdf.ImageOptions{ImageType: "PNG"}, 0, "")
}

func pngBytes(tb testing.TB, picture image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// receiptPicture is the receipt as a till prints it.
func receiptPicture(tb testing.TB) *image.Gray {
	tb.Helper()
	return drawLines(tb, gomono.TTF, 32, 900, receipt)
}

func drawLines(tb testing.TB, ttf []byte, size float64, width int, lines [][2]string) *image.Gray {
	tb.Helper()
	parsed, err := opentype.Parse(ttf)
	if err != nil {
		tb.Fatal(err)
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		tb.Fatal(err)
	}
	step := int(1.6 * size)
	picture := image.NewGray(image.Rect(0, 0, width, step*(len(lines)+2)))
	draw.Draw(picture, picture.Bounds(), image.White, image.Point{}, draw.Src)
	pen := font.Drawer{Dst: picture, Src: image.NewUniform(color.Gray{Y: 20}), Face: face}
	for i, line := range lines {
		y := step * (i + 2)
		pen.Dot = fixed.P(50, y)
		pen.DrawString(line[0])
		pen.Dot = fixed.Point26_6{X: fixed.I(width-50) - pen.MeasureString(line[1]), Y: fixed.I(y)}
		pen.DrawString(line[1])
	}
	return picture
}

var regular = goregular.TTF
