package tuned

import (
	"github.com/airlock-run/airlock/internal/mailset"
	"github.com/airlock-run/airlock/internal/mailset/envelope"
	"github.com/airlock-run/airlock/internal/mailset/layout"
	"github.com/airlock-run/airlock/internal/mailset/purchase"
)

func shops() []layout.Layout {
	return []layout.Layout{storefront(), card(), basket(), screening(), courtesy()}
}

// storefront is the mail of a rented web shop: classes, one flat table, and the
// order for machines in JSON-LD.
func storefront() layout.Layout {
	return layout.Layout{
		Name: "tu-storefront", Count: 8, Locales: "en-US de-DE fr-FR it-IT es-ES pt-PT nl-NL en-GB", Categories: "shopping",
		Kind: mailset.KindReceipt, Source: mailset.SourceHTML, Tells: "tax order payment items",
		Terms: purchase.Terms{Least: 1, Most: 3, Quantity: 3, Shipping: true, Rates: []int64{layout.Usual}},
		Order: "#####", Paid: "card,paypal",
		Words: `
		| subject                          | head                        | date            | ship                | sub             | total         | tax                 | how               | card         | paypal | where
en-US	| Order confirmation               | Thank you for your purchase! | Order date     | Shipping            | Subtotal        | Total         | Tax                 | Payment method    | Credit card  | PayPal | Shipping address
de-DE	| Bestellbestätigung               | Danke für Ihren Einkauf!    | Bestelldatum    | Versand             | Zwischensumme   | Gesamtsumme   | inkl. MwSt.         | Zahlungsart       | Kreditkarte  | PayPal | Lieferadresse
fr-FR	| Confirmation de commande         | Merci pour votre achat !    | Date de commande| Livraison           | Sous-total      | Total TTC     | TVA incluse         | Moyen de paiement | Carte bancaire | PayPal | Adresse de livraison
it-IT	| Conferma d'ordine                | Grazie per il tuo acquisto! | Data ordine     | Spedizione          | Subtotale       | Totale        | IVA inclusa         | Metodo di pagamento | Carta di credito | PayPal | Indirizzo di spedizione
es-ES	| Confirmación de pedido           | ¡Gracias por tu compra!     | Fecha del pedido| Envío               | Subtotal        | Total         | IVA incluido        | Forma de pago     | Tarjeta de crédito | PayPal | Dirección de envío
pt-PT	| Confirmação de encomenda         | Obrigado pela sua compra!   | Data da encomenda | Portes            | Subtotal        | Total         | IVA incluído        | Método de pagamento | Cartão de crédito | PayPal | Morada de entrega
nl-NL	| Orderbevestiging                 | Bedankt voor je aankoop!    | Orderdatum      | Verzendkosten       | Subtotaal       | Totaal        | Inclusief btw       | Betaalmethode     | Creditcard   | PayPal | Bezorgadres
en-GB	| Order confirmation               | Thank you for your order!   | Order date      | Delivery            | Subtotal        | Total         | VAT included        | Payment method    | Credit card  | PayPal | Delivery address
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}} #{{.Order}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/html", "utf-8", envelope.QuotedPrintable, d.Write(storefrontHTML))
		},
	}
}

const storefrontHTML = `<!DOCTYPE html><html><head><title>#{{.Order}}</title><style type="text/css">.order-total td{font-weight:bold}.muted{color:#999}</style>
<script type="application/ld+json">
{"@context":"http://schema.org","@type":"Order","orderNumber":"{{.Order}}","orderDate":"{{iso .Day}}","merchant":{"@type":"Organization","name":"{{.Vendor.Name}}"},
"acceptedOffer":[{{range $i, $l := .Lines}}{{if $i}},{{end}}{"@type":"Offer","itemOffered":{"@type":"Product","name":"{{.Name}}"},"price":"{{plain .Price}}","priceCurrency":"{{$.Currency}}","eligibleQuantity":{"@type":"QuantitativeValue","value":"{{.Quantity}}"}}{{end}}],
"price":"{{plain .Total}}","priceCurrency":"{{.Currency}}"}
</script></head><body><table class="body"><tr><td><h1>{{h .Vendor.Name}}</h1><h2>{{w "head"}}</h2>
<p class="muted">{{w "date"}}: {{day .Day}}</p>
<table class="order-list">{{range .Lines}}<tr class="row"><td class="title">{{h .Name}} &times; {{.Quantity}}</td><td class="price" align="right">{{m .Amount}}</td></tr>
{{end}}<tr class="sub"><td>{{w "sub"}}</td><td align="right">{{m .Goods}}</td></tr>
<tr class="sub"><td>{{w "ship"}}</td><td align="right">{{m .Shipping}}</td></tr>
{{range .Taxes}}<tr class="sub"><td>{{w "tax"}} {{p .Rate}}%</td><td align="right">{{m .Amount}}</td></tr>
{{end}}<tr class="order-total"><td>{{w "total"}}</td><td align="right">{{c .Total}}</td></tr></table>
<h3>{{w "how"}}</h3><p>{{.Method}}</p><h3>{{w "where"}}</h3><p>{{h .Reader.Name}}<br>{{h .Reader.Street}}<br>{{h .Reader.Town}}</p>
<p class="muted">{{h .Vendor.Legal}} &middot; {{h .Vendor.Address}} &middot; {{.Vendor.Phone}}</p></td></tr></table></body></html>
`

// card is a payment to a seller through a service that handles it: a box in the
// middle, few words, microdata.
func card() layout.Layout {
	return layout.Layout{
		Name: "tu-card", Count: 9, Locales: "en-US fr-FR it-IT nl-NL ja-JP", Categories: "software/saas",
		Kind: mailset.KindReceipt, Source: mailset.SourceHTML, Tells: "order payment items",
		Terms: purchase.Terms{Least: 1, Most: 3}, Order: "####-####", Paid: "Visa,Mastercard,American Express",
		Words: `
		| title           | nr              | amount          | on              | how               | sum               | help
en-US	| Receipt from    | Receipt #       | Amount paid     | Date paid       | Payment method    | Summary           | If you have any questions, contact us at
fr-FR	| Reçu de         | Reçu nº         | Montant payé    | Date de paiement| Moyen de paiement | Récapitulatif     | Pour toute question, contactez-nous à
it-IT	| Ricevuta da     | Ricevuta n.     | Importo pagato  | Data pagamento  | Metodo di pagamento | Riepilogo       | Per qualsiasi domanda scrivici a
nl-NL	| Betaalbewijs van| Bewijs nr.      | Betaald bedrag  | Betaaldatum     | Betaalmethode     | Samenvatting      | Vragen? Neem contact op via
ja-JP	| 領収書          | 領収書番号      | お支払い金額    | お支払い日      | お支払い方法      | 内訳              | お問い合わせ先：
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "title"}} {{.Vendor.Name}} #{{.Order}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("alternative", d.Boundary(),
				envelope.Text("text/plain", "utf-8", envelope.Base64, d.Write("{{w \"title\"}} {{.Vendor.Name}}\n\n{{upper (w \"amount\")}}\n{{m .Total}}\n\n{{upper (w \"on\")}}\n{{short .Day}}\n\n{{w \"nr\"}} {{.Order}}\n")),
				envelope.Text("text/html", "utf-8", envelope.Base64, d.Write(`<html><body bgcolor="#f6f9fc"><div style="width:480px;margin:40px auto;background:#fff;border-radius:8px;padding:32px" itemscope itemtype="http://schema.org/Invoice">
<p style="font-size:20px;text-align:center" itemprop="provider">{{w "title"}} {{h .Vendor.Name}}</p><p style="text-align:center;color:#8898aa">{{w "nr"}} <span itemprop="confirmationNumber">{{.Order}}</span></p>
<table width="100%"><tr><td>{{upper (w "amount")}}<br><span itemprop="totalPaymentDue">{{m .Total}}</span></td><td>{{upper (w "on")}}<br>{{short .Day}}</td><td>{{upper (w "how")}}<br>{{.Method}} - {{fill "####"}}</td></tr></table>
<p style="font-weight:600">{{upper (w "sum")}}</p><table width="100%" style="background:#f6f9fc">{{range .Lines}}<tr><td>{{h .Name}} × {{.Quantity}}</td><td align="right">{{m .Amount}}</td></tr>{{end}}
<tr style="font-weight:600"><td>{{w "amount"}}</td><td align="right">{{m .Total}}</td></tr></table><hr><p>{{w "help"}} support@{{.Vendor.Domain}} / {{.Vendor.Phone}}</p></div></body></html>
`)))
		},
	}
}

