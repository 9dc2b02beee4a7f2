package heldout

import (
	"github.com/airlock-run/airlock/internal/mailset"
	"github.com/airlock-run/airlock/internal/mailset/envelope"
	"github.com/airlock-run/airlock/internal/mailset/layout"
	"github.com/airlock-run/airlock/internal/mailset/purchase"
)

func services() []layout.Layout {
	return []layout.Layout{ride(), seats(), folio(), flight(), forwarded()}
}

// ride has the total as its headline, before any word says what it is.
func ride() layout.Layout {
	return layout.Layout{
		Name: "ho-ride", Count: 6, Locales: "en-US en-GB es-ES pt-BR", Categories: "transport/ride",
		Kind: mailset.KindReceipt, Source: mailset.SourceHTML, Tells: "payment",
		Terms: purchase.Terms{Least: 1, Most: 1, Tip: true, Discount: true},
		Paid:  "Visa,Mastercard,Apple Pay",
		Words: `
		| subject                         | thanks                      | fare      | promo        | tip         | paid                 | driver                 | km            | rate                   | offer
en-US	| Your Tuesday trip with          | Thanks for riding,          | Trip fare | Promotion    | Tip         | Charged              | You rode with          | 7.42 mi, 22 min | Rate your trip       | Get $5.00 off: share your code
en-GB	| Your Friday journey with        | Thanks for travelling,      | Fare      | Promotion    | Gratuity    | Taken                | Your driver was        | 6.18 mi, 19 min | Rate your journey    | £5.00 for you and £5.00 for a friend
es-ES	| Tu viaje del jueves con         | Gracias por viajar,         | Tarifa    | Promoción    | Propina     | Cobrado              | Tu conductora fue      | 8,31 km, 17 min | Valora el viaje      | Consigue 5,00 € invitando a alguien
pt-BR	| Sua corrida de sábado com       | Obrigado por viajar,        | Tarifa    | Promoção     | Gorjeta     | Cobrado              | Você viajou com        | 9,05 km, 24 min | Avalie a corrida     | Ganhe R$ 10,00 indicando amigos
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}} {{.Vendor.Name}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/html", "utf-8", envelope.QuotedPrintable, d.Write(`<!DOCTYPE html><html><head><meta charset="utf-8"><style>
.amt{font-size:44px;font-weight:300}.row{overflow:hidden}.l{float:left}.r{float:right}</style></head><body>
<div class="top"><div class="logo">{{h .Vendor.Name}}</div><div class="when">{{short .Day}}</div></div>
<div class="amt">{{m .Total}}</div>
<p>{{w "thanks"}} {{.Reader.First}}</p>
<div class="row"><span class="l">{{w "fare"}}</span><span class="r">{{m .Goods}}</span></div>
<div class="row"><span class="l">{{w "promo"}}</span><span class="r">{{m (minus .Discount)}}</span></div>
{{range .Taxes}}<div class="row"><span class="l">{{p .Rate}}%</span><span class="r">{{m .Amount}}</span></div>{{end}}
<div class="row"><span class="l">{{w "tip"}}</span><span class="r">{{m .Tip}}</span></div>
<div class="row" style="border-top:1px solid"><span class="l">{{w "paid"}}<br>{{.Method}} ••{{fill "####"}}</span><span class="r">{{m .Total}}</span></div>
<div>{{w "driver"}} {{(index .Lines 0).Name}} · {{w "km"}}</div>
<div><a href="https://{{.Vendor.Domain}}/r">{{w "rate"}}</a></div>
<div style="background:#222;color:#fff">{{w "offer"}}</div>
<div>{{h .Vendor.Legal}}, {{h .Vendor.Address}}, {{.Vendor.Phone}}</div></body></html>
`))
		},
	}
}

// seats is a subscription paid in a currency that isn't the reader's, with a line
// that says what it comes to in theirs, and JSON-LD of a type nobody expects.
func seats() layout.Layout {
	return layout.Layout{
		Name: "ho-seats", Count: 6, Locales: "en-US en-GB nl-NL de-DE", Categories: "software/saas",
		Kind: mailset.KindInvoice, Source: mailset.SourceHTML, Tells: "tax order items payment", Currency: "USD",
		Terms: purchase.Terms{Least: 2, Most: 4, Quantity: 6, Rates: []int64{layout.Usual}, Added: true},
		Order: "????-######", Paid: "Visa,Mastercard",
		Words: `
		| subject                      | paid                                  | no               | issued        | billed     | from      | what          | qty     | unit         | amount   | net          | tax        | total               | about                                    | card
en-US	| Invoice from                 | We processed your subscription payment. | Invoice number | Date of issue | Billed to  | Seller    | Description   | Units   | Unit price   | Amount   | Net amount   | Sales tax  | Invoice total       | Converted at 0.9134, your bank may show  | Settled by
en-GB	| Invoice from                 | Your subscription has renewed.        | Invoice number   | Issued on     | Billed to  | Seller    | Description   | Units   | Unit price   | Amount   | Net amount   | VAT        | Invoice total       | Converted at 0.7871, your bank may show  | Settled by
nl-NL	| Factuur van                  | Je abonnement is verlengd.            | Factuurnummer    | Factuurdatum  | Klant      | Verkoper  | Omschrijving  | Aantal  | Stukprijs    | Bedrag   | Netto        | BTW        | Factuurtotaal       | Koers 0,9134, op je afschrift ongeveer   | Voldaan met
de-DE	| Rechnung von                 | Ihr Abonnement wurde verlängert.      | Belegnummer      | Ausgestellt am| Kunde      | Anbieter  | Leistung      | Anzahl  | Einzelpreis  | Betrag   | Netto        | USt.       | Rechnungssumme      | Kurs 0,9134, auf Ihrem Konto etwa        | Beglichen mit
`,
		From: `{{.Vendor.Name}} Billing`, Subject: `{{w "subject"}} {{.Vendor.Name}} ({{.Order}})`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("alternative", d.Boundary(),
				envelope.Text("text/plain", "utf-8", envelope.Base64, d.Write(`{{w "paid"}}

{{w "no"}}: {{.Order}}
{{w "issued"}}: {{long .Day}}
{{range .Lines}}* {{.Name}} ({{.Quantity}} x {{m .Price}}): {{m .Amount}}
{{end}}{{w "net"}}: {{m .Net}}
{{range .Taxes}}{{w "tax"}} {{p .Rate}}%: {{m .Amount}}
{{end}}{{w "total"}}: {{m .Total}}
{{w "card"}} {{.Method}}
`)),
				envelope.Text("text/html", "utf-8", envelope.Base64, d.Write(`<html><head><script type="application/ld+json">
{"@context":"https://schema.org","@type":"EmailMessage","potentialAction":{"@type":"ViewAction","name":"View","target":"https://{{.Vendor.Domain}}/billing"}}</script></head>
<body style="font-family:Arial"><table><tr><td>{{w "paid"}}</td></tr></table>
<table cellspacing="12"><tr><td valign="top"><small>{{w "from"}}</small><br>{{h .Vendor.Legal}}<br>{{h .Vendor.Address}}</td>
<td valign="top"><small>{{w "billed"}}</small><br>{{h .Reader.Name}}<br>{{h .Reader.Street}}<br>{{h .Reader.Town}}</td>
<td valign="top"><small>{{w "no"}}</small><br>{{.Order}}<br><small>{{w "issued"}}</small><br>{{long .Day}}</td></tr></table>
<table border="1" cellpadding="4" style="border-collapse:collapse"><thead><tr><td>{{w "what"}}</td><td>{{w "qty"}}</td><td>{{w "unit"}}</td><td>{{w "amount"}}</td></tr></thead>
<tbody>{{range .Lines}}<tr><td>{{h .Name}}</td><td>{{.Quantity}}</td><td>{{m .Price}}</td><td>{{m .Amount}}</td></tr>{{end}}</tbody>
<tfoot><tr><td colspan="3">{{w "net"}}</td><td>{{m .Net}}</td></tr>{{range .Taxes}}<tr><td colspan="3">{{w "tax"}} {{p .Rate}}%</td><td>{{m .Amount}}</td></tr>{{end}}
<tr><th colspan="3">{{w "total"}}</th><th>{{m .Total}}</th></tr></tfoot></table>
<p>{{w "card"}} {{.Method}} ({{fill "####"}})</p><p style="color:gray">{{w "about"}} {{n (part 91 .Total)}} {{if eq .Vendor.Locale "en-GB"}}GBP{{else}}EUR{{end}}.</p></body></html>
`)))
		},
	}
}

// folio is a hotel's bill when the guest has gone: a deposit paid before, taxes
// of two kinds, and a balance of nothing.
func folio() layout.Layout {
	return layout.Layout{
		Name: "ho-folio", Count: 6, Locales: "fr-FR es-ES it-IT en-GB", Categories: "lodging",
		Kind: mailset.KindInvoice, Source: mailset.SourceHTML, Tells: "tax order",
		Terms: purchase.Terms{Least: 3, Most: 4, Quantity: 4, Rates: []int64{layout.Both}},
		Order: "F#####/##",
		Words: `
		| subject                          | dear              | stay                                     | bill        | date              | arr       | dep       | date2  | desc          | debit    | charges                  | vat         | base     | deposit             | card                | balance          | bye
fr-FR	| Votre séjour : facture           | Cher client,      | merci d'avoir séjourné chez nous.        | Facture n°  | Établie le        | Arrivée   | Départ    | Date   | Prestation    | Montant  | Total de votre séjour TTC| TVA         | Base HT  | Acompte versé       | Solde réglé par CB  | Reste dû         | Au plaisir de vous revoir
es-ES	| Su estancia: factura             | Estimado cliente: | gracias por alojarse con nosotros.       | Factura nº  | Fecha de factura  | Entrada   | Salida    | Fecha  | Servicio      | Importe  | Total estancia           | IVA         | Base     | Depósito anticipado | Pagado con tarjeta  | Saldo            | Esperamos verle pronto
it-IT	| Il suo soggiorno: fattura        | Gentile ospite,   | grazie per aver soggiornato da noi.      | Fattura n.  | Data fattura      | Arrivo    | Partenza  | Data   | Servizio      | Importo  | Totale soggiorno         | IVA         | Impon.   | Caparra versata     | Saldo con carta     | Residuo          | A presto
en-GB	| Your stay: folio                 | Dear guest,       | thank you for staying with us.           | Folio no.   | Invoice date      | Arrived   | Departed  | Date   | Service       | Charge   | Total charges            | VAT         | Net      | Deposit received    | Settled by card     | Balance          | Haste ye back
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}} {{.Order}}`, Charset: "windows-1252",
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/html", "windows-1252", envelope.QuotedPrintable, d.Write(`<HTML><BODY>
<FONT FACE="Verdana" SIZE="2"><CENTER><B>{{h .Vendor.Name}}</B><BR>{{h .Vendor.Address}}<BR>{{.Vendor.Phone}}</CENTER>
<P>{{w "dear"}} {{w "stay"}}</P>
<P>{{w "bill"}} {{.Order}}<BR>{{w "date"}}: {{day .Day}}<BR>{{w "arr"}}: {{day (in -3 .Day)}} &nbsp; {{w "dep"}}: {{day .Day}}</P>
<TABLE BORDER=0 WIDTH=560><TR BGCOLOR="#DDDDCC"><TD>{{w "date2"}}<TD>{{w "desc"}}<TD ALIGN=RIGHT>{{w "debit"}}
{{$d := .Day}}{{range .Lines}}<TR><TD>{{day (in -1 $d)}}<TD>{{.Quantity}} {{h .Name}}<TD ALIGN=RIGHT>{{n .Amount}}
{{end}}<TR><TD COLSPAN=2><B>{{w "charges"}}</B><TD ALIGN=RIGHT><B>{{m .Total}}</B>
<TR><TD><TD>{{w "deposit"}} {{day (in -40 .Day)}}<TD ALIGN=RIGHT>{{n (minus (part 30 .Total))}}
<TR><TD><TD>{{w "card"}}<TD ALIGN=RIGHT>{{n (minus (sum .Total (minus (part 30 .Total))))}}
<TR><TD><TD>{{w "balance"}}<TD ALIGN=RIGHT>{{n 0}}</TABLE>
<TABLE BORDER=0><TR><TD>{{w "vat"}}<TD>{{w "base"}}<TD>{{w "vat"}}
{{range .Taxes}}<TR><TD>{{p .Rate}} %<TD ALIGN=RIGHT>{{n .Base}}<TD ALIGN=RIGHT>{{n .Amount}}
{{end}}</TABLE><P>{{w "bye"}}<BR>{{h .Vendor.Legal}}</FONT></BODY></HTML>
`))
		},
	}
}

// flight is an itinerary first and a receipt at its end.
func flight() layout.Layout {
	return layout.Layout{
		Name: "ho-flight", Count: 6, Locales: "en-US es-ES fr-FR pt-BR", Categories: "travel/air",
		Kind: mailset.KindReceipt, Source: mailset.SourceHTML, Tells: "order payment",
		Terms: purchase.Terms{Least: 2, Most: 4}, Order: "??#???", Paid: "American Express,Visa",
		Words: `
		| subject                            | conf                  | pass       | out        | back       | ticket            | issued          | receipt            | each              | total                      | form            | rules
