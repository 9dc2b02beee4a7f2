package heldout

import (
	"github.com/airlock-run/airlock/internal/mailset"
	"github.com/airlock-run/airlock/internal/mailset/envelope"
	"github.com/airlock-run/airlock/internal/mailset/layout"
	"github.com/airlock-run/airlock/internal/mailset/paper"
	"github.com/airlock-run/airlock/internal/mailset/purchase"
)

// flatbed is an invoice on paper, scanned into a PDF that has no text.
func flatbed() layout.Layout {
	return layout.Layout{
		Name: "ho-flatbed", Count: 6, Locales: "de-DE nl-NL it-IT en-GB fr-FR es-ES", Categories: "office",
		Kind: mailset.KindInvoice, Source: mailset.SourceScan, Tells: "tax order items",
		Terms: purchase.Terms{Least: 2, Most: 4, Quantity: 4, Rates: []int64{layout.Usual}, Added: true},
		Order: "##/####",
		Words: `
		| subject             | text                            | title    | nr             | on            | to            | qty    | what          | amount  | net            | tax   | total              | thanks
de-DE	| Rechnung Papierform | Hier die Rechnung aus der Post. | Rechnung | Nummer         | vom           | An            | Anz.   | Ware          | EUR     | Zwischensumme  | MwSt  | Rechnungsbetrag    | Zahlbar innerhalb von 14 Tagen.
nl-NL	| Factuur per post    | De factuur uit de brievenbus.   | Factuur  | Nummer         | Datum         | Aan           | Aant.  | Omschrijving  | EUR     | Subtotaal      | BTW   | Factuurbedrag      | Betaling binnen 14 dagen.
it-IT	| Fattura cartacea    | La fattura arrivata per posta.  | Fattura  | Numero         | Data          | Spett.le      | Q.tà   | Descrizione   | EUR     | Imponibile     | IVA   | Totale fattura     | Pagamento a 30 giorni.
en-GB	| Paper invoice       | This one came in the post.      | Invoice  | Number         | Date          | To            | Qty    | Goods         | GBP     | Net            | VAT   | Invoice total      | Payment within 30 days.
fr-FR	| Facture papier      | La facture reçue par la poste.  | Facture  | Numéro         | Date          | À             | Qté    | Désignation   | EUR     | Montant HT     | TVA   | Montant TTC        | Paiement à 30 jours.
es-ES	| Factura en papel    | La factura que llegó por correo.| Factura  | Número         | Fecha         | A             | Cant.  | Concepto      | EUR     | Base           | IVA   | Total factura      | Pago a 30 días.
`,
		From: `{{.Reader.Name}}`, Subject: `{{w "subject"}}`,
		Change: func(d *layout.Draft) { d.From.Mailbox = d.Reader.Mailbox },
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("mixed", d.Boundary(),
				envelope.Text("text/plain", "utf-8", envelope.QuotedPrintable, d.Write("{{w \"text\"}}\n")),
				envelope.File("application/pdf", d.Fill("Scan_######.pdf"), d.ScanPDF(paper.Scan{
					DPI: 150, Tilt: d.Between(-10, 10), Noise: 5, Paper: 248, Ink: 25, Quality: 75,
				}, flatbedPaper)))
		},
	}
}

const flatbedPaper = `.page 210 297
.font sans 20 bold
.stops 25L
.lead 9
{{.Vendor.Name}}
.font sans 10
.lead 5
{{.Vendor.Legal}}
{{.Vendor.Address}}
{{.Vendor.Phone}}
.y 62
.font sans 11
.stops 25L 130L 160L
{{w "to"}}
{{.Reader.Name}} | {{w "nr"}}: | {{.Order}}
{{.Reader.Street}} | {{w "on"}}: | {{day .Day}}
{{.Reader.Town}}
.y 100
.font sans 16 bold
{{w "title"}}
.gap 5
.font sans 11 bold
.stops 25L 45L 185R
{{w "qty"}} | {{w "what"}} | {{w "amount"}}
.rule 25 185
.gap 3
.font sans 11
.lead 7
{{range .Lines}}{{.Quantity}} | {{.Name}} | {{n .Amount}}
{{end}}.rule 25 185
.gap 3
.stops 45L 185R
{{w "net"}} | {{n .Goods}}
{{range .Taxes}}{{w "tax"}} {{p .Rate}} % | {{n .Amount}}
{{end}}.font sans 12 bold
{{w "total"}} | {{n .Total}}
.rule 45 185
.gap 14
.font sans 10
.stops 25L
{{w "thanks"}}
`

