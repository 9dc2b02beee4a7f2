package heldout

import (
	"github.com/airlock-run/airlock/internal/mailset"
	"github.com/airlock-run/airlock/internal/mailset/envelope"
	"github.com/airlock-run/airlock/internal/mailset/layout"
	"github.com/airlock-run/airlock/internal/mailset/paper"
	"github.com/airlock-run/airlock/internal/mailset/purchase"
)

func scans() []layout.Layout {
	return []layout.Layout{snapshot(), pump(), table(), flatbed(), stub(), checkout()}
}

// snapshot is a till's receipt taken with a telephone and mailed to oneself.
func snapshot() layout.Layout {
	return layout.Layout{
		Name: "ho-snapshot", Count: 8, Locales: "en-US de-DE fr-FR pt-BR es-ES pt-PT it-IT en-GB", Categories: "groceries",
		Kind: mailset.KindReceipt, Source: mailset.SourceScan, Tells: "tax items payment",
		Terms: purchase.Terms{Least: 3, Most: 7, Quantity: 2, Rates: []int64{layout.Usual}},
		Paid:  "cash,card",
		Words: `
		| note                   | cash      | card            | slip        | sum       | total        | tax            | bye
en-US	| groceries              | CASH      | DEBIT           | TRANS       | SUBTOTAL  | TOTAL        | SALES TAX      | THANK YOU, COME AGAIN
de-DE	| Kassenzettel           | BAR       | EC-KARTE        | BON-NR.     | ZWSUMME   | SUMME EUR    | DARIN MWST     | VIELEN DANK FÜR IHREN EINKAUF
fr-FR	| ticket de caisse       | ESPECES   | CARTE BANCAIRE  | TICKET      | S/TOTAL   | TOTAL TTC    | DONT TVA       | MERCI DE VOTRE VISITE
pt-BR	| nota do mercado        | DINHEIRO  | CARTAO CREDITO  | COO         | SUBTOTAL  | TOTAL R$     | TRIBUTOS       | OBRIGADO PELA PREFERENCIA
es-ES	| ticket del súper       | EFECTIVO  | TARJETA         | OPERACION   | SUBTOTAL  | TOTAL A PAGAR| IVA INCLUIDO   | GRACIAS POR SU COMPRA
pt-PT	| talão do supermercado  | NUMERÁRIO | MULTIBANCO      | TALÃO       | SUBTOTAL  | TOTAL EUR    | IVA INCLUÍDO   | OBRIGADO E ATÉ BREVE
it-IT	| scontrino spesa        | CONTANTI  | CARTA           | N. DOC.     | PARZIALE  | TOTALE EURO  | DI CUI IVA     | ARRIVEDERCI E GRAZIE
en-GB	| food shop              | CASH      | VISA DEBIT      | TILL        | SUB-TOTAL | TOTAL TO PAY | INCL. VAT      | THANKS FOR SHOPPING LOCALLY
`,
		From: `{{.Reader.Name}}`, Subject: `{{w "note"}}`,
		Change: func(d *layout.Draft) { d.From.Mailbox = d.Reader.Mailbox },
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("mixed", d.Boundary(),
				envelope.Text("text/plain", "us-ascii", envelope.SevenBit, "\n\n"),
				envelope.File("image/jpeg", d.Fill("IMG_####.jpeg"), d.Scan(paper.Scan{
					DPI: 200, Tilt: d.Between(-25, 25), Noise: 12, Blur: 1, Paper: d.Between(205, 240), Shade: 45, Ink: 50, Quality: 70,
				}, snapshotPaper)))
		},
	}
}

const snapshotPaper = `.page 80 0
.y 8
.font mono 11 bold
.stops 40C
.lead 5
{{upper .Vendor.Name}}
.font mono 7.5
.lead 3.8
{{.Vendor.Address}}
{{.Vendor.Phone}}
.gap 2
.stops 6L 74R
{{day .Day}} 1{{fill "#"}}:2{{fill "#"}} | {{w "slip"}} {{fill "####"}}
.rule 6 74
.gap 2
{{range .Lines}}{{if gt .Quantity 1}}{{.Quantity}} x {{end}}{{.Name}} | {{n .Amount}}
{{end}}.rule 6 74
.gap 2
{{if .Added}}{{w "sum"}} | {{n .Goods}}
{{range .Taxes}}{{w "tax"}} {{p .Rate}}% | {{n .Amount}}
{{end}}{{end}}.font mono 11 bold
.lead 5.5
{{w "total"}} | {{n .Total}}
.font mono 7.5
.lead 3.8
{{.Method}} | {{n .Total}}
{{if not .Added}}{{range .Taxes}}{{w "tax"}} {{p .Rate}}% | {{n .Amount}}
{{end}}{{end}}.gap 3
.stops 40C
{{w "bye"}}
{{fill "## #### #### ####"}}
`

