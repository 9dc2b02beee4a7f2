package heldout

import (
	"github.com/airlock-run/airlock/internal/mailset/envelope"
	"github.com/airlock-run/airlock/internal/mailset/layout"
	"github.com/airlock-run/airlock/internal/mailset/purchase"
)

// others are mails that are no receipts, though all but a few name amounts.
func others() []layout.Layout {
	return []layout.Layout{
		leaflet(), underway(), account(), answered(), locked(), estimate(), left(),
		overdue(), renews(), wages(), meeting(), moneyBack(), waybill(),
	}
}

// leaflet is a week's offers of a shop.
func leaflet() layout.Layout {
	return layout.Layout{
		Name: "ho-leaflet", Count: 10, Locales: "en-US en-GB de-DE fr-FR ja-JP pt-BR nl-NL", Categories: "shopping groceries office",
		Terms: purchase.Terms{Least: 3, Most: 5},
		Words: `
		| subject                                   | head                             | was       | now       | until                   | free                                          | out
en-US	| This week only: up to 40% off             | Fresh deals, hand picked         | was       | now       | Ends                    | Free shipping on orders over $35.00           | Unsubscribe
en-GB	| Half price favourites inside              | Weekend savers                   | was       | now       | Offers end              | Free delivery when you spend £30.00           | Unsubscribe
de-DE	| Nur diese Woche: bis zu 40 % sparen       | Angebote der Woche               | statt     | jetzt     | Gültig bis              | Versandfrei ab 29,00 € Bestellwert            | Newsletter abbestellen
fr-FR	| Cette semaine : jusqu'à -40 %             | Nos bonnes affaires              | au lieu de| seulement | Jusqu'au                | Livraison offerte dès 49,00 € d'achat         | Se désabonner
ja-JP	| 【週末限定】最大40%OFFセール開催中        | 今週のおすすめ                   | 通常価格  | 特価      | 期限                    | 5,000円以上のご購入で送料無料                 | 配信停止はこちら
pt-BR	| Só esta semana: até 40% de desconto       | Ofertas da semana                | de        | por       | Válido até              | Frete grátis acima de R$ 99,00                | Cancelar inscrição
nl-NL	| Alleen deze week: tot 40% korting         | Aanbiedingen van de week         | van       | voor      | Geldig t/m              | Gratis bezorging vanaf € 30,00                | Afmelden
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}}`,
		Body: func(d *layout.Draft) envelope.Part {
			d.More = append(d.More, d.Write("List-Unsubscribe: <https://{{.Vendor.Domain}}/u/{{fill \"######\"}}>"))
			return envelope.Text("text/html", "utf-8", envelope.QuotedPrintable, d.Write(`<html><body><center><h1>{{h .Vendor.Name}}</h1><h2>{{w "head"}}</h2>
<table cellpadding="10">{{range .Lines}}<tr><td><b>{{h .Name}}</b></td><td>{{w "was"}} <s>{{m (part 150 .Price)}}</s></td><td><font color="red">{{w "now"}} {{m .Price}}</font></td></tr>{{end}}</table>
<p>{{w "until"}} {{long (in 6 .Day)}}. {{w "free"}}.</p><p><small>{{h .Vendor.Legal}}, {{h .Vendor.Address}} | <a href="#">{{w "out"}}</a></small></p></center></body></html>
`))
		},
	}
}

