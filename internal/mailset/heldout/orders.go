package heldout

import (
	"github.com/airlock-run/airlock/internal/mailset"
	"github.com/airlock-run/airlock/internal/mailset/envelope"
	"github.com/airlock-run/airlock/internal/mailset/layout"
	"github.com/airlock-run/airlock/internal/mailset/purchase"
)

func orders() []layout.Layout {
	return []layout.Layout{parcel(), delivery(), tickets()}
}

// parcel is the order mail of a shop: tables in tables, a preheader nobody sees,
// the total in a row among others, and an advert with prices at the foot.
func parcel() layout.Layout {
	return layout.Layout{
		Name: "ho-parcel", Count: 6, Locales: "en-US de-DE fr-FR it-IT", Categories: "shopping",
		Kind: mailset.KindReceipt, Source: mailset.SourceHTML, Tells: "tax order payment items",
		Terms: purchase.Terms{Least: 1, Most: 4, Quantity: 3, Discount: true, Shipping: true, Rates: []int64{layout.Usual}},
		Order: "###-#######-##", Paid: "Visa,Mastercard,PayPal",
		Words: `
		| hello                 | got                                               | order          | placed            | item     | qty    | price  | goods             | off                | ship               | total            | tax        | incl             | paid              | ask                        | more
en-US	| Hi                    | thanks! We're packing your things right now.      | Order          | Placed on         | Item     | Qty    | Price  | Items             | Loyalty discount   | Shipping           | Order total      | Sales tax  | including        | Paid with         | Questions? Call us:        | You might also like
de-DE	| Hallo                 | danke! Wir packen gerade Ihre Sachen.             | Bestellung     | Bestellt am       | Artikel  | Menge  | Preis  | Warenwert         | Treuerabatt        | Versandkosten      | Gesamtbetrag     | MwSt.      | darin enthalten  | Bezahlt mit       | Fragen? Rufen Sie uns an:  | Das könnte Ihnen auch gefallen
fr-FR	| Bonjour               | merci ! Nous préparons votre colis.               | Commande       | Passée le         | Article  | Qté    | Prix   | Articles          | Remise fidélité    | Frais de port      | Total commande   | TVA        | dont             | Payé par          | Une question ? Appelez le  | Vous aimerez aussi
it-IT	| Ciao                  | grazie! Stiamo preparando il tuo pacco.           | Ordine         | Effettuato il     | Articolo | Q.tà   | Prezzo | Articoli          | Sconto fedeltà     | Spese di spedizione| Totale ordine    | IVA        | di cui           | Pagato con        | Domande? Chiamaci:         | Potrebbe interessarti anche
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "order"}} {{.Order}} – {{.Vendor.Name}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("alternative", d.Boundary(),
				envelope.Text("text/plain", "utf-8", envelope.QuotedPrintable, d.Write(`{{w "hello"}} {{.Reader.First}}, {{w "got"}}
https://{{.Vendor.Domain}}/o/{{.Order}}
`)),
				envelope.Text("text/html", "utf-8", envelope.QuotedPrintable, d.Write(parcelHTML)))
		},
	}
}

const parcelHTML = `<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"><style>.g{color:#888}</style></head><body bgcolor="#eeeeee">
<span style="display:none!important;visibility:hidden;mso-hide:all;font-size:1px;color:#eee;line-height:1px;max-height:0;opacity:0">{{w "got"}} &zwnj;&nbsp;&zwnj;&nbsp;&zwnj;&nbsp;</span>
<table width="100%" border="0" cellspacing="0" cellpadding="0"><tr><td align="center"><table width="640" border="0" cellspacing="0" cellpadding="0" bgcolor="#ffffff">
<tr><td style="padding:24px"><img src="https://{{.Vendor.Domain}}/logo.png" alt="{{h .Vendor.Name}}" width="160"></td></tr>
<tr><td style="padding:0 24px"><p>{{w "hello"}} {{.Reader.First}}, {{w "got"}}</p>
<table width="100%"><tr><td class="g">{{w "order"}}</td><td class="g">{{w "placed"}}</td></tr><tr><td><b>{{.Order}}</b></td><td><b>{{long .Day}}</b></td></tr></table></td></tr>
<tr><td style="padding:24px"><table width="100%" cellpadding="6" style="border-top:1px solid #ccc">
<tr><th align="left">{{w "item"}}</th><th>{{w "qty"}}</th><th align="right">{{w "price"}}</th></tr>
{{range .Lines}}<tr><td>{{h .Name}}</td><td align="center">{{.Quantity}}</td><td align="right">{{m .Amount}}</td></tr>
{{end}}<tr><td colspan="3"><table width="100%">
<tr><td>{{w "goods"}}</td><td align="right">{{m .Goods}}</td></tr>
<tr><td>{{w "off"}}</td><td align="right">&minus;{{m .Discount}}</td></tr>
<tr><td>{{w "ship"}}</td><td align="right">{{m .Shipping}}</td></tr>
{{if .Added}}{{range .Taxes}}<tr><td>{{w "tax"}} ({{p .Rate}}%)</td><td align="right">{{m .Amount}}</td></tr>{{end}}{{end}}
<tr><td><b>{{w "total"}}</b></td><td align="right"><b>{{m .Total}}</b></td></tr>
{{if not .Added}}{{range .Taxes}}<tr><td class="g">{{w "incl"}} {{p .Rate}} % {{w "tax"}}</td><td class="g" align="right">{{m .Amount}}</td></tr>{{end}}{{end}}
</table></td></tr></table>
<p>{{w "paid"}} {{.Method}} &bull;&bull;&bull;&bull; {{fill "####"}}</p><p>{{w "ask"}} {{.Vendor.Phone}}</p></td></tr>
<tr><td style="padding:24px;background:#fafafa"><h3>{{w "more"}}</h3><table width="100%"><tr>{{range .Vendor.Goods}}<td align="center"><img src="cid:none" width="90" alt=""><br>{{h .Name}}<br><s>{{m (part 140 .Price)}}</s> {{m .Price}}</td>{{end}}</tr></table></td></tr>
<tr><td style="padding:12px 24px;font-size:11px;color:#999">{{h .Vendor.Legal}}, {{h .Vendor.Address}}</td></tr>
</table></td></tr></table></body></html>
`

// delivery is groceries brought to the door, in blocks without any table. A gift
// card pays all of it: the amount due is nothing, the total isn't.
func delivery() layout.Layout {
	return layout.Layout{
		Name: "ho-delivery", Count: 10, Locales: "en-US en-GB es-ES pt-PT pt-BR", Categories: "groceries",
		Kind: mailset.KindReceipt, Source: mailset.SourceHTML, Tells: "order items",
		Terms: purchase.Terms{Least: 3, Most: 7, Quantity: 4, Shipping: true, Tip: true},
		Order: "??#####", Paid: "gift",
		Words: `
		| subject                                  | head                        | no          | on        | bag            | fee               | tip                    | sum              | gift                    | due             | help
en-US	| Delivered: your groceries from           | Dropped off at your door    | Basket      | Delivered | Groceries      | Delivery fee      | Tip for your shopper   | Basket total     | Paid by gift card       | Balance due     | Missing something? Text
en-GB	| Delivered: your shop from                | Your shopping has arrived   | Basket      | Delivered | Groceries      | Delivery charge   | Driver tip             | Basket total     | Gift card redeemed      | Left to pay     | Something missing? Ring
es-ES	| Entregado: tu compra en                  | Tu compra ya está en casa   | Cesta       | Entregada | Productos      | Gastos de entrega | Propina                | Total de la cesta| Tarjeta regalo          | Pendiente       | ¿Falta algo? Llama al
pt-PT	| Entregue: as suas compras em             | As suas compras chegaram    | Cesto       | Entregue  | Produtos       | Taxa de entrega   | Gratificação           | Total do cesto   | Cartão oferta           | Por pagar       | Falta algo? Ligue
pt-BR	| Entregue: suas compras em                | Suas compras chegaram       | Cesta       | Entregue  | Produtos       | Taxa de entrega   | Gorjeta                | Total da cesta   | Vale-presente           | Falta pagar     | Faltou algo? Ligue
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}} {{.Vendor.Name}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/html", "utf-8", envelope.Base64, d.Write(deliveryHTML))
		},
	}
}

