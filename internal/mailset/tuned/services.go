package tuned

import (
	"github.com/airlock-run/airlock/internal/mailset"
	"github.com/airlock-run/airlock/internal/mailset/envelope"
	"github.com/airlock-run/airlock/internal/mailset/layout"
	"github.com/airlock-run/airlock/internal/mailset/purchase"
)

func services() []layout.Layout {
	return []layout.Layout{taxi(), inn(), monthly(), words(), current(), sentOn(), deposit()}
}

// taxi is a fare in big figures over a map, the tip of it added afterwards.
func taxi() layout.Layout {
	return layout.Layout{
		Name: "tu-taxi", Count: 8, Locales: "en-US fr-FR es-ES nl-NL pt-BR ja-JP", Categories: "transport/taxi",
		Kind: mailset.KindReceipt, Source: mailset.SourceHTML, Tells: "payment",
		Terms: purchase.Terms{Least: 1, Most: 2, Tip: true}, Paid: "cash,card",
		Words: `
		| subject                     | thx                              | total          | fare              | tip           | paid           | cash        | card           | km
en-US	| Your trip on                | Thanks for riding,               | Total          | Trip details      | Tip           | Payments       | Cash        | Apple Card     | 7.32 miles
fr-FR	| Votre trajet du             | Merci d'avoir voyagé,            | Total          | Détail du trajet  | Pourboire     | Paiement       | Espèces     | Carte bleue    | 11,8 km
es-ES	| Tu viaje del                | Gracias por viajar,              | Total          | Detalle del viaje | Propina       | Pago           | Efectivo    | Tarjeta        | 9,4 km
nl-NL	| Je rit van                  | Bedankt voor je rit,             | Totaal         | Ritgegevens       | Fooi          | Betaling       | Contant     | Pinpas         | 8,1 km
pt-BR	| Sua viagem de               | Obrigado por viajar,             | Total          | Detalhes          | Gorjeta       | Pagamento      | Dinheiro    | Cartão         | 10,2 km
ja-JP	| ご乗車ありがとうございました | ご乗車ありがとうございました、  | 合計           | 料金内訳          | 深夜割増      | お支払い       | 現金        | カード         | 6.5 km
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}} {{long .Day}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/html", "utf-8", envelope.QuotedPrintable, d.Write(`<html><body style="margin:0"><table width="100%" bgcolor="#000000"><tr><td style="color:#fff;padding:20px">{{h .Vendor.Name}}</td><td style="color:#fff" align="right">{{long .Day}}</td></tr></table>
<table width="100%"><tr><td style="font-size:34px">{{w "thx"}} {{h .Reader.First}}</td></tr><tr><td style="font-size:30px">{{w "total"}}</td><td style="font-size:30px" align="right">{{m .Total}}</td></tr></table>
<p>{{w "fare"}} ({{w "km"}})</p><table width="100%">{{range .Lines}}<tr><td>{{h .Name}}</td><td align="right">{{m .Amount}}</td></tr>{{end}}<tr><td>{{w "tip"}}</td><td align="right">{{m .Tip}}</td></tr></table>
<p>{{w "paid"}}</p><table width="100%"><tr><td>{{.Method}}</td><td align="right">{{m .Total}}</td></tr></table><p style="font-size:10px">{{h .Vendor.Address}}, {{.Vendor.Phone}}</p></body></html>
`))
		},
	}
}

// inn is a stay, in the HTML of a desktop program and Latin 1.
func inn() layout.Layout {
	return layout.Layout{
		Name: "tu-inn", Count: 8, Locales: "en-US de-DE es-ES it-IT pt-PT", Categories: "lodging",
		Kind: mailset.KindInvoice, Source: mailset.SourceHTML, Tells: "tax order items",
		Terms: purchase.Terms{Least: 2, Most: 4, Quantity: 3, Rates: []int64{layout.Usual}}, Order: "####/##",
		Words: `
		| subject                   | thx                                        | nr            | date          | qty  | what          | price        | sum       | incl             | total
en-US	| Your invoice              | it was a pleasure having you with us.      | Invoice no.   | Invoice date  | Nos. | Description   | Amount       | Charges   | Occupancy tax    | Invoice total
de-DE	| Ihre Rechnung             | es war schön, Sie bei uns zu haben.        | Rechnungsnr.  | Rechnungsdatum| Anz. | Leistung      | Betrag       | Leistungen| enthaltene MwSt. | Rechnungsbetrag
es-ES	| Su factura                | ha sido un placer tenerle con nosotros.    | N.º factura   | Fecha factura | Uds. | Descripción   | Importe      | Cargos    | IVA incluido     | Total factura
it-IT	| La Sua fattura            | è stato un piacere averLa nostro ospite.   | Fattura n.    | Data fattura  | Q.   | Descrizione   | Importo      | Addebiti  | IVA inclusa      | Totale fattura
pt-PT	| A sua fatura              | foi um prazer recebê-lo.                   | Fatura n.º    | Data da fatura| Qt.  | Descrição     | Valor        | Consumos  | IVA incluído     | Total da fatura
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}} {{.Order}}`, Charset: "iso-8859-1",
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/html", "windows-1252", envelope.QuotedPrintable, d.Write(`<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta name=Generator content="Word 12"></head><body lang=EN link=blue><div class=Section1>
<p class=MsoNormal><span style='font-size:10.0pt;font-family:Arial'>{{h .Reader.Name}}, {{w "thx"}}<o:p></o:p></span></p>
<p class=MsoNormal><span style='font-size:10.0pt'>{{w "nr"}} {{.Order}}<br>{{w "date"}}: {{long .Day}}<o:p></o:p></span></p>
<table class=MsoNormalTable border=1><tr><td><p class=MsoNormal>{{w "qty"}}</p></td><td><p class=MsoNormal>{{w "what"}}</p></td><td><p class=MsoNormal>{{w "price"}}</p></td></tr>
{{range .Lines}}<tr><td><p class=MsoNormal>{{.Quantity}}</p></td><td><p class=MsoNormal>{{h .Name}}</p></td><td><p class=MsoNormal align=right>{{n .Amount}}</p></td></tr>{{end}}
<tr><td></td><td><p class=MsoNormal>{{w "sum"}}</p></td><td><p class=MsoNormal align=right>{{n .Goods}}</p></td></tr>
{{range .Taxes}}<tr><td></td><td><p class=MsoNormal>{{w "incl"}} {{p .Rate}}%</p></td><td><p class=MsoNormal align=right>{{n .Amount}}</p></td></tr>{{end}}
<tr><td></td><td><p class=MsoNormal><b>{{w "total"}}</b></p></td><td><p class=MsoNormal align=right><b>{{n .Total}} {{.Currency}}</b></p></td></tr></table>
<p class=MsoNormal>{{h .Vendor.Legal}}, {{h .Vendor.Address}}, {{.Vendor.Phone}}<o:p></o:p></p></div></body></html>
`))
		},
	}
}

// monthly is a bill of a telephone company, a line for each fact.
func monthly() layout.Layout {
	return layout.Layout{
		Name: "tu-monthly", Count: 8, Locales: "en-US en-GB de-DE es-ES pt-BR", Categories: "telecom",
		Kind: mailset.KindInvoice, Source: mailset.SourceText, Tells: "tax order",
		Terms: purchase.Terms{Least: 2, Most: 3, Rates: []int64{layout.Usual}, Added: true}, Order: "RE########",
		Words: `
		| subject                    | text                                          | nr                 | date            | net             | tax      | total                 | due