// underway says where a parcel is, and what is in it, without what it cost.
func underway() layout.Layout {
	return layout.Layout{
		Name: "ho-underway", Count: 6, Locales: "it-IT es-ES nl-NL ja-JP pt-BR en-US", Categories: "shopping groceries office",
		Terms: purchase.Terms{Least: 1, Most: 3, Quantity: 3}, Order: "##########",
		Words: `
		| subject                             | head                                   | order            | track                   | when               | inside
it-IT	| Il tuo pacco è in viaggio           | Abbiamo consegnato il pacco al corriere | Ordine          | Codice spedizione       | Consegna prevista  | Nel pacco
es-ES	| Tu paquete está en camino           | Tu pedido ha salido de nuestro almacén | Pedido           | Núm. de seguimiento     | Entrega prevista   | En el paquete
nl-NL	| Je pakket is onderweg               | Je bestelling is overgedragen aan de bezorger | Bestelling | Track & trace           | Verwachte bezorging| In het pakket
ja-JP	| 商品発送のお知らせ                  | ご注文の商品を発送いたしました         | ご注文番号       | お問い合わせ伝票番号    | お届け予定日       | 発送した商品
pt-BR	| Seu pedido foi enviado              | Seu pedido saiu para a transportadora  | Pedido           | Código de rastreio      | Previsão de entrega| Nesta remessa
en-US	| Your package has shipped            | It's on the way                        | Order            | Tracking number         | Arriving           | In this shipment
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}} ({{.Order}})`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("alternative", d.Boundary(),
				envelope.Text("text/plain", "utf-8", envelope.Base64, d.Write("{{w \"head\"}}\n\n{{w \"order\"}}: {{.Order}}\n{{w \"track\"}}: {{fill \"??#########??\"}}\n{{w \"when\"}}: {{long (in 3 .Day)}}\n\n{{w \"inside\"}}:\n{{range .Lines}}- {{.Quantity}} x {{.Name}}\n{{end}}")),
				envelope.Text("text/html", "utf-8", envelope.Base64, d.Write(`<div><h2>{{w "head"}}</h2><p>{{w "order"}}: <b>{{.Order}}</b></p><p>{{w "track"}}: <a href="https://track.example/">{{fill "??#########??"}}</a></p><p>{{w "when"}}: {{long (in 3 .Day)}}</p><h3>{{w "inside"}}</h3><ul>{{range .Lines}}<li>{{.Quantity}} x {{h .Name}}</li>{{end}}</ul></div>`)))
		},
	}
}

