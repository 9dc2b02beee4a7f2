package tuned

import (
	"github.com/airlock-run/airlock/internal/mailset"
	"github.com/airlock-run/airlock/internal/mailset/envelope"
	"github.com/airlock-run/airlock/internal/mailset/layout"
	"github.com/airlock-run/airlock/internal/mailset/purchase"
)

// words is a note of thanks of a school or an insurer, in two sentences.
func words() layout.Layout {
	return layout.Layout{
		Name: "tu-words", Count: 7, Locales: "en-GB de-DE es-ES nl-NL pt-BR en-US", Categories: "insurance education",
		Kind: mailset.KindReceipt, Source: mailset.SourceText, Tells: "order payment",
		Terms: purchase.Terms{Least: 1, Most: 1}, Order: "KV-######", Paid: "card,bank",
		Words: `
		| subject               | got                                  | on            | for                  | with                        | nr                              | keep                                        | card          | bank
en-GB	| Payment received      | Thank you. We have received          | on            | for                  | Your payment was made by    | and your receipt number is      | Please keep this email as your receipt.     | debit card    | bank transfer
de-DE	| Zahlungsbestätigung   | Vielen Dank. Wir haben               | am            | erhalten für         | Gezahlt haben Sie per       | Ihre Quittungsnummer lautet     | Bitte bewahren Sie diese E-Mail als Beleg auf. | Kreditkarte | Überweisung
es-ES	| Recibo de pago        | Gracias. Hemos cobrado               | el            | por                  | El pago se hizo con         | y su recibo es el               | Conserve este correo como recibo.           | tarjeta       | transferencia
nl-NL	| Ontvangstbevestiging  | Dank u wel. Wij ontvingen            | op            | voor                 | U betaalde met              | en uw bewijsnummer is           | Bewaar deze e-mail als betaalbewijs.        | creditcard    | overschrijving
pt-BR	| Recibo de pagamento   | Obrigado. Recebemos                  | em            | referente a          | O pagamento foi feito com   | e o número do recibo é          | Guarde este e-mail como comprovante.        | cartão        | boleto
en-US	| Tuition payment receipt | Thank you! We received             | on            | for                  | You paid with               | and your receipt number is      | Please keep this email for your taxes.      | credit card   | check
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}}`, Charset: "iso-8859-1",
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/plain", "windows-1252", envelope.QuotedPrintable, d.Write(`{{.Reader.Name}}:

{{w "got"}} {{m .Total}} {{w "on"}} {{long .Day}} {{w "for"}} {{(index .Lines 0).Name}}. {{w "with"}} {{.Method}}, {{w "nr"}} {{.Order}}. {{w "keep"}}

{{.Vendor.Legal}}, {{.Vendor.Address}}, {{.Vendor.Phone}}
`))
		},
	}
}

// current is a bill for power or water whose sums stand in a table of HTML, with
// what was used, and the bill before it.
func current() layout.Layout {
	return layout.Layout{
		Name: "tu-current", Count: 8, Locales: "en-US de-DE fr-FR it-IT pt-PT", Categories: "utilities",
		Kind: mailset.KindInvoice, Source: mailset.SourceHTML, Tells: "tax order items",
		Terms: purchase.Terms{Least: 2, Most: 3, Rates: []int64{layout.Usual}, Added: true}, Order: "###-###-###",
		Words: `
		| subject                     | text                              | nr               | date             | used                    | net              | tax         | total                 | last                   | paid                     | by
en-US	| Your energy bill            | Your bill at a glance             | Bill number      | Bill date        | Used: 612 kWh           | Current charges  | State tax   | Total for this bill   | Previous bill          | Payment received         | Please pay by
de-DE	| Ihre Stromrechnung          | Ihre Rechnung auf einen Blick     | Rechnung Nr.     | Rechnungsdatum   | Verbrauch: 287 kWh      | Summe netto      | USt.        | Rechnungssumme brutto | Vorherige Rechnung     | Ihre Zahlung             | Fällig am
fr-FR	| Votre facture d'eau         | Votre facture en un coup d'œil    | Facture n°       | Date de facture  | Consommation : 46 m3    | Total hors taxes | TVA         | Total de la facture   | Facture précédente     | Votre règlement          | À payer avant le
it-IT	| La tua bolletta             | La bolletta in breve              | Bolletta n.      | Data di emissione| Consumo: 38 mc          | Totale imponibile| IVA         | Totale da pagare      | Bolletta precedente    | Pagamento ricevuto       | Entro il
pt-PT	| A sua fatura de energia     | A sua fatura em resumo            | Fatura n.º       | Data de emissão  | Consumo: 241 kWh        | Total sem IVA    | IVA         | Total a pagar         | Fatura anterior        | Pagamento recebido       | Pagar até
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}} – {{.Order}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("alternative", d.Boundary(),
				envelope.Text("text/plain", "utf-8", envelope.QuotedPrintable, d.Write("{{w \"subject\"}}: {{w \"total\"}} {{m .Total}}\n")),
				envelope.Text("text/html", "utf-8", envelope.QuotedPrintable, d.Write(`<html><body><h2 style="color:#080">{{h .Vendor.Name}}</h2><h3>{{w "text"}}</h3><table border="0" cellpadding="3">
<tr><td>{{w "nr"}}</td><td>{{.Order}}</td></tr><tr><td>{{w "date"}}</td><td>{{day .Day}}</td></tr><tr><td colspan="2">{{w "used"}}</td></tr>
<tr><td>{{w "last"}}</td><td>{{m (part 108 .Total)}}</td></tr><tr><td>{{w "paid"}}</td><td>{{m (minus (part 108 .Total))}}</td></tr>
{{range .Lines}}<tr><td>{{h .Name}}</td><td>{{m .Amount}}</td></tr>{{end}}
<tr><td>{{w "net"}}</td><td>{{m .Net}}</td></tr>{{range .Taxes}}<tr><td>{{w "tax"}} {{p .Rate}}%</td><td>{{m .Amount}}</td></tr>{{end}}
<tr bgcolor="#ddffdd"><td><b>{{w "total"}}</b></td><td><b>{{m .Total}}</b></td></tr><tr><td>{{w "by"}}</td><td>{{day (in 21 .Day)}}</td></tr></table>
<p><font size="1">{{h .Vendor.Legal}}, {{h .Vendor.Address}}, {{.Vendor.Phone}}</font></p></body></html>
`)))
		},
	}
}

