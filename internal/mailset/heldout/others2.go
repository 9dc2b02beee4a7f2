package heldout

import (
	"github.com/airlock-run/airlock/internal/mailset/envelope"
	"github.com/airlock-run/airlock/internal/mailset/layout"
	"github.com/airlock-run/airlock/internal/mailset/paper"
	"github.com/airlock-run/airlock/internal/mailset/purchase"
)

// estimate is an offer that looks like an invoice in all but its name.
func estimate() layout.Layout {
	return layout.Layout{
		Name: "ho-estimate", Count: 7, Locales: "de-DE it-IT fr-FR en-GB es-ES nl-NL pt-PT", Categories: "office telecom",
		Terms: purchase.Terms{Least: 2, Most: 5, Quantity: 9, Rates: []int64{layout.Usual}, Added: true}, Order: "####-####",
		Words: `
		| subject                | text                                             | title            | nr            | until                      | net             | tax   | total
de-DE	| Ihr Angebot            | anbei unser Angebot, wie telefonisch besprochen. | ANGEBOT          | Angebots-Nr.  | Wir halten uns gebunden bis| Summe netto     | MwSt. | Angebotssumme
it-IT	| Preventivo richiesto   | in allegato il preventivo che ci ha chiesto.     | PREVENTIVO       | Preventivo n. | Offerta valida fino al     | Totale netto    | IVA   | Totale preventivo
fr-FR	| Votre devis            | vous trouverez ci-joint le devis demandé.        | DEVIS            | Devis n°      | Devis valable jusqu'au     | Total HT        | TVA   | Total TTC
en-GB	| Quotation as requested | please find our quotation attached.              | QUOTATION        | Quote no.     | Prices held until          | Net             | VAT   | Total
es-ES	| Presupuesto solicitado | adjuntamos el presupuesto que nos pidió.         | PRESUPUESTO      | Presupuesto nº| Oferta válida hasta        | Base imponible  | IVA   | Total
nl-NL	| Uw offerte             | bijgaand de gevraagde offerte.                   | OFFERTE          | Offertenr.    | Geldig tot                 | Netto           | BTW   | Totaal
pt-PT	| Fatura pró-forma       | segue a fatura pró-forma para aprovação.         | FATURA PRÓ-FORMA | Documento n.º | Válida até                 | Valor ilíquido  | IVA   | Total
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}} {{.Order}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("mixed", d.Boundary(),
				envelope.Text("text/plain", "utf-8", envelope.QuotedPrintable, d.Write("{{.Reader.Name}},\n\n{{w \"text\"}}\n\n{{.Vendor.Legal}}\n{{.Vendor.Phone}}\n")),
				envelope.File("application/pdf", d.Write(`{{w "title"}} {{.Order}}.pdf`), d.PDF(`.page 210 297
.font sans 9
.stops 20L 190R
{{.Vendor.Legal}} | {{day .Day}}
{{.Vendor.Address}} | {{.Vendor.Phone}}
.gap 15
{{.Reader.Name}}
{{.Reader.Street}}
{{.Reader.Town}}
.gap 15
.font sans 14 bold
{{w "title"}}
.font sans 10
{{w "nr"}} {{.Order}}
.gap 5
.stops 20L 120R 150R 190R
.rule 20 190
.gap 3
{{range .Lines}}{{.Name}} | {{.Quantity}} | {{n .Price}} | {{n .Amount}}
{{end}}.rule 20 190
.gap 3
{{w "net"}} | | | {{n .Goods}}
{{range .Taxes}}{{w "tax"}} {{p .Rate}} % | | | {{n .Amount}}
{{end}}.font sans 10 bold
{{w "total"}} | | | {{m .Total}}
.gap 8
.font sans 9
{{w "until"}} {{day (in 30 .Day)}}
`)))
		},
	}
}

// left is a cart nobody paid for.
func left() layout.Layout {
	return layout.Layout{
		Name: "ho-left", Count: 6, Locales: "es-ES en-US fr-FR ja-JP de-DE pt-PT", Categories: "shopping groceries office",
		Terms: purchase.Terms{Least: 1, Most: 3, Quantity: 2, Shipping: true},
		Words: `
		| subject                            | text                                             | ship        | sum               | go
es-ES	| ¿Te has olvidado de algo?          | Tu cesta te sigue esperando.                     | Envío       | Total de la cesta | Terminar la compra
en-US	| Still thinking it over?            | Your cart is saved and waiting.                  | Shipping    | Cart total        | Check out now
fr-FR	| Vous avez oublié quelque chose ?   | Votre panier vous attend toujours.               | Livraison   | Total du panier   | Finaliser ma commande
ja-JP	| お買い忘れはありませんか？         | カートに商品が残っています。                     | 送料        | カート合計        | ご購入手続きへ進む
de-DE	| Haben Sie etwas vergessen?         | Ihr Warenkorb wartet noch auf Sie.               | Versand     | Summe Warenkorb   | Zur Kasse gehen
pt-PT	| Esqueceu-se de alguma coisa?       | O seu carrinho continua à espera.                | Envio       | Total do carrinho | Concluir a compra
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/html", "utf-8", envelope.QuotedPrintable, d.Write(`<body><div style="max-width:600px;margin:auto"><h2>{{w "text"}}</h2>{{range .Lines}}<div style="padding:8px;border:1px solid #eee"><img src="https://{{$.Vendor.Domain}}/p/{{.Number}}.jpg" alt=""> {{h .Name}} · {{.Quantity}} · {{m .Amount}}</div>{{end}}
<p>{{w "ship"}}: {{m .Shipping}}<br><b>{{w "sum"}}: {{m .Total}}</b></p><p><a href="https://{{.Vendor.Domain}}/cart">{{w "go"}} &rarr;</a></p></div></body>
`))
		},
	}
}

// overdue asks for money a second time, and hasn't the invoice with it.
func overdue() layout.Layout {
	return layout.Layout{
		Name: "ho-overdue", Count: 6, Locales: "en-GB de-DE it-IT pt-BR es-ES nl-NL",
		Terms: purchase.Terms{Least: 1, Most: 2}, Order: "######",
		Words: `
		| subject                        | text
en-GB	| Friendly reminder              | our records show that an invoice sent to you some weeks ago is still open. If you have paid meanwhile, please ignore this note.
de-DE	| Zahlungserinnerung             | sicher ist es Ihrer Aufmerksamkeit entgangen, dass unsere Rechnung noch offen ist. Sollten Sie inzwischen gezahlt haben, betrachten Sie dieses Schreiben als gegenstandslos.
it-IT	| Sollecito di pagamento         | da un controllo contabile la nostra fattura risulta ancora aperta. Se nel frattempo ha già pagato, non tenga conto di questo messaggio.
pt-BR	| Lembrete de pagamento          | consta em nosso sistema uma fatura em aberto. Caso já tenha pago, desconsidere este aviso.
es-ES	| Recordatorio de pago           | según nuestros registros, nuestra factura sigue pendiente. Si ya la ha abonado, no tenga en cuenta este aviso.
nl-NL	| Betalingsherinnering           | volgens onze administratie staat onze factuur nog open. Heeft u intussen betaald, dan kunt u dit bericht als niet verzonden beschouwen.
`,
		From: `{{.Vendor.Legal}}`, Subject: `{{w "subject"}} ({{.Order}})`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/plain", "utf-8", envelope.EightBit, d.Write(`{{.Reader.Name}},

{{w "text"}}

{{.Order}}  {{day (in -40 .Day)}}  {{m .Total}}

{{.Vendor.Legal}}
{{.Vendor.Address}}
{{.Vendor.Phone}}
`))
		},
	}
}

// renews says what will be charged in a week.
func renews() layout.Layout {
	return layout.Layout{
		Name: "ho-renews", Count: 6, Locales: "en-US nl-NL de-DE ja-JP fr-FR pt-PT", Categories: "software/saas telecom",
		Terms: purchase.Terms{Least: 1, Most: 1, Rates: []int64{layout.Usual}}, Paid: "Visa,Mastercard",
		Words: `
		| subject                              | text                                               | then                 | with               | stop
en-US	| Your plan renews soon                | Nothing to do: your plan renews by itself on       | We will charge       | to your card       | Cancel any time before that day.
nl-NL	| Je abonnement wordt binnenkort verlengd | Je hoeft niets te doen: we verlengen op         | We schrijven dan af: | van je kaart       | Opzeggen kan tot die dag.
de-DE	| Ihr Abo verlängert sich bald         | Sie müssen nichts tun: Die Verlängerung erfolgt am | Dann buchen wir ab:  | von Ihrer Karte    | Bis dahin können Sie jederzeit kündigen.
ja-JP	| ご契約更新のお知らせ                 | ご契約は次の日に自動更新されます：                 | ご請求予定額：       | お支払いカード：   | 更新日前日まで解約いただけます。
fr-FR	| Votre abonnement se renouvelle bientôt | Rien à faire : renouvellement automatique le     | Nous prélèverons     | sur votre carte    | Résiliation possible jusqu'à cette date.
pt-PT	| A sua subscrição renova em breve     | Não precisa de fazer nada: a renovação é a         | Vamos cobrar         | no seu cartão      | Pode cancelar até esse dia.
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/html", "utf-8", envelope.QuotedPrintable, d.Write(`<html><body><p>{{.Reader.First}},</p><p>{{w "text"}} <b>{{long (in 7 .Day)}}</b>.</p><p>{{h (index .Lines 0).Name}}: {{w "then"}} <b>{{m .Total}}</b> {{w "with"}} {{.Method}} {{fill "####"}}. {{w "stop"}}</p><p>{{h .Vendor.Name}}</p></body></html>
`))
		},
	}
}

// wages is what an employer paid.
func wages() layout.Layout {
	return layout.Layout{
		Name: "ho-wages", Count: 6, Locales: "de-DE en-GB it-IT fr-FR pt-BR es-ES",
		Terms: purchase.Terms{Least: 2, Most: 4, Quantity: 9},
		Words: `
		| subject                  | text                               | title                | gross             | tax               | fund                 | net
de-DE	| Entgeltabrechnung        | Ihre Abrechnung liegt bei.         | Entgeltabrechnung    | Bruttolohn        | Lohnsteuer        | Sozialversicherung   | Auszahlungsbetrag
en-GB	| Your payslip             | This month's payslip is attached.  | Payslip              | Gross pay         | PAYE tax          | National Insurance   | Net pay
it-IT	| Busta paga del mese      | In allegato il cedolino.           | Cedolino paga        | Retribuzione lorda| IRPEF             | Contributi INPS      | Netto in busta
fr-FR	| Bulletin de paie         | Votre bulletin est joint.          | Bulletin de paie     | Salaire brut      | Impôt à la source | Cotisations          | Net à payer
pt-BR	| Holerite do mês          | Segue seu holerite.                | Demonstrativo de pagamento | Salário bruto | IRRF            | INSS                 | Líquido a receber
es-ES	| Nómina del mes           | Adjuntamos su nómina.              | Recibo de salarios   | Total devengado   | Retención IRPF    | Seguridad Social     | Líquido a percibir
`,
		From: `{{.Vendor.Legal}}`, Subject: `{{w "subject"}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("mixed", d.Boundary(),
				envelope.Text("text/plain", "utf-8", envelope.QuotedPrintable, d.Write("{{w \"text\"}}\n")),
				envelope.File("application/pdf", "doc.pdf", d.PDF(`{{$g := sum 245000 (part 30 .Total)}}.page 210 297
.font sans 14 bold
.stops 20L 190R
{{w "title"}} | {{.Vendor.Legal}}
.font sans 10
{{.Reader.Name}} | {{day .Day}}
.gap 8
{{w "gross"}} | {{n $g}}
{{w "tax"}} | {{n (minus (part 17 $g))}}
{{w "fund"}} | {{n (minus (part 11 $g))}}
.rule 20 190
.gap 3
.font sans 11 bold
{{w "net"}} | {{m (sum $g (minus (part 17 $g)) (minus (part 11 $g)))}}
`)))
		},
	}
}