// stub is a form a cashier fills in, half a sheet wide, as a grey photograph.
func stub() layout.Layout {
	return layout.Layout{
		Name: "ho-stub", Count: 6, Locales: "en-US nl-NL de-DE fr-FR es-ES en-GB", Categories: "health education insurance dining",
		Kind: mailset.KindReceipt, Source: mailset.SourceScan, Tells: "order payment",
		Terms: purchase.Terms{Least: 1, Most: 1}, Order: "A######", Paid: "cash,card",
		Words: `
		| subject              | title       | from                | sum          | for             | on     | how              | cash      | card
en-US	| receipt attached     | RECEIPT     | Received from       | The sum of   | For             | Date   | Paid by          | cash      | credit card
nl-NL	| kwitantie            | KWITANTIE   | Ontvangen van       | Het bedrag van | Voor          | Datum  | Betaald per      | contant   | pinpas
de-DE	| Quittung             | QUITTUNG    | Erhalten von        | Betrag       | Für             | Datum  | Zahlungsart      | bar       | Girocard
fr-FR	| reçu                 | REÇU        | Reçu de             | La somme de  | Pour            | Date   | Mode             | espèces   | carte
es-ES	| recibo               | RECIBO      | Recibí de           | La cantidad de | En concepto de | Fecha | Forma de pago    | efectivo  | tarjeta
en-GB	| receipt              | RECEIPT     | With thanks from    | The sum of   | In respect of   | Date   | Paid by          | cash      | debit card
`,
		From: `{{.Reader.Name}}`, Subject: `{{w "subject"}}`, Charset: "iso-8859-1",
		Change: func(d *layout.Draft) { d.From.Mailbox = d.Reader.Mailbox },
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.File("image/jpeg", d.Fill("photo_####-####.jpg"), d.Scan(paper.Scan{
				DPI: 170, Tilt: d.Between(-20, 20), Noise: 10, Blur: 1, Paper: 195, Shade: 40, Ink: 45,
			}, stubPaper))
		},
	}
}

const stubPaper = `.page 150 100
.font sans 13 bold
.stops 10L 140R
.lead 6
{{.Vendor.Name}} | {{w "title"}}
.font sans 9
{{.Vendor.Address}} | {{.Order}}
{{.Vendor.Phone}}
.rule 10 140
.gap 6
.font sans 11
.lead 9
.stops 10L 50L
{{w "from"}}: | {{.Reader.Name}}
{{w "sum"}}: | {{m .Total}}
{{w "for"}}: | {{(index .Lines 0).Name}}
{{w "how"}}: | {{.Method}}
{{w "on"}}: | {{long .Day}}
`

// checkout is the bill of a hotel as its desk prints it, scanned on its side
// into a PDF; what was left on deposit is taken off what is to pay.
func checkout() layout.Layout {
	return layout.Layout{
		Name: "ho-checkout", Count: 5, Locales: "fr-FR es-ES it-IT en-GB", Categories: "lodging",
		Kind: mailset.KindInvoice, Source: mailset.SourceScan, Tells: "order tax",
		Terms: purchase.Terms{Least: 2, Most: 4, Quantity: 3, Rates: []int64{layout.Usual}}, Order: "F######",
		Words: `
		| subject           | bill            | room     | left       | what          | total              | tax             | deposit          | due
fr-FR	| note d'hôtel      | Note n°         | Chambre  | Le         | Prestation    | Total séjour TTC   | dont TVA        | Acompte versé    | Reste à régler
es-ES	| factura del hotel | Factura nº      | Habitación | Fecha    | Servicio      | Total estancia     | IVA incluido    | Depósito         | Resta por pagar
it-IT	| conto albergo     | Conto n.        | Camera   | Data       | Servizio      | Totale soggiorno   | IVA compresa    | Caparra versata  | Resta da saldare
en-GB	| hotel bill        | Bill no.        | Room     | Date       | Service       | Total for stay     | including VAT   | Deposit received | Remaining to pay
`,
		From: `{{.Reader.Name}}`, Subject: `{{w "subject"}} {{.Vendor.Name}}`,
		Change: func(d *layout.Draft) { d.From.Mailbox = d.Reader.Mailbox },
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("mixed", d.Boundary(),
				envelope.Text("text/html", "utf-8", envelope.Base64, "<div><br></div>"),
				envelope.File("application/pdf", "DOC.PDF", d.ScanPDF(paper.Scan{
					DPI: 150, Quarters: 2, Tilt: d.Between(-15, 15), Noise: 7, Paper: 235, Shade: 20, Ink: 40, Quality: 75,
				}, checkoutPaper)))
		},
	}
}

const checkoutPaper = `.page 210 297
.font sans 16 bold
.stops 105C
.lead 8
{{.Vendor.Name}}
.font sans 10
.lead 5
{{.Vendor.Address}} - {{.Vendor.Phone}}
.rule 20 190
.gap 12
.stops 25L 70L 130L
.font sans 11
.lead 6
{{w "bill"}} | {{.Order}} | {{.Reader.Name}}
{{w "left"}} | {{day .Day}} | {{.Reader.Street}}
{{w "room"}} | {{fill "1##"}} | {{.Reader.Town}}
.gap 14
.font sans 11 bold
.stops 25L 185R
{{w "what"}} | {{.Currency}}
.rule 25 185
.gap 2
.font sans 11
{{range .Lines}}{{.Name}} ({{.Quantity}} x {{n .Price}}) | {{n .Amount}}
{{end}}.rule 25 185
.gap 4
.font sans 12 bold
{{w "total"}} | {{n .Total}}
.font sans 11
{{range .Taxes}}{{w "tax"}} {{p .Rate}} % | {{n .Amount}}
{{end}}{{w "deposit"}} | {{n (minus (part 30 .Total))}}
{{w "due"}} | {{n (sum .Total (minus (part 30 .Total)))}}
`
