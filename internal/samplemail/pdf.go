package main

import (
	"bytes"
	"fmt"
	"time"

	"github.com/go-pdf/fpdf"
)

// pdfReceipt is a German invoice as a PDF with a text layer.
func pdfReceipt() ([]byte, error) {
	invoice, err := invoicePDF()
	if err != nil {
		return nil, err
	}
	text, err := textPart("text/plain", `Guten Tag Frau Sommer,

vielen Dank für Ihre Bestellung. Ihre Rechnung finden Sie im Anhang. Der
Betrag wird in den nächsten Tagen von Ihrem Konto abgebucht.

Mit freundlichen Grüßen
Ihr Team von Kranich Bürobedarf
`)
	if err != nil {
		return nil, err
	}
	header := mailHeader(
		field{"From", "=?utf-8?q?Kranich_B=C3=BCrobedarf?= <rechnung@kranich-buero.example>"},
		field{"To", "Lena Sommer <lena.sommer@studio-sommer.example>"},
		field{"Subject", "Ihre Rechnung RE-2026-10482"},
		field{"Date", "Tue, 17 Nov 2026 08:12:44 +0100"},
		field{"Message-ID", "<re-2026-10482.8f1c@kranich-buero.example>"},
	)
	return []byte(header + multipart("mixed", "kranich-20261117-0812",
		text, filePart("application/pdf", "Rechnung_RE-2026-10482.pdf", invoice))), nil
}

func invoicePDF() ([]byte, error) {
	issued := time.Date(2026, time.November, 16, 9, 0, 0, 0, time.UTC)
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCreationDate(issued)
	pdf.SetModificationDate(issued)
	pdf.SetCatalogSort(true)
	// Compressed streams would change with Go's compressor.
	pdf.SetCompression(false)
	pdf.SetTitle("Rechnung RE-2026-10482", true)
	latin := pdf.UnicodeTranslatorFromDescriptor("") // the built-in fonts speak Windows-1252
	pdf.SetMargins(20, 20, 20)
	pdf.AddPage()

	write := func(style string, size, height float64, text string) {
		pdf.SetFont("Helvetica", style, size)
		pdf.CellFormat(0, height, latin(text), "", 1, "L", false, 0, "")
	}
	write("B", 16, 8, "Kranich Bürobedarf GmbH")
	write("", 9, 5, "Speicherstraße 14 · 20457 Hamburg · Tel. 040 555 01 90")
	write("", 9, 5, "USt-IdNr. DE999999999 · HRB 00000 Amtsgericht Hamburg")
	pdf.Ln(10)
	write("", 10, 5, "Studio Sommer")
	write("", 10, 5, "Lena Sommer")
	write("", 10, 5, "Lindenallee 3")
	write("", 10, 5, "50667 Köln")
	pdf.Ln(10)
	write("B", 14, 8, "Rechnung RE-2026-10482")
	write("", 10, 5, "Rechnungsdatum: 16.11.2026")
	write("", 10, 5, "Lieferdatum: 12.11.2026")
	write("", 10, 5, "Kundennummer: 20931")
	pdf.Ln(6)

	widths := []float64{85, 20, 30, 35}
	row := func(style, border string, cells ...string) {
		pdf.SetFont("Helvetica", style, 10)
		for i, cell := range cells {
			align := "R"
			if i == 0 {
				align = "L"
			}
			pdf.CellFormat(widths[i], 7, latin(cell), border, 0, align, false, 0, "")
		}
		pdf.Ln(7)
	}
	row("B", "B", "Artikel", "Menge", "Einzelpreis", "Betrag")
	row("", "", "Bürostuhl Arbor, anthrazit", "2", "389,00 €", "778,00 €")
	row("", "", "Monitorarm Duo", "3", "79,90 €", "239,70 €")
	row("", "", "Kopierpapier A4, 500 Blatt", "5", "12,49 €", "62,45 €")
	pdf.Ln(3)
	row("", "T", "Zwischensumme netto", "", "", "1.080,15 €")
	row("", "", "zzgl. 19 % MwSt.", "", "", "205,23 €")
	row("B", "T", "Rechnungsbetrag", "", "", "1.285,38 €")
	pdf.Ln(8)
	write("", 10, 5, "Zahlungsart: SEPA-Lastschrift, Einzug am 23.11.2026")
	write("", 10, 5, "Vielen Dank für Ihren Einkauf!")

	var out bytes.Buffer
	if err := pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("write PDF: %w", err)
	}
	return out.Bytes(), nil
}
