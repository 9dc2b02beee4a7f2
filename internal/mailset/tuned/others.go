package tuned

import (
	"github.com/airlock-run/airlock/internal/mailset/envelope"
	"github.com/airlock-run/airlock/internal/mailset/layout"
	"github.com/airlock-run/airlock/internal/mailset/purchase"
)

// others are mails that are no receipts.
func others() []layout.Layout {
	return []layout.Layout{
		other("tu-deals", dealsHTML, `
		| subject                     | text
en-US	| Spring sale: save big today | Prices this good won't last.
de-DE	| Unsere Frühlingsangebote    | Greifen Sie zu, solange der Vorrat reicht.
fr-FR	| Les offres du printemps     | Profitez-en tant qu'il y en a.
es-ES	| Ofertas de primavera        | Aprovecha antes de que se agoten.
it-IT	| Le offerte di primavera     | Approfittane finché durano.
pt-BR	| Ofertas de outono           | Aproveite enquanto durarem os estoques.
ja-JP	| 春のセールのお知らせ        | 数量限定、お早めにどうぞ。`),
		other("tu-courier", plainNote, `
		| subject                     | text
en-GB	| Out for delivery            | Your parcel is with the driver and should be with you today. No payment is needed.
de-DE	| Ihre Sendung kommt heute    | Das Paket ist im Zustellfahrzeug. An der Tür ist nichts zu bezahlen.
nl-NL	| Vandaag bezorgd             | Je pakket zit in de bestelbus. Je hoeft niets te betalen.
pt-PT	| Entrega hoje                | A sua encomenda está com o estafeta. Não tem nada a pagar.
ja-JP	| 本日お届け予定です          | お荷物は配達中です。お支払いは不要です。
fr-FR	| Livraison aujourd'hui       | Votre colis est dans le camion. Rien à payer à la livraison.
pt-BR	| Saiu para entrega           | Seu pacote está com o entregador. Não há nada a pagar.`),
		other("tu-quote", linesNote, `
		| subject                     | text
en-US	| Estimate for your approval  | Here is our estimate. Nothing is owed until you accept it.
de-DE	| Unverbindliches Angebot     | gern bieten wir Ihnen unverbindlich an:
fr-FR	| Proposition de prix         | voici notre proposition, sans engagement de votre part :
es-ES	| Oferta sin compromiso       | le proponemos lo siguiente, sin compromiso:
it-IT	| Offerta non vincolante      | Le proponiamo quanto segue, senza impegno:
nl-NL	| Vrijblijvende prijsopgave   | wij bieden u vrijblijvend aan:
ja-JP	| お見積書の送付              | ご依頼の件、下記の通りお見積り申し上げます。`),
		other("tu-refund", linesNote, `
		| subject                     | text
en-US	| Your refund is on its way   | We have returned the amount below to your card. This is a refund.
en-GB	| Credit note                 | We have credited the amount below to your account.
de-DE	| Gutschrift zu Ihrer Retoure | den folgenden Betrag haben wir Ihnen erstattet:
pt-BR	| Reembolso efetuado          | devolvemos o valor abaixo ao seu cartão.
pt-PT	| Nota de crédito             | devolvemos o valor abaixo à sua conta.
es-ES	| Abono realizado             | le hemos devuelto el siguiente importe:
ja-JP	| 返金完了のお知らせ          | 下記の金額を返金いたしました。`),
		other("tu-trolley", dealsHTML, `
		| subject                     | text
en-GB	| You left something behind   | Your basket will be kept for 48 hours. Finish your order any time.
nl-NL	| Nog in je winkelmandje      | We bewaren je winkelmandje 48 uur. Rond je bestelling af wanneer je wilt.
it-IT	| Hai lasciato qualcosa       | Il carrello resta salvato per 48 ore. Completa l'ordine quando vuoi.
pt-BR	| Seu carrinho espera por você | Guardamos o carrinho por 48 horas. Finalize quando quiser.
de-DE	| Noch im Warenkorb           | Wir heben Ihren Warenkorb 48 Stunden auf. Schließen Sie die Bestellung ab, wann Sie möchten.
fr-FR	| Votre panier est sauvegardé | Nous gardons votre panier 48 heures. Terminez votre commande quand vous voulez.`),
		other("tu-renewal", sumNote, `
		| subject                     | text
en-US	| Upcoming renewal            | Your subscription will renew next week. The amount to be charged then is
en-GB	| Price change notice         | From next month your plan will cost
de-DE	| Ihr Vertrag verlängert sich | Nächste Woche verlängert sich Ihr Vertrag. Künftig fällig werden
fr-FR	| Renouvellement à venir      | La semaine prochaine votre contrat sera renouvelé. Montant à venir :
es-ES	| Próxima renovación          | La semana que viene se renovará su contrato. Se cobrarán
it-IT	| Rinnovo in arrivo           | La prossima settimana il contratto si rinnova. Importo previsto:
pt-PT	| Renovação em breve          | Na próxima semana o contrato renova. Valor a cobrar nessa altura:`),
		other("tu-dunning", sumNote, `
		| subject                     | text
en-US	| Past due notice             | We have not received your payment yet. Still open on your account:
nl-NL	| Tweede herinnering          | Wij hebben uw betaling nog niet ontvangen. Openstaand bedrag:
fr-FR	| Rappel de paiement          | Sauf erreur, votre facture reste impayée. Montant dû :
pt-PT	| Aviso de pagamento em atraso | Ainda não recebemos o seu pagamento. Em aberto:
it-IT	| Secondo sollecito           | Non risulta pervenuto il pagamento. Importo scoperto:
ja-JP	| お支払いのお願い            | ご入金の確認ができておりません。未払い金額：`),
		other("tu-balance", sumNote, `
		| subject                     | text
en-GB	| Weekly balance alert        | Your current account balance is
es-ES	| Aviso de saldo              | El saldo de su cuenta es de
de-DE	| Kontostand der Woche        | Ihr aktueller Kontostand beträgt
pt-BR	| Alerta de saldo             | O saldo da sua conta é de
nl-NL	| Saldomelding                | Het saldo van uw rekening is
ja-JP	| 口座残高のお知らせ          | 現在の口座残高：`),
		other("tu-login", plainNote, `
		| subject                     | text
en-US	| New sign-in to your account | Was this you? If so, there's nothing to do.
es-ES	| Nuevo inicio de sesión      | ¿Has sido tú? Si es así, no tienes que hacer nada.
it-IT	| Nuovo accesso               | Sei stato tu? In tal caso non devi fare nulla.
nl-NL	| Nieuwe aanmelding           | Was jij dit? Dan hoef je niets te doen.
pt-BR	| Novo acesso à conta         | Foi você? Então não precisa fazer nada.
ja-JP	| 新しいログインのお知らせ    | お心当たりがある場合、操作は不要です。`),
		quoting(),
	}
}