en-US	| eTicket itinerary and receipt      | Confirmation code     | Passenger  | Departs    | Returns    | Ticket number     | Date of issue   | Purchase summary   | Per passenger     | Total per passenger        | Form of payment | Changes from $99.00 plus any fare difference. Bags over 50 lb: $100.00.
es-ES	| Billete electrónico y recibo       | Localizador           | Pasajero   | Ida        | Vuelta     | Nº de billete     | Fecha de emisión| Detalle de la compra | Por pasajero    | Importe total del billete  | Forma de pago   | Cambios desde 45,00 € más la diferencia de tarifa. Exceso de equipaje: 60,00 €.
fr-FR	| Billet électronique et reçu        | Code de réservation   | Passager   | Aller      | Retour     | Numéro de billet  | Date d'émission | Détail du prix     | Par passager      | Prix total du billet       | Mode de paiement| Modification à partir de 39,00 € plus la différence tarifaire. Excédent : 55,00 €.
pt-BR	| Bilhete eletrônico e recibo        | Localizador           | Passageiro | Ida        | Volta      | Número do bilhete | Data de emissão | Resumo da compra   | Por passageiro    | Valor total do bilhete     | Forma de pagamento | Remarcação a partir de R$ 150,00 mais a diferença. Excesso: R$ 180,00.
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}} – {{.Order}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("mixed", d.Boundary(),
				envelope.Text("text/html", "utf-8", envelope.Base64, d.Write(`<html><body><table width="700"><tr><td bgcolor="#003"><font color="white" size="5">{{h .Vendor.Name}}</font></td></tr>
<tr><td>{{w "conf"}}: <font size="5">{{.Order}}</font></td></tr>
<tr><td><table width="100%"><tr><td>{{w "out"}}</td><td>{{short (in 24 .Day)}} 07:15</td><td>{{h (index .Lines 0).Name}}</td></tr><tr><td>{{w "back"}}</td><td>{{short (in 29 .Day)}} 18:40</td><td>{{h (index .Lines 1).Name}}</td></tr></table></td></tr>
<tr><td>{{w "pass"}}: {{h .Reader.Name}}<br>{{w "ticket"}}: {{fill "### ##########"}}<br>{{w "issued"}}: {{short .Day}}</td></tr>
<tr><td><b>{{w "receipt"}}</b><table>{{range .Lines}}<tr><td>{{h .Name}}</td><td>{{c .Amount}}</td></tr>{{end}}
<tr><td>{{w "total"}}</td><td><b>{{c .Total}}</b></td></tr></table>{{w "form"}}: {{.Method}} XXXX{{fill "####"}}</td></tr>
<tr><td><font size="1">{{w "rules"}}</font></td></tr></table></body></html>
`)),
				envelope.Text("text/calendar; method=PUBLISH", "utf-8", envelope.QuotedPrintable, d.Write(`BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:{{.Order}}@{{.Vendor.Domain}}
DTSTART:{{(in 24 .Day).Format "20060102"}}T071500Z
SUMMARY:{{(index .Lines 0).Name}}
END:VEVENT
END:VCALENDAR
`)))
		},
	}
}