// basket is an order of a grocer in plain text, with a column for each figure.
func basket() layout.Layout {
	return layout.Layout{
		Name: "tu-basket", Count: 8, Locales: "de-DE es-ES en-US pt-BR it-IT en-GB nl-NL fr-FR", Categories: "groceries",
		Kind: mailset.KindReceipt, Source: mailset.SourceText, Tells: "order items payment",
		Terms: purchase.Terms{Least: 3, Most: 6, Quantity: 4, Discount: true, Shipping: true}, Order: "W-####-####", Paid: "card,bank",
		Words: `
		| subject                     | hi                                             | nr               | on            | qty   | what          | sum        | off            | ship            | total           | how           | card           | bank
de-DE	| Deine Bestellung ist da     | schön, dass du bei uns bestellt hast!          | Bestellnr.       | Datum         | Menge | Produkt       | Summe      | Gutschein      | Lieferung       | Gesamt          | Zahlart       | Kreditkarte    | Lastschrift
es-ES	| Tu compra online            | gracias por comprar con nosotros.              | N.º de pedido    | Fecha         | Cant. | Producto      | Suma       | Cupón          | Reparto         | Total pagado    | Pago          | tarjeta        | domiciliación
en-US	| Your online order           | thanks for shopping with us.                   | Order no.        | Date          | Qty   | Product       | Sum        | Coupon         | Delivery        | Total paid      | Payment       | card           | bank debit
pt-BR	| Sua compra on-line          | obrigado por comprar com a gente.              | Pedido           | Data          | Qtd   | Produto       | Soma       | Cupom          | Entrega         | Total pago      | Pagamento     | cartão         | Pix
it-IT	| La tua spesa online         | grazie per aver scelto noi.                    | N. ordine        | Data          | Qtà   | Prodotto      | Somma      | Buono          | Consegna        | Totale pagato   | Pagamento     | carta          | bonifico
en-GB	| Your online shop            | thank you for your order.                      | Order no.        | Date          | Qty   | Product       | Sum        | Voucher        | Delivery        | Total paid      | Payment       | card           | bank debit
nl-NL	| Je online boodschappen      | fijn dat je bij ons bestelde.                  | Bestelnr.        | Datum         | Aant. | Product       | Som        | Kortingsbon    | Bezorging       | Totaal betaald  | Betaling      | creditcard     | iDEAL
fr-FR	| Vos courses en ligne        | merci d'avoir fait vos courses chez nous.      | Commande         | Date          | Qté   | Produit       | Somme      | Bon d'achat    | Livraison       | Total payé      | Paiement      | carte          | prélèvement
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}}: {{.Order}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/plain", "utf-8", envelope.QuotedPrintable, d.Write(`{{.Reader.First}}, {{w "hi"}}

{{left 16 (w "nr")}}: {{.Order}}
{{left 16 (w "on")}}: {{day .Day}}
{{left 16 (w "how")}}: {{.Method}}

{{left 7 (w "qty")}}{{left 36 (w "what")}}{{pad 14 .Currency}}
+------------------------------------------------------+
{{range .Lines}}{{left 7 (printf "%d" .Quantity)}}{{left 36 .Name}}{{pad 14 (m .Amount)}}
{{end}}+------------------------------------------------------+
{{left 43 (w "sum")}}{{pad 14 (m .Goods)}}
{{left 43 (w "off")}}{{pad 14 (m (minus .Discount))}}
{{left 43 (w "ship")}}{{pad 14 (m .Shipping)}}
{{left 43 (w "total")}}{{pad 14 (m .Total)}}

{{.Vendor.Name}} * {{.Vendor.Address}} * {{.Vendor.Phone}}
`))
		},
	}
}

// screening is two seats at a cinema, in lists without tables.
func screening() layout.Layout {
	return layout.Layout{
		Name: "tu-screening", Count: 6, Locales: "it-IT ja-JP", Categories: "entertainment",
		Kind: mailset.KindReceipt, Source: mailset.SourceHTML, Tells: "order payment",
		Terms: purchase.Terms{Least: 1, Most: 2, Quantity: 3}, Order: "????##", Paid: "card",
		Words: `
		| subject                      | text                             | code         | day          | bought        | total            | card
it-IT	| I tuoi posti al cinema       | Mostra il codice all'ingresso.   | Codice       | Spettacolo   | Acquisto del  | Importo totale   | carta di credito
ja-JP	| チケットご購入完了のお知らせ | 入場時に確認番号をご提示ください。| 確認番号    | 上映日       | 購入日        | 合計金額         | クレジットカード
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}} [{{.Order}}]`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/html", "utf-8", envelope.Base64, d.Write(`<html><body><h2>{{h .Vendor.Name}}</h2><p>{{w "text"}}</p><p style="font:bold 30px monospace">{{.Order}}</p><ul><li>{{w "code"}}: {{.Order}}</li><li>{{w "day"}}: {{long (in 4 .Day)}} 20:30</li>{{range .Lines}}<li>{{h .Name}} x{{.Quantity}}</li>{{end}}<li>{{w "bought"}}: {{long .Day}}</li><li>{{w "total"}}: <b>{{m .Total}}</b> ({{.Method}})</li></ul><address>{{h .Vendor.Address}}<br>{{.Vendor.Phone}}</address></body></html>
`))
		},
	}
}

// courtesy is the polite mail of a Japanese grower, in seven bits.
func courtesy() layout.Layout {
	return layout.Layout{
		Name: "tu-courtesy", Count: 7, Locales: "ja-JP", Categories: "shopping groceries",
		Kind: mailset.KindReceipt, Source: mailset.SourceText, Tells: "order payment items",
		Terms: purchase.Terms{Least: 1, Most: 3, Quantity: 2, Shipping: true}, Order: "J########", Paid: "銀行振込,クレジットカード,代引き",
		From: `{{.Vendor.Name}}`, Subject: `ご購入ありがとうございました（注文番号：{{.Order}}）`, Charset: "iso-2022-jp",
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/plain", "iso-2022-jp", envelope.SevenBit, d.Write(`{{.Reader.Name}}様

{{.Vendor.Name}}です。このたびはお買い上げいただきありがとうございます。
ご購入内容を下記の通りご案内いたします。

◆注文番号：{{.Order}}
◆注文日：{{long .Day}}
◆決済方法：{{.Method}}

＜ご購入商品＞
{{range .Lines}}・{{.Name}}　数量 {{.Quantity}}　小計 {{n .Amount}}円
{{end}}
商品合計：{{n .Goods}}円
配送料：{{n .Shipping}}円
お支払い総額：{{n .Total}}円（税込）

商品の到着まで今しばらくお待ちください。
＝＝＝＝＝＝＝＝＝＝＝＝
{{.Vendor.Name}}　電話 {{.Vendor.Phone}}
{{.Vendor.Address}}
`))
		},
	}
}