en-US	| Your monthly bill is here  | A new bill is ready in your account.          | Bill number        | Bill issued     | Plan charges    | Taxes    | Amount due            | AutoPay date
en-GB	| Your new bill is here      | Your new bill is ready to look at online.     | Invoice number     | Issued          | Charges ex VAT  | VAT      | Amount due            | Direct Debit date
de-DE	| Ihre Mobilfunkrechnung     | Ihre neue Rechnung steht online für Sie bereit.| Rechnungsnummer   | Rechnung vom    | Nettobetrag     | MwSt.    | Rechnungsbetrag       | Abbuchung am
es-ES	| Tu factura del mes         | Ya puedes ver tu nueva factura.               | Número de factura  | Fecha           | Base            | IVA      | Total de la factura   | Cargo en cuenta
pt-BR	| Sua fatura chegou          | Sua fatura deste mês já está disponível.      | Número da fatura   | Emissão         | Serviços        | Tributos | Valor da fatura       | Vencimento
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/plain", "utf-8", envelope.Base64, d.Write(`{{.Reader.Name}}

{{w "text"}}

* {{w "nr"}}: {{.Order}}
* {{w "date"}}: {{long .Day}}
{{range .Lines}}  - {{.Name}}: {{m .Amount}}
{{end}}* {{w "net"}}: {{m .Net}}
{{range .Taxes}}* {{w "tax"}} ({{p .Rate}}%): {{m .Amount}}
{{end}}* {{w "total"}}: {{m .Total}}
* {{w "due"}}: {{long (in 10 .Day)}}

https://{{.Vendor.Domain}}/bill

{{.Vendor.Legal}} - {{.Vendor.Address}}
`))
		},
	}
}