// forwarded is a receipt its owner sent on to themselves from a desktop program,
// with the first mail's header in the body and nothing added but "fyi".
func forwarded() layout.Layout {
	return layout.Layout{
		Name: "ho-forwarded", Count: 6, Locales: "en-US de-DE fr-FR", Categories: "education software/saas shopping insurance",
		Kind: mailset.KindReceipt, Source: mailset.SourceHTML, Tells: "order payment",
		Terms: purchase.Terms{Least: 1, Most: 2, Rates: []int64{layout.Usual}}, Order: "######", Paid: "Mastercard,Visa",
		Words: `
		| fw  | note            | from  | sent      | to   | subj     | title                       | thx                                   | nr                 | on            | sum             | tax              | by
en-US	| FW  | for the books   | From: | Sent:     | To:  | Subject: | Receipt for your payment to | This is to confirm that we received   | Reference          | Payment date  | You paid        | of which tax     | using
de-DE	| WG  | für die Ablage  | Von:  | Gesendet: | An:  | Betreff: | Zahlungsbeleg von           | Hiermit bestätigen wir den Eingang von| Vorgangsnummer     | Zahlungsdatum | Sie haben gezahlt | enthaltene MwSt. | mit
fr-FR	| TR  | pour la compta  | De :  | Envoyé :  | À :  | Objet :  | Justificatif de paiement    | Nous confirmons avoir bien reçu       | Référence          | Date du paiement | Vous avez payé  | dont TVA         | par
`,
		From: `{{.Reader.Name}}`, Subject: `{{w "fw"}}: {{w "title"}} {{.Vendor.Name}}`, Charset: "windows-1252",
		Change: func(d *layout.Draft) { d.From.Mailbox = d.Reader.Mailbox },
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/html", "windows-1252", envelope.QuotedPrintable, d.Write(`<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta name="Generator" content="Word 15 (filtered medium)">
<!--[if gte mso 9]><xml><o:shapedefaults v:ext="edit" spidmax="1026" /></xml><![endif]--><style><!-- p.MsoNormal{margin:0cm;font-size:11.0pt;font-family:"Calibri",sans-serif} --></style></head>
<body lang="x"><div class="WordSection1"><p class="MsoNormal">{{w "note"}}<o:p></o:p></p><p class="MsoNormal"><o:p>&nbsp;</o:p></p>
<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b>{{w "from"}}</b> {{h .Vendor.Name}} &lt;pay@{{.Vendor.Domain}}&gt; <br><b>{{w "sent"}}</b> {{long (in 1 .Day)}} 08:02<br><b>{{w "to"}}</b> {{h .Reader.Name}} &lt;{{.Reader.Mailbox}}&gt;<br><b>{{w "subj"}}</b> {{w "title"}} {{h .Vendor.Name}}<o:p></o:p></p></div>
<p class="MsoNormal"><o:p>&nbsp;</o:p></p>
<p class="MsoNormal">{{w "thx"}} <b>{{m .Total}}</b>.<o:p></o:p></p>
<table class="MsoNormalTable" border="0" cellpadding="0"><tr><td style="padding:.75pt"><p class="MsoNormal">{{w "nr"}}<o:p></o:p></p></td><td><p class="MsoNormal">{{.Order}}<o:p></o:p></p></td></tr>
<tr><td><p class="MsoNormal">{{w "on"}}<o:p></o:p></p></td><td><p class="MsoNormal">{{long .Day}}<o:p></o:p></p></td></tr>
{{range .Lines}}<tr><td><p class="MsoNormal">{{h .Name}}<o:p></o:p></p></td><td><p class="MsoNormal">{{m .Amount}}<o:p></o:p></p></td></tr>{{end}}
{{range .Taxes}}<tr><td><p class="MsoNormal">{{w "tax"}} ({{p .Rate}}&nbsp;%)<o:p></o:p></p></td><td><p class="MsoNormal">{{m .Amount}}<o:p></o:p></p></td></tr>{{end}}
<tr><td><p class="MsoNormal"><b>{{w "sum"}}</b><o:p></o:p></p></td><td><p class="MsoNormal"><b>{{m .Total}}</b> {{w "by"}} {{.Method}}<o:p></o:p></p></td></tr></table>
<p class="MsoNormal">{{h .Vendor.Legal}}, {{h .Vendor.Address}}<o:p></o:p></p></div></body></html>
`))
		},
	}
}