// account is a month at a bank: amounts, vendors and dates, and nothing bought.
func account() layout.Layout {
	return layout.Layout{
		Name: "ho-account", Count: 6, Locales: "de-DE en-GB pt-PT fr-FR ja-JP pt-BR",
		Terms: purchase.Terms{Least: 4, Most: 7}, Order: "#### ####",
		Words: `
		| bank                  | subject                            | acct             | before             | after              | pay
de-DE	| Uferbank              | Ihr Kontoauszug ist da             | Konto            | Alter Saldo        | Neuer Saldo        | Gehalt
en-GB	| Holmfirth Mutual      | Your statement is ready            | Account          | Opening balance    | Closing balance    | Salary
pt-PT	| Banco do Estuário     | O seu extrato mensal               | Conta            | Saldo inicial      | Saldo final        | Vencimento
fr-FR	| Caisse des Vallons    | Votre relevé de compte             | Compte           | Ancien solde       | Nouveau solde      | Virement salaire
ja-JP	| あおぞら野銀行        | 今月のお取引明細                   | 口座番号         | 前月残高           | 当月残高           | 給与
pt-BR	| Banco Ipê             | Seu extrato do mês                 | Conta            | Saldo anterior     | Saldo atual        | Salário
`,
		From: `{{w "bank"}}`, Subject: `{{w "subject"}}`,
		Change: func(d *layout.Draft) { d.From.Mailbox = "statements@bank.example" },
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/plain", "utf-8", envelope.QuotedPrintable, d.Write(`{{w "bank"}}

{{w "acct"}}: {{.Order}}
{{left 46 (w "before")}}{{pad 14 (m (part 350 .Total))}}

{{two (in -20 .Day)}}  {{left 36 .Vendor.Name}}{{pad 14 (m (minus .Total))}}
{{two (in -17 .Day)}}  {{left 36 (w "pay")}}{{pad 14 (m (part 900 .Total))}}
{{range .Lines}}{{two (in -9 $.Day)}}  {{left 36 .Name}}{{pad 14 (m (minus .Amount))}}
{{end}}
{{left 46 (w "after")}}{{pad 14 (m (part 1050 .Total))}}
`))
		},
	}
}

// answered is a reply to a shop that quotes its receipt.
func answered() layout.Layout {
	return layout.Layout{
		Name: "ho-answered", Count: 6, Locales: "en-US de-DE es-ES nl-NL it-IT en-GB", Categories: "shopping office groceries",
		Terms: purchase.Terms{Least: 1, Most: 3, Quantity: 2}, Order: "#######",
		Words: `
		| re    | topic                  | ask                                                              | wrote                 | order            | total
en-US	| Re    | Your order             | one of these arrived broken. Could you send another one?         | wrote:                | Order number     | Order total
de-DE	| AW    | Ihre Bestellung        | ein Teil kam leider beschädigt an. Können Sie Ersatz schicken?   | schrieb:              | Bestellnummer    | Gesamtsumme
es-ES	| RE    | Su pedido              | uno de los artículos llegó roto. ¿Podrían enviarme otro?         | escribió:             | Número de pedido | Total del pedido
nl-NL	| Antw  | Uw bestelling          | een van de artikelen kwam kapot aan. Kunt u een nieuw exemplaar sturen? | schreef:       | Bestelnummer     | Totaalbedrag
it-IT	| R     | Il Suo ordine          | uno degli articoli è arrivato rotto. Potete mandarne un altro?   | ha scritto:           | Numero ordine    | Totale ordine
en-GB	| Re    | Your order             | one of these came damaged. Would you mind sending a replacement? | wrote:                | Order number     | Order total
`,
		From: `{{.Reader.Name}}`, Subject: `{{w "re"}}: {{w "topic"}} {{.Order}}`, Charset: "iso-8859-1",
		Change: func(d *layout.Draft) {
			d.From.Mailbox, d.Reader.Mailbox = d.Reader.Mailbox, d.From.Mailbox
			d.More = append(d.More, "In-Reply-To: <"+d.Order+"@"+d.Domain+">")
		},
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/plain", "windows-1252", envelope.QuotedPrintable, d.Write(`{{.Vendor.Name}}: {{w "ask"}}

{{.Reader.Name}}

{{long .Day}}, {{.Vendor.Name}} {{w "wrote"}}
> {{w "topic"}}
> {{w "order"}}: {{.Order}}
>
{{range .Lines}}> {{.Quantity}} x {{.Name}}  {{m .Amount}}
{{end}}>
> {{w "total"}}: {{m .Total}}
>
> {{.Vendor.Legal}}, {{.Vendor.Address}}
`))
		},
	}
}

// locked is a link to a new password.
func locked() layout.Layout {
	return layout.Layout{
		Name: "ho-locked", Count: 5, Locales: "fr-FR pt-PT ja-JP en-US it-IT",
		Words: `
		| subject                            | text                                                                      | button                    | ignore
fr-FR	| Réinitialisez votre mot de passe   | Une demande de nouveau mot de passe nous est parvenue. Code :             | Choisir un mot de passe   | Ce lien expire dans 30 minutes.
pt-PT	| Reposição da palavra-passe         | Recebemos um pedido para repor a sua palavra-passe. Código:               | Repor palavra-passe       | A ligação expira dentro de 30 minutos.
ja-JP	| パスワード再設定のご案内           | パスワード再設定のお申し込みを受け付けました。認証コード：                | パスワードを再設定する    | このリンクは30分間有効です。
en-US	| Reset your password                | Somebody asked for a new password for your account. Your code is          | Choose a new password     | The link works for 30 minutes.
it-IT	| Reimposta la password              | Abbiamo ricevuto una richiesta di nuova password. Codice:                 | Scegli una nuova password | Il link scade tra 30 minuti.
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/html", "utf-8", envelope.Base64, d.Write(`<table width="100%"><tr><td align="center"><h3>{{h .Vendor.Name}}</h3><p>{{w "text"}} <b>{{fill "######"}}</b></p><p><a style="background:#06c;color:#fff;padding:12px" href="https://{{.Vendor.Domain}}/reset?t={{fill "????####????"}}">{{w "button"}}</a></p><p>{{w "ignore"}}</p></td></tr></table>
`))
		},
	}
}