// other makes a layout of each text: eight mails, in turn by locale.
func other(name string, body func(d *layout.Draft) envelope.Part, words string) layout.Layout {
	locales := map[string]string{
		"tu-deals": "en-US de-DE fr-FR es-ES it-IT pt-BR ja-JP", "tu-courier": "en-GB de-DE nl-NL pt-PT ja-JP fr-FR pt-BR",
		"tu-quote": "en-US de-DE fr-FR es-ES it-IT nl-NL ja-JP", "tu-refund": "en-US en-GB de-DE pt-BR pt-PT es-ES ja-JP",
		"tu-trolley": "en-GB nl-NL it-IT pt-BR de-DE fr-FR", "tu-renewal": "en-US en-GB de-DE fr-FR es-ES it-IT pt-PT",
		"tu-dunning": "en-US nl-NL fr-FR pt-PT it-IT ja-JP", "tu-balance": "en-GB es-ES de-DE pt-BR nl-NL ja-JP",
		"tu-login": "en-US es-ES it-IT nl-NL pt-BR ja-JP",
	}[name]
	return layout.Layout{
		Name: name, Count: 8, Locales: locales, Terms: purchase.Terms{Least: 2, Most: 4, Quantity: 2},
		Words: words, From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}}`, Order: "#######", Body: body,
	}
}

func dealsHTML(d *layout.Draft) envelope.Part {
	return envelope.Text("text/html", "utf-8", envelope.QuotedPrintable, d.Write(`<html><body><h1>{{w "subject"}}</h1><p>{{w "text"}}</p>
{{range .Lines}}<div class="tile"><img src="https://{{$.Vendor.Domain}}/i/{{.Number}}.png" alt=""><p>{{h .Name}}</p><p><b>{{m .Price}}</b></p></div>{{end}}<p>{{h .Vendor.Legal}} | {{h .Vendor.Address}}</p></body></html>
`))
}

func plainNote(d *layout.Draft) envelope.Part {
	return envelope.Text("text/plain", "utf-8", envelope.QuotedPrintable, d.Write("{{.Reader.Name}},\n\n{{w \"text\"}}\n\nID {{.Order}}, {{long .Day}}\n\n{{.Vendor.Name}}\n{{.Vendor.Phone}}\n"))
}

func linesNote(d *layout.Draft) envelope.Part {
	return envelope.Text("text/html", "utf-8", envelope.Base64, d.Write(`<p>{{h .Reader.Name}},</p><p>{{w "text"}}</p><table>{{range .Lines}}<tr><td>{{h .Name}}</td><td>{{.Quantity}}</td><td>{{m .Amount}}</td></tr>{{end}}<tr><td></td><td></td><td><b>{{m .Total}}</b></td></tr></table><p>{{.Order}}, {{day .Day}}</p><p>{{h .Vendor.Legal}}<br>{{h .Vendor.Address}}</p>