// meeting is an invitation to one.
func meeting() layout.Layout {
	return layout.Layout{
		Name: "ho-meeting", Count: 5, Locales: "nl-NL ja-JP en-GB it-IT es-ES",
		Words: `
		| subject                      | text
nl-NL	| Budgetoverleg                | Neem de offertes mee; het plafond is € 12.000,00.
ja-JP	| 予算会議                     | 見積書をご持参ください。上限は￥1,200,000です。
en-GB	| Budget review                | Bring the quotes along; our ceiling is £12,000.00.
it-IT	| Riunione sul budget          | Portate i preventivi; il tetto è 12.000,00 €.
es-ES	| Reunión de presupuesto       | Traed las ofertas; el tope es 12.000,00 €.
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}} – {{long (in 5 .Day)}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("alternative", d.Boundary(),
				envelope.Text("text/plain", "utf-8", envelope.Base64, d.Write("{{w \"subject\"}}\n{{long (in 5 .Day)}} 14:00\n{{w \"text\"}}\n")),
				envelope.Text("text/calendar; method=REQUEST", "utf-8", envelope.Base64, d.Write("BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:{{fill \"########\"}}@{{.Vendor.Domain}}\nDTSTART:{{(in 5 .Day).Format \"20060102\"}}T140000\nSUMMARY:{{w \"subject\"}}\nDESCRIPTION:{{w \"text\"}}\nEND:VEVENT\nEND:VCALENDAR\n")))
		},
	}
}

// moneyBack is a credit note, which has all that an invoice has.
func moneyBack() layout.Layout {
	return layout.Layout{
		Name: "ho-money-back", Count: 7, Locales: "en-US de-DE fr-FR it-IT ja-JP nl-NL pt-PT", Categories: "shopping office groceries",
		Terms: purchase.Terms{Least: 1, Most: 2, Quantity: 2, Rates: []int64{layout.Usual}}, Order: "#######", Paid: "Visa,PayPal",
		Words: `
		| subject                        | text                                                    | order          | item        | back
en-US	| Refund issued                  | We received your return and sent your money back.       | Order          | Returned    | Refund total
de-DE	| Ihre Rückerstattung            | Ihre Retoure ist da, wir haben Ihr Geld zurückgezahlt.  | Bestellung     | Retoure     | Erstattungsbetrag
fr-FR	| Votre remboursement            | Votre retour est arrivé, nous vous avons remboursé.     | Commande       | Retour      | Montant remboursé
it-IT	| Il tuo rimborso                | Il reso è arrivato e ti abbiamo rimborsato.             | Ordine         | Reso        | Importo rimborsato
ja-JP	| ご返金手続き完了のお知らせ     | 返品商品を受領し、ご返金の手続きが完了いたしました。    | ご注文番号     | 返品商品    | ご返金額
nl-NL	| Je terugbetaling               | Je retour is binnen en we hebben je geld teruggestort.  | Bestelling     | Retour      | Teruggestort bedrag
pt-PT	| O seu reembolso                | Recebemos a devolução e fizemos o reembolso.            | Encomenda      | Devolução   | Valor reembolsado
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}} – {{.Order}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/html", "utf-8", envelope.Base64, d.Write(`<html><body><h2>{{w "subject"}}</h2><p>{{w "text"}}</p><table><tr><td>{{w "order"}}</td><td>{{.Order}}</td></tr>{{range .Lines}}<tr><td>{{w "item"}}</td><td>{{h .Name}}</td><td>{{m .Amount}}</td></tr>{{end}}<tr><td><b>{{w "back"}}</b></td><td></td><td><b>{{m .Total}}</b></td></tr><tr><td>{{day .Day}}</td><td>{{.Method}}</td></tr></table><p>{{h .Vendor.Legal}}, {{h .Vendor.Address}}</p></body></html>
`))
		},
	}
}

// waybill is a scan of a note that came with goods, with what each is worth.
func waybill() layout.Layout {
	return layout.Layout{
		Name: "ho-waybill", Count: 6, Locales: "de-DE fr-FR en-GB it-IT nl-NL es-ES", Categories: "office",
		Terms: purchase.Terms{Least: 2, Most: 4, Quantity: 5}, Order: "L######",
		Words: `
		| subject             | title            | nr        | text                                     | got
de-DE	| Lieferschein        | LIEFERSCHEIN     | Nr.       | Dies ist keine Rechnung.                 | Ware erhalten:
fr-FR	| Bon de livraison    | BON DE LIVRAISON | N°        | Ce document n'est pas une facture.       | Reçu par :
en-GB	| Delivery note       | DELIVERY NOTE    | No.       | This is not an invoice.                  | Received by:
it-IT	| Documento trasporto | DOCUMENTO DI TRASPORTO | N.  | Il presente non è una fattura.           | Firma:
nl-NL	| Pakbon              | PAKBON           | Nr.       | Dit is geen factuur.                     | Ontvangen:
es-ES	| Albarán             | ALBARÁN          | Núm.      | Este documento no es una factura.        | Recibido:
`,
		From: `{{.Reader.Name}}`, Subject: `{{w "subject"}}`, Charset: "iso-8859-1",
		Change: func(d *layout.Draft) { d.From.Mailbox = d.Reader.Mailbox },
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("mixed", d.Boundary(),
				envelope.Text("text/plain", "us-ascii", envelope.SevenBit, "\n"),
				envelope.File("image/jpeg", d.Fill("IMG_####.jpg"), d.Scan(paper.Scan{DPI: 150, Tilt: d.Between(-20, 20), Noise: 8, Blur: 1, Paper: 230, Shade: 30, Ink: 40}, `.page 148 150
.font sans 12 bold
.stops 12L 136R
.lead 6
{{.Vendor.Name}} | {{w "title"}}
.font sans 9
.lead 5
{{.Vendor.Address}} | {{w "nr"}} {{.Order}}
{{.Vendor.Phone}} | {{day .Day}}
.gap 8
.stops 12L 24L 136R
{{range .Lines}}{{.Quantity}} | {{.Name}} | {{n .Amount}}
{{end}}.rule 12 136
.gap 6
{{w "text"}}
.gap 10
{{w "got"}} ____________________
`)))
		},
	}
}