const deliveryHTML = `<!doctype html><html><body style="margin:0;font:15px/1.5 system-ui">
<div class="hero" style="background:#0a5;color:#fff;padding:30px"><div>{{h .Vendor.Name}}</div><div style="font-size:26px">{{w "head"}}</div></div>
<div style="padding:20px"><div><span>{{w "no"}}</span> <span>#{{.Order}}</span> · <span>{{w "on"}} {{day .Day}}</span></div>
<div class="list">{{range .Lines}}
 <div style="display:flex;justify-content:space-between"><div>{{.Quantity}} × {{h .Name}} <small>({{m .Price}})</small></div><div>{{m .Amount}}</div></div>{{end}}
</div><hr>
<div style="display:flex;justify-content:space-between"><div>{{w "bag"}}</div><div>{{m .Goods}}</div></div>
<div style="display:flex;justify-content:space-between"><div>{{w "fee"}}</div><div>{{m .Shipping}}</div></div>
<div style="display:flex;justify-content:space-between"><div>{{w "tip"}}</div><div>{{m .Tip}}</div></div>
<div style="display:flex;justify-content:space-between;font-weight:700"><div>{{w "sum"}}</div><div>{{m .Total}}</div></div>
<div style="display:flex;justify-content:space-between"><div>{{w "gift"}}</div><div>{{m (minus .Total)}}</div></div>
<div style="display:flex;justify-content:space-between"><div>{{w "due"}}</div><div>{{m 0}}</div></div>
<p>{{w "help"}} {{.Vendor.Phone}}</p><p style="color:#aaa">{{h .Vendor.Legal}} · {{h .Vendor.Address}}</p></div></body></html>
`