`))
}

func sumNote(d *layout.Draft) envelope.Part {
	return envelope.Text("text/plain", "utf-8", envelope.Base64, d.Write("{{.Reader.Name}}\n\n{{w \"text\"}} {{m .Total}}.\n\n{{long .Day}} / {{.Order}}\n\n{{.Vendor.Legal}}\n{{.Vendor.Address}}\n"))
}

// quoting is an answer to a receipt that has all of it below.
func quoting() layout.Layout {
	return layout.Layout{
		Name: "tu-quoting", Count: 7, Locales: "en-US fr-FR pt-PT", Categories: "shopping office",
		Terms: purchase.Terms{Least: 1, Most: 3}, Order: "######",
		Words: `
		| subject         | ask                                                        | total
en-US	| Order           | Can I still change the delivery address for this one?      | Total
fr-FR	| Commande        | Puis-je encore changer l'adresse de livraison ?            | Total
pt-PT	| Encomenda       | Ainda posso alterar a morada de entrega?                   | Total
`,
		From: `{{.Reader.Name}}`, Subject: `Re: {{w "subject"}} {{.Order}}`,
		Change: func(d *layout.Draft) { d.From.Mailbox, d.Reader.Mailbox = d.Reader.Mailbox, d.From.Mailbox },
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/html", "utf-8", envelope.QuotedPrintable, d.Write(`<div dir="ltr">{{w "ask"}}</div><br><div class="gmail_quote"><blockquote style="border-left:1px solid #ccc;padding-left:1ex"><p>{{h .Vendor.Name}}</p><p>{{w "subject"}} {{.Order}}, {{day .Day}}</p>{{range .Lines}}<p>{{h .Name}}: {{m .Amount}}</p>{{end}}<p>{{w "total"}}: {{m .Total}}</p></blockquote></div>
`))
		},
	}
}
