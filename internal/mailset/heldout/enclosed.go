package heldout

import (
	"github.com/airlock-run/airlock/internal/mailset"
	"github.com/airlock-run/airlock/internal/mailset/envelope"
	"github.com/airlock-run/airlock/internal/mailset/layout"
	"github.com/airlock-run/airlock/internal/mailset/purchase"
)

// enclosed is a receipt sent on as a mail within a mail. Its facts are in JSON-LD
// too, but the reader sees a few short paragraphs.
func enclosed() layout.Layout {
	return layout.Layout{
		Name: "ho-enclosed", Count: 6, Locales: "en-US nl-NL", Categories: "health",
		Kind: mailset.KindReceipt, Source: mailset.SourceHTML, Tells: "order payment items",
		Terms: purchase.Terms{Least: 1, Most: 3}, Order: "##-#####", Paid: "card,ideal",
		Words: `
		| fw  | subject                        | hi       | paid                              | on    | ref              | card          | ideal
en-US	| Fwd | Payment receipt for your visit | Hello    | Your payment has been received:   | on    | Statement number | credit card   | bank transfer
nl-NL	| Fwd | Betaalbewijs                   | Beste    | Wij hebben uw betaling ontvangen: | op    | Bonnummer        | creditcard    | iDEAL
`,
		From: `{{.Reader.Name}}`, Subject: `{{w "fw"}}: {{w "subject"}}`,
		Body: func(d *layout.Draft) envelope.Part {
			first := envelope.Mail{
				From: envelope.Address{Name: d.Name, Mailbox: "desk@" + d.Domain}, To: d.Reader.Address,
				Subject: d.Write(`{{w "subject"}}`), Sent: d.Sent.AddDate(0, 0, -1), ID: d.Order + "@" + d.Domain,
				Body: envelope.Text("text/html", "utf-8", envelope.QuotedPrintable, d.Write(enclosedHTML)),
			}
			d.From.Mailbox = d.Reader.Mailbox
			raw, err := first.Bytes()
			d.Fail(err)
			return envelope.Group("mixed", d.Boundary(),
				envelope.Text("text/plain", "us-ascii", envelope.SevenBit, "\n"), envelope.Message(raw))
		},
	}
}

const enclosedHTML = `<html><head><script type="application/ld+json">{"@context":"http://schema.org","@type":"Invoice","identifier":"{{.Order}}","paymentStatus":"PaymentComplete",
"provider":{"@type":"Organization","name":"{{.Vendor.Name}}"},"totalPaymentDue":{"@type":"PriceSpecification","price":"{{plain .Total}}","priceCurrency":"{{.Currency}}"}}</script></head>
<body><p>{{w "hi"}} {{h .Reader.First}},</p><p>{{w "paid"}} <strong>{{m .Total}}</strong> {{w "on"}} {{long .Day}} ({{.Method}}).</p>
<ol>{{range .Lines}}<li>{{h .Name}} &mdash; {{m .Amount}}</li>{{end}}</ol><p>{{w "ref"}}: {{.Order}}</p>
<p>{{h .Vendor.Name}}<br>{{h .Vendor.Address}}<br>{{.Vendor.Phone}}</p></body></html>
`