// tickets has its facts in microdata, and repeats only some of them for people.
func tickets() layout.Layout {
	return layout.Layout{
		Name: "ho-tickets", Count: 6, Locales: "en-US de-DE nl-NL pt-PT", Categories: "entertainment",
		Kind: mailset.KindReceipt, Source: mailset.SourceHTML, Tells: "order payment items",
		Terms: purchase.Terms{Least: 1, Most: 2, Quantity: 4},
		Order: "T#-######", Paid: "Mastercard,Visa,American Express",
		Words: `
		| subject                        | see                           | ref                | bought         | seats          | fee                      | charged                          | doors
en-US	| Your tickets for               | See you at                    | Booking reference  | Purchased      | Your seats     | Service fees included    | charged to your                  | Doors open at 7:00 PM on
de-DE	| Deine Tickets:                 | Wir sehen uns im              | Buchungscode       | Gekauft am     | Deine Plätze   | Gebühren inbegriffen     | abgebucht von deiner             | Einlass ab 19.00 Uhr am
nl-NL	| Je kaarten voor                | Tot ziens in                  | Boekingscode       | Gekocht op     | Je plaatsen    | Inclusief servicekosten  | afgeschreven van je              | Zaal open om 19.00 uur op
pt-PT	| Os seus bilhetes:              | Até breve no                  | Código de reserva  | Comprado em    | Os seus lugares| Taxas incluídas          | debitado no seu                  | Portas abrem às 19h00 de
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}} {{.Vendor.Name}} – {{short (in 31 .Day)}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("mixed", d.Boundary(), envelope.Group("related", d.Boundary(),
				envelope.Text("text/html", "utf-8", envelope.QuotedPrintable, d.Write(ticketsHTML)),
				envelope.Inline("image/gif", "dot.gif", "dot@tickets", pixel)))
		},
	}
}

// pixel is a transparent picture of one dot.
var pixel = []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")

const ticketsHTML = `<html><body>
<div itemscope itemtype="http://schema.org/Order">
 <meta itemprop="orderNumber" content="{{.Order}}"/><meta itemprop="orderDate" content="{{iso .Day}}"/>
 <meta itemprop="price" content="{{plain .Total}}"/><meta itemprop="priceCurrency" content="{{.Currency}}"/>
 <div itemprop="seller" itemscope itemtype="http://schema.org/Organization"><meta itemprop="name" content="{{h .Vendor.Name}}"/></div>
</div>
<img src="cid:dot@tickets" width="1" height="1">
<h1 style="font-family:Georgia,serif">{{w "see"}} {{h .Vendor.Name}}!</h1>
<p>{{w "doors"}} {{long (in 31 .Day)}}</p>
<dl><dt>{{w "ref"}}</dt><dd>{{.Order}}</dd><dt>{{w "bought"}}</dt><dd>{{long .Day}}</dd></dl>
<h2>{{w "seats"}}</h2><ul>{{range .Lines}}<li>{{h .Name}}: {{.Quantity}} x {{m .Price}} = {{m .Amount}}</li>{{end}}</ul>
<p><big>{{m .Total}}</big> {{w "charged"}} {{.Method}} *{{fill "####"}}<br><small>{{w "fee"}}</small></p>
<p>{{h .Vendor.Address}} | {{.Vendor.Phone}}</p></body></html>
`
