package tuned

import (
	"github.com/airlock-run/airlock/internal/mailset"
	"github.com/airlock-run/airlock/internal/mailset/envelope"
	"github.com/airlock-run/airlock/internal/mailset/layout"
	"github.com/airlock-run/airlock/internal/mailset/paper"
	"github.com/airlock-run/airlock/internal/mailset/purchase"
)

func papers() []layout.Layout {
	return []layout.Layout{sheet(), roll(), phone(), desk()}
}

const sheetWords = `
		| subject            | text                         | title      | nr            | date           | qty     | what          | amount   | net            | tax    | total            | pay
en-US	| Invoice attached   | Please see attached invoice. | INVOICE    | Invoice #     | Date           | Qty     | Description   | Amount   | Subtotal       | Tax    | TOTAL            | Net 30
de-DE	| Rechnung           | Ihre Rechnung im Anhang.     | Rechnung   | Rechnungsnr.  | Datum          | Stück   | Artikel       | Betrag   | Nettosumme     | MwSt.  | Gesamtbetrag     | Zahlungsziel 14 Tage
fr-FR	| Votre facture      | Votre facture en pièce jointe.| Facture   | Facture nº    | Date d'émission| Qté     | Article       | Montant  | Sous-total HT  | TVA    | Total TTC        | Échéance à 30 jours
es-ES	| Su factura         | Le enviamos su factura.      | Factura    | Nº factura    | Fecha de emisión | Cant. | Descripción   | Importe  | Subtotal       | IVA    | TOTAL            | Pago a 30 días
nl-NL	| Uw factuur         | Uw factuur vindt u in de bijlage. | Factuur | Factuurnummer | Factuurdatum  | Aantal  | Artikel       | Bedrag   | Totaal excl.   | BTW    | Totaal incl.     | Betalen binnen 30 dagen
en-GB	| Your invoice       | Your invoice is attached.    | Tax invoice | Invoice no.  | Tax point      | Qty     | Item          | Amount   | Total ex VAT   | VAT    | Total inc VAT    | Terms 30 days
pt-PT	| A sua fatura       | Segue a sua fatura em anexo. | Fatura     | Fatura nº     | Data           | Qtd.    | Descrição     | Valor    | Total líquido  | IVA    | Total a pagar    | Vencimento a 30 dias
`

const sheetPaper = `.page 210 297
.font sans 22 bold
.stops 190R
.lead 10
{{w "title"}}
.font sans 10
.lead 5
{{w "nr"}} {{.Order}}
{{w "date"}} {{short .Day}}
.y 20
.stops 20L
.font sans 12 bold
{{.Vendor.Legal}}
.font sans 10
{{.Vendor.Address}}
{{.Vendor.Phone}}
.gap 16
{{.Reader.Name}}
{{.Reader.Street}}
{{.Reader.Town}}
.gap 12
.font sans 10 bold
.stops 20L 150R 190R
{{w "what"}} | {{w "qty"}} | {{w "amount"}}
.rule 20 190
.gap 3
.font sans 10
.lead 6
{{range .Lines}}{{.Name}} | {{.Quantity}} | {{m .Amount}}
{{end}}.rule 110 190
.gap 4
{{if .Added}} | {{w "net"}} | {{m .Net}}
{{end}}{{range .Taxes}} | {{w "tax"}} {{p .Rate}}% | {{m .Amount}}
{{end}}.font sans 12 bold
 | {{w "total"}} | {{m .Total}}
.y 265
.font sans 9
{{w "pay"}}
`

// sheet is an invoice as office programs make it, a PDF in a mail of one line.
func sheet() layout.Layout {
	return layout.Layout{
		Name: "tu-sheet", Count: 14, Locales: "en-US de-DE fr-FR es-ES nl-NL en-GB pt-PT", Categories: "office",
		Kind: mailset.KindInvoice, Source: mailset.SourcePDFText, Tells: "tax order items",
		Terms: purchase.Terms{Least: 1, Most: 6, Quantity: 6, Rates: []int64{layout.Usual}, Added: true}, Order: "2026-#####",
		Words: sheetWords, From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}} {{.Order}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("mixed", d.Boundary(),
				envelope.Text("text/plain", "utf-8", envelope.QuotedPrintable, d.Write("{{w \"text\"}}\n")),
				envelope.File("application/pdf", d.Write(`{{w "subject"}}-{{.Order}}.pdf`), d.PDF(sheetPaper)))
		},
	}
}