// pump is the slip of a filling station, laid on the scanner the wrong way.
func pump() layout.Layout {
	return layout.Layout{
		Name: "ho-pump", Count: 6, Locales: "en-US de-DE es-ES pt-PT", Categories: "transport/fuel",
		Kind: mailset.KindReceipt, Source: mailset.SourceScan, Tells: "payment order",
		Terms: purchase.Terms{Least: 1, Most: 2}, Order: "####/###", Paid: "Visa,Mastercard",
		Words: `
		| subject                  | text                         | hail              | no       | pump     | total
en-US	| Scanned document         | Scanned from the copier.     | WELCOME           | RECEIPT #| PUMP     | TOTAL SALE
de-DE	| Scan vom Kopierer        | Gescannt am Kopierer.        | HERZLICH WILLKOMMEN | BELEG  | SÄULE    | GESAMT EUR
es-ES	| Documento escaneado      | Enviado desde el escáner.    | BIENVENIDOS       | RECIBO   | SURTIDOR | IMPORTE EUR
pt-PT	| Documento digitalizado   | Enviado pelo digitalizador.  | BEM-VINDO         | RECIBO   | BOMBA    | A PAGAR EUR
`,
		From: `Scanner`, Subject: `{{w "subject"}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("mixed", d.Boundary(),
				envelope.Text("text/plain", "utf-8", envelope.QuotedPrintable, d.Write("{{w \"text\"}}\n")),
				envelope.File("image/jpeg", d.Fill("scan########.jpg"), d.Scan(paper.Scan{
					DPI: 200, Quarters: 1 + 2*d.N(2), Tilt: d.Between(-12, 12), Noise: 8, Paper: 245, Ink: 35,
				}, pumpPaper)))
		},
	}
}

const pumpPaper = `.page 76 0
.y 8
.font mono 9 bold
.stops 38C
.lead 4.5
*** {{w "hail"}} ***
{{upper .Vendor.Name}}
.font mono 8
{{.Vendor.Address}}
.gap 3
.stops 5L 71R
{{w "no"}} {{.Order}} | {{two .Day}}
{{w "pump"}} {{fill "#"}} | {{fill "1#:4#"}}
.gap 2
{{range .Lines}}{{.Name}} | {{n .Amount}}
{{end}}.rule 5 71
.gap 2
.font mono 10 bold
{{w "total"}} | {{n .Total}}
.font mono 8
.gap 2
{{upper .Method}} ************{{fill "####"}}
AUTH {{fill "######"}} | AID A00000000{{fill "#####"}}
`

// table is a bill of a restaurant, shown inside of the mail. The tip is printed
// below the sum and makes it more.
func table() layout.Layout {
	return layout.Layout{
		Name: "ho-table", Count: 6, Locales: "en-US pt-BR en-GB", Categories: "dining",
		Kind: mailset.KindReceipt, Source: mailset.SourceScan, Tells: "items payment",
		Terms: purchase.Terms{Least: 2, Most: 5, Quantity: 3, Tip: true}, Paid: "card",
		Words: `
		| subject               | text                          | table  | server  | sum          | tip                | total         | card
en-US	| dinner with client    | for the expense report        | Table  | Server  | Check        | Gratuity           | Amount paid   | American Express
pt-BR	| almoço com cliente    | para o reembolso              | Mesa   | Garçom  | Consumo      | Serviço            | Valor pago    | Cartão de crédito
en-GB	| lunch with the buyers | for my expenses please        | Table  | Server  | Food & drink | Service            | Amount paid   | Mastercard
`,
		From: `{{.Reader.Name}}`, Subject: `{{w "subject"}}`,
		Change: func(d *layout.Draft) { d.From.Mailbox = d.Reader.Mailbox },
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("related", d.Boundary(),
				envelope.Text("text/html", "utf-8", envelope.QuotedPrintable, d.Write(`<div dir="ltr">{{w "text"}}<div><img src="cid:ii_table" alt="bill.jpg" width="420"></div></div>`)),
				envelope.Inline("image/jpeg", "bill.jpg", "ii_table", d.Scan(paper.Scan{
					DPI: 180, Tilt: d.Between(-30, 30), Noise: 14, Blur: 1, Paper: 225, Shade: 60, Ink: 60, Quality: 75,
				}, tablePaper)))
		},
	}
}

const tablePaper = `.page 90 0
.y 10
.font sans 14 bold
.stops 45C
.lead 6
{{.Vendor.Name}}
.font sans 8
.lead 4
{{.Vendor.Address}}
Tel. {{.Vendor.Phone}}
.gap 4
.stops 8L 82R
{{w "table"}} {{fill "#"}} | {{w "server"}}: {{fill "?"}}{{fill "?"}}
{{short .Day}} | #{{fill "####"}}
.gap 2
.font sans 9
.lead 5
.stops 8L 14L 82R
{{range .Lines}}{{.Quantity}} | {{.Name}} | {{n .Amount}}
{{end}}.rule 8 82
.gap 2
.stops 8L 82R
{{w "sum"}} | {{m .Goods}}
{{w "tip"}} | {{m .Tip}}
.font sans 11 bold
.lead 6
{{w "total"}} | {{m .Total}}
.font sans 8
{{.Method}} ....{{fill "####"}}
`
