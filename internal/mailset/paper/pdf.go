package paper

import (
	"bytes"
	"fmt"
	"time"

	"github.com/go-pdf/fpdf"
)

// PDF returns the document with a text layer in the fonts every reader has. Its
// characters are those of Windows-1252.
func (d *Document) PDF(made time.Time) ([]byte, error) {
	pdf := blank(made)
	latin := pdf.UnicodeTranslatorFromDescriptor("")
	for _, p := range d.pages {
		pdf.AddPageFormat("P", fpdf.SizeType{Wd: p.width, Ht: p.height})
		for _, m := range p.marks {
			family, style := "Helvetica", ""
			if m.font.mono {
				family = "Courier"
			}
			if m.font.bold {
				style = "B"
			}
			pdf.SetFont(family, style, m.font.size)
			text := latin(m.text)
			pdf.Text(aligned(m.x, pdf.GetStringWidth(text), m.align), m.y, text)
		}
		for _, r := range p.rules {
			pdf.Line(r.from, r.y, r.to, r.y)
		}
	}
	return written(pdf)
}

// PicturePDF returns a PDF of one page that has nothing on it but a JPEG, as
// scanners make it.
func PicturePDF(made time.Time, width, height float64, jpeg []byte) ([]byte, error) {
	pdf := blank(made)
	pdf.AddPageFormat("P", fpdf.SizeType{Wd: width, Ht: height})
	options := fpdf.ImageOptions{ImageType: "JPG"}
	pdf.RegisterImageOptionsReader("scan", options, bytes.NewReader(jpeg))
	pdf.ImageOptions("scan", 0, 0, width, height, false, options, 0, "")
	return written(pdf)
}

func blank(made time.Time) *fpdf.Fpdf {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCreationDate(made)
	pdf.SetModificationDate(made)
	pdf.SetCatalogSort(true)
	// What compresses the streams may be another one in the next release of Go.
	pdf.SetCompression(false)
	pdf.SetAutoPageBreak(false, 0)
	return pdf
}

func written(pdf *fpdf.Fpdf) ([]byte, error) {
	var out bytes.Buffer
	if err := pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("write PDF: %w", err)
	}
	return out.Bytes(), nil
}

func aligned(x, width float64, align byte) float64 {
	switch align {
	case 'R':
		return x - width
	case 'C':
		return x - width/2
	default:
		return x
	}
}