// desk is the same kind of invoice on paper, scanned by whoever got it.
func desk() layout.Layout {
	l := sheet()
	l.Name, l.Count, l.Source, l.From, l.Subject = "tu-desk", 14, mailset.SourceScan, `{{.Reader.Name}}`, `Scan {{iso .Day}}`
	l.Change = func(d *layout.Draft) { d.From.Mailbox = d.Reader.Mailbox }
	l.Body = func(d *layout.Draft) envelope.Part {
		scan := paper.Scan{DPI: 150, Tilt: d.Between(-12, 12), Noise: 6, Paper: 244, Ink: 30, Quality: 75}
		return envelope.Group("mixed", d.Boundary(),
			envelope.Text("text/plain", "us-ascii", envelope.SevenBit, "\n"),
			envelope.File("application/pdf", d.Fill("SKM_####.pdf"), d.ScanPDF(scan, sheetPaper)))
	}
	return l
}

const rollWords = `
		| subject               | cash       | card          | date    | total       | tax          | bye
en-US	| Your e-receipt        | Cash       | Visa          | Date    | TOTAL DUE   | TAX          | Have a nice day
en-GB	| Your e-receipt        | Cash       | Contactless   | Date    | TO PAY      | VAT          | Please call again
de-DE	| Ihr digitaler Bon     | Bar        | Girocard      | Datum   | ZU ZAHLEN   | MwSt         | Auf Wiedersehen
fr-FR	| Votre ticket          | Espèces    | CB            | Date    | NET A PAYER | TVA          | À bientôt
es-ES	| Su tique              | Efectivo   | Tarjeta       | Fecha   | TOTAL       | IVA          | Hasta pronto
it-IT	| Il tuo scontrino      | Contante   | Pagam. elettronico | Data | TOTALE    | IVA          | Buona giornata
nl-NL	| Je kassabon           | Contant    | PIN           | Datum   | TE BETALEN  | BTW          | Tot de volgende keer
pt-BR	| Seu recibo            | Dinheiro   | Cartão débito | Data    | TOTAL       | Imposto      | Volte sempre
pt-PT	| O seu recibo          | Dinheiro   | Multibanco    | Data    | TOTAL       | IVA          | Volte sempre
`

const rollPaper = `.page 72 0
.y 6
.font mono 9
.stops 36C
.lead 4.4
{{.Vendor.Name}}
{{.Vendor.Address}}
================================
.stops 4L 68R
{{range .Lines}}{{.Name}} |
   {{.Quantity}} @ {{n .Price}} | {{n .Amount}}
{{end}}-------------------------------- |
{{range .Taxes}}{{w "tax"}} {{p .Rate}}% | {{n .Amount}}
{{end}}.font mono 10 bold
.lead 6
{{w "total"}} | {{m .Total}}
.font mono 9
.lead 4.4
{{.Method}} | {{m .Total}}
{{w "date"}}: {{day .Day}} |
.stops 36C
.gap 3
{{w "bye"}}!
`

// roll is what a till prints, with two lines for each thing, as a PDF.
func roll() layout.Layout {
	return layout.Layout{
		Name: "tu-roll", Count: 12, Locales: "en-US de-DE fr-FR es-ES it-IT nl-NL pt-BR pt-PT en-GB", Categories: "groceries dining",
		Kind: mailset.KindReceipt, Source: mailset.SourcePDFText, Tells: "tax items payment",
		Terms: purchase.Terms{Least: 2, Most: 6, Quantity: 3, Rates: []int64{layout.Usual}}, Paid: "cash,card",
		Words: rollWords, From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("mixed", d.Boundary(),
				envelope.Text("text/html", "utf-8", envelope.Base64, d.Write("<p>{{w \"subject\"}}: {{h .Vendor.Name}}</p>")),
				envelope.File("application/pdf", "bon.pdf", d.PDF(rollPaper)))
		},
	}
}

// phone is such a roll as a photograph, on its side now and then.
func phone() layout.Layout {
	l := roll()
	l.Name, l.Count, l.Source, l.From = "tu-phone", 22, mailset.SourceScan, `{{.Reader.Name}}`
	l.Categories = "groceries dining transport/fuel"
	l.Change = func(d *layout.Draft) { d.From.Mailbox = d.Reader.Mailbox }
	l.Body = func(d *layout.Draft) envelope.Part {
		scan := paper.Scan{DPI: 200, Tilt: d.Between(-28, 28), Noise: 11, Blur: 1, Paper: d.Between(200, 240), Shade: 40, Ink: 50, Quality: 72}
		if d.Count%5 == 0 {
			scan.Quarters = 1
		}
		return envelope.Group("mixed", d.Boundary(),
			envelope.Text("text/plain", "us-ascii", envelope.SevenBit, "\n"),
			envelope.File("image/jpeg", d.Fill("PXL_########.jpg"), d.Scan(scan, rollPaper)))
	}
	return l
}
