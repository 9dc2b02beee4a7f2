package main

// newsletter names prices, a total saving and a sale, and is no receipt.
func newsletter() ([]byte, error) {
	text, err := textPart("text/plain", `THE BIG AUTUMN SALE: UP TO 40% OFF

Dear tea lover,

our autumn sale is on, until Sunday only.

  Assam Second Flush, 250 g      $18.90  now $12.90
  Sencha Fukujyu, 100 g          $14.50  now $9.90
  Cast iron teapot, 1.2 l        $64.00  now $44.80

Order for a total of $50 or more and shipping is free.

Shop now: https://www.tealeaf-society.example/sale

You get this newsletter because you signed up for it.
Unsubscribe: https://www.tealeaf-society.example/unsubscribe
`)
	if err != nil {
		return nil, err
	}
	html, err := textPart("text/html", `<html><body style="font-family:Georgia,serif">
<p style="text-align:center"><a href="https://www.tealeaf-society.example/view">View in browser</a></p>
<h1>The big autumn sale: up to 40% off</h1>
<p>Dear tea lover,</p>
<p>our autumn sale is on, until Sunday only.</p>
<table>
<tr><td>Assam Second Flush, 250 g</td><td><s>$18.90</s></td><td>$12.90</td></tr>
<tr><td>Sencha Fukujyu, 100 g</td><td><s>$14.50</s></td><td>$9.90</td></tr>
<tr><td>Cast iron teapot, 1.2 l</td><td><s>$64.00</s></td><td>$44.80</td></tr>
</table>
<p>Order for a total of $50 or more and shipping is free.</p>
<p><a href="https://www.tealeaf-society.example/sale">Shop now</a></p>
<p style="font-size:11px">You get this newsletter because you signed up for it.
<a href="https://www.tealeaf-society.example/unsubscribe">Unsubscribe</a></p>
</body></html>
`)
	if err != nil {
		return nil, err
	}
	header := mailHeader(
		field{"From", "The Tealeaf Society <hello@news.tealeaf-society.example>"},
		field{"To", "accounts@fernhill.example"},
		field{"Subject", "The big autumn sale: up to 40% off your favourite teas"},
		field{"Date", "Thu, 19 Nov 2026 17:30:00 +0000"},
		field{"Message-ID", "<autumn-sale-2026.44871@news.tealeaf-society.example>"},
		field{"List-Unsubscribe", "<https://www.tealeaf-society.example/unsubscribe>"},
		field{"Precedence", "bulk"},
	)
	return []byte(header + multipart("alternative", "tealeaf-autumn-2026", text, html)), nil
}