// sentOn is a receipt in text that its owner forwarded to themselves from a web
// mailer.
func sentOn() layout.Layout {
	return layout.Layout{
		Name: "tu-sent-on", Count: 7, Locales: "en-GB it-IT es-ES pt-PT nl-NL", Categories: "shopping office",
		Kind: mailset.KindReceipt, Source: mailset.SourceText, Tells: "order items tax",
		Terms: purchase.Terms{Least: 1, Most: 3, Quantity: 2, Rates: []int64{layout.Usual}}, Order: "ORD######",
		Words: `
		| fwd | line                               | from | date | subj   | to   | subject                | thx                          | nr              | on            | total           | tax
en-GB	| Fwd | ---------- Forwarded message --------- | From | Date | Subject | To  | Your receipt           | Thanks for buying from us.   | Order           | Bought on     | Total charged   | including VAT
it-IT	| Fwd | ---------- Messaggio inoltrato --------- | Da | Data | Oggetto | A  | La tua ricevuta        | Grazie dell'acquisto.        | Ordine          | Acquistato il | Totale addebitato | IVA compresa
es-ES	| Fwd | ---------- Mensaje reenviado --------- | De   | Fecha | Asunto | Para | Tu recibo             | Gracias por tu compra.       | Pedido          | Comprado el   | Total cobrado   | IVA incluido
pt-PT	| Fwd | ---------- Mensagem encaminhada --------- | De | Data | Assunto | Para | O seu recibo         | Obrigado pela compra.        | Encomenda       | Comprado em   | Total cobrado   | IVA incluído
nl-NL	| Fwd | ---------- Doorgestuurd bericht --------- | Van | Datum | Onderwerp | Aan | Je bon              | Bedankt voor je bestelling.  | Bestelling      | Gekocht op    | Totaal afgeschreven | inclusief btw
`,
		From: `{{.Reader.Name}}`, Subject: `{{w "fwd"}}: {{w "subject"}}`,
		Change: func(d *layout.Draft) { d.From.Mailbox = d.Reader.Mailbox },
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/plain", "utf-8", envelope.QuotedPrintable, d.Write(`{{w "line"}}
{{w "from"}}: {{.Vendor.Name}} <orders@{{.Vendor.Domain}}>
{{w "date"}}: {{long (in 1 .Day)}}
{{w "subj"}}: {{w "subject"}}
{{w "to"}}: <{{.Reader.Mailbox}}>


{{w "thx"}}

{{w "nr"}} {{.Order}}, {{w "on"}} {{day .Day}}

{{range .Lines}}{{.Quantity}} x {{.Name}} = {{m .Amount}}
{{end}}
{{w "total"}}: {{m .Total}}
{{range .Taxes}}({{w "tax"}} {{p .Rate}}%: {{m .Amount}})
{{end}}
{{.Vendor.Legal}}
{{.Vendor.Address}}
`))
		},
	}
}

// deposit is paid in a currency that isn't that of the reader's country, and says
// what comes of it in theirs.
func deposit() layout.Layout {
	return layout.Layout{
		Name: "tu-deposit", Count: 6, Locales: "en-US fr-FR it-IT nl-NL", Categories: "software/saas", Currency: "CHF",
		Kind: mailset.KindReceipt, Source: mailset.SourceHTML, Tells: "order items payment",
		Terms: purchase.Terms{Least: 1, Most: 2, Quantity: 2}, Order: "CH-####-###", Paid: "Visa,Mastercard",
		Words: `
		| subject              | text                              | nr             | on              | total           | about                   | how
en-US	| Subscription receipt | You were charged for              | Receipt ID     | Charged on      | Total charged   | approximately           | Card
fr-FR	| Reçu d'abonnement    | Vous avez été débité pour         | Reçu           | Débité le       | Total débité    | soit environ            | Carte
it-IT	| Ricevuta abbonamento | Ti abbiamo addebitato             | ID ricevuta    | Addebitato il   | Totale addebitato | circa                 | Carta
nl-NL	| Abonnementsbon       | Er is afgeschreven voor           | Bon-ID         | Afgeschreven op | Totaal afgeschreven | ongeveer            | Kaart
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}} ({{.Order}})`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/html", "utf-8", envelope.Base64, d.Write(`<section><header>{{h .Vendor.Legal}}</header><article><p>{{w "text"}}</p>{{range .Lines}}<p><span>{{.Quantity}} × {{h .Name}}</span> <span style="float:right">{{m .Amount}}</span></p>{{end}}
<p><strong>{{w "total"}}</strong> <strong style="float:right">{{m .Total}}</strong></p><p>({{w "about"}} {{n (part 107 .Total)}} {{if eq .Vendor.Locale "en-US"}}USD{{else}}EUR{{end}})</p></article>
<footer><p>{{w "nr"}} {{.Order}} · {{w "on"}} {{long .Day}} · {{w "how"}} {{.Method}} {{fill "####"}}</p><p>{{h .Vendor.Address}} · {{.Vendor.Phone}}</p></footer></section>
`))
		},
	}
}
