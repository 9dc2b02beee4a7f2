package heldout

import (
	"github.com/airlock-run/airlock/internal/mailset"
	"github.com/airlock-run/airlock/internal/mailset/envelope"
	"github.com/airlock-run/airlock/internal/mailset/layout"
	"github.com/airlock-run/airlock/internal/mailset/purchase"
)

// dunned is a reminder that has a copy of the invoice with it: the mail asks for
// more than the invoice, as there is a fee, but the invoice is what was bought.
func dunned() layout.Layout {
	return layout.Layout{
		Name: "ho-dunned", Count: 6, Locales: "de-DE es-ES nl-NL", Categories: "office",
		Kind: mailset.KindInvoice, Source: mailset.SourcePDFText, Tells: "tax order",
		Terms: purchase.Terms{Least: 1, Most: 4, Quantity: 3, Rates: []int64{layout.Usual}, Added: true},
		Order: "########",
		Words: `
		| subject                              | text                                                                | fee            | copy                | nr               | on                | sum         | tax       | total
de-DE	| Zahlungserinnerung mit Rechnungskopie| leider konnten wir noch keinen Eingang feststellen. Eine Kopie der Rechnung liegt bei. | zuzüglich Mahngebühr 5,00 € | RECHNUNGSKOPIE | Beleg   | vom   | Nettobetrag | USt       | Bruttobetrag
es-ES	| Recordatorio con copia de la factura | aún no hemos recibido su pago. Adjuntamos copia de la factura.      | más 5,00 € de gastos | COPIA DE FACTURA    | Documento        | de fecha          | Base imponible | IVA    | Importe total
nl-NL	| Herinnering met kopie van de factuur | wij hebben uw betaling nog niet ontvangen. Een kopie van de factuur gaat hierbij. | plus € 5,00 aanmaningskosten | KOPIE FACTUUR | Stuknummer | d.d.     | Netto bedrag | BTW       | Bruto bedrag
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("mixed", d.Boundary(),
				envelope.Text("text/plain", "utf-8", envelope.QuotedPrintable, d.Write("{{.Reader.Name}},\n\n{{w \"text\"}}\n{{m .Total}} {{w \"fee\"}}: {{m (sum .Total 500)}}\n\n{{.Vendor.Legal}}\n")),
				envelope.File("application/pdf", d.Write(`{{w "copy"}}.pdf`), d.PDF(`.page 210 297
.font sans 14
.stops 105C
.lead 7
{{.Vendor.Legal}}
.font sans 8
.lead 4
{{.Vendor.Address}} / {{.Vendor.Phone}}
.gap 18
.stops 20L
.font sans 10
.lead 5
{{.Reader.Name}}, {{.Reader.Street}}, {{.Reader.Town}}
.gap 12
.font sans 12 bold
{{w "copy"}}
.font sans 10
{{w "nr"}} {{.Order}} {{w "on"}} {{day .Day}}
.gap 8
.stops 20L 30L 180R
.rule 20 180
.gap 2
{{range .Lines}}{{.Quantity}}x | {{.Name}} | {{m .Amount}}
{{end}}.rule 20 180
.gap 2
 | {{w "sum"}} | {{m .Goods}}
{{range .Taxes}} | {{w "tax"}} {{p .Rate}}% | {{m .Amount}}
{{end}}.font sans 10 bold
 | {{w "total"}} | {{m .Total}}
`)))
		},
	}
}

// railway is a ticket to print, with the price in a corner of it.
func railway() layout.Layout {
	return layout.Layout{
		Name: "ho-railway", Count: 6, Locales: "de-DE fr-FR it-IT pt-PT", Categories: "transport/rail",
		Kind: mailset.KindReceipt, Source: mailset.SourcePDFText, Tells: "order payment tax",
		Terms: purchase.Terms{Least: 1, Most: 3, Rates: []int64{layout.Usual}}, Order: "??????", Paid: "Visa,PayPal,Mastercard",
		Words: `
		| subject              | text                                             | ticket               | valid       | trav        | code           | price          | incl       | bought        | with         | rules
de-DE	| Ihr Online-Ticket    | Ihr Ticket liegt als PDF bei. Gute Fahrt!        | Online-Ticket        | Gültig am   | Reisende/r  | Auftragscode   | Gesamtpreis    | inkl.      | Gekauft am    | Zahlung mit  | Erstattung bis 1 Tag vorher gegen 10,00 € Gebühr. Fahrpreisnacherhebung: 60,00 €.
fr-FR	| Votre billet         | Votre billet est joint en PDF. Bon voyage !      | Billet à imprimer    | Valable le  | Voyageur    | Dossier        | Prix payé TTC  | dont       | Acheté le     | Réglé par    | Échange possible avec frais de 15,00 €. Fraude : amende de 50,00 €.
it-IT	| Il tuo biglietto     | Il biglietto è allegato in PDF. Buon viaggio!    | Biglietto            | Valido il   | Viaggiatore | Codice PNR     | Prezzo totale  | incl.      | Acquistato il | Pagato con   | Cambio ammesso con penale di 8,00 €. Sanzione a bordo: 50,00 €.
pt-PT	| O seu bilhete        | O bilhete segue em PDF. Boa viagem!              | Bilhete              | Válido em   | Passageiro  | Localizador    | Preço total    | incl.      | Comprado em   | Pago com     | Revalidação com taxa de 5,00 €. Coima a bordo: 120,00 €.
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}} {{.Order}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("mixed", d.Boundary(),
				envelope.Text("text/plain", "utf-8", envelope.QuotedPrintable, d.Write("{{.Reader.First}},\n\n{{w \"text\"}}\n\n{{.Vendor.Name}}\n")),
				envelope.File("application/pdf", d.Write(`{{.Order}}.pdf`), d.PDF(`.page 210 297
.font sans 18 bold
.stops 15L 195R
.lead 8
{{.Vendor.Name}} | {{w "ticket"}}
.rule 15 195
.gap 5
.font sans 10
.lead 5.5
.stops 15L 55L
{{range .Lines}} | {{.Name}}
{{end}}{{w "valid"}} | {{day (in 9 .Day)}}
{{w "trav"}} | {{.Reader.Name}}
{{w "code"}} | {{.Order}}
.y 120
.stops 140L 195R
.rule 138 195
.gap 2
.font sans 10 bold
{{w "price"}} | {{m .Total}}
.font sans 8
{{range .Taxes}}{{w "incl"}} {{p .Rate}} % {{if eq $.Vendor.Locale "de-DE"}}MwSt.{{else if eq $.Vendor.Locale "fr-FR"}}TVA{{else}}IVA{{end}} | {{m .Amount}}
{{end}}{{w "bought"}} | {{day .Day}}
{{w "with"}} | {{.Method}}
.rule 138 195
.y 250
.font sans 7
.stops 15L
{{w "rules"}}
{{.Vendor.Legal}} - {{.Vendor.Address}}
`)))
		},
	}
}
