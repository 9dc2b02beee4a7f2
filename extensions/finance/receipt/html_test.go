package receipt_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/extensions/finance/receipt"
)

func TestHTML(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ source, want string }{
		"rows are lines":              {`<table><tr><td>Tea</td><td>4,50&nbsp;€</td></tr><tr><td><b>Total</b></td><td>4,50&nbsp;€</td></tr></table>`, "Tea  4,50\u00a0€\nTotal  4,50\u00a0€"},
		"cells with paragraphs":       {`<tr><table><tr><td><p>Total</p></td><td><div>$5.00</div></td></tr></table>`, "Total  $5.00"},
		"cells of many lines":         {`<table><tr><td>Ship to<br>Ada</td><td>Bill to<br>Eve</td></tr></table>`, "Ship to\nAda\nBill to\nEve"},
		"hidden is not shown":         {`<style>p{}</style><title>x</title><p style="DISPLAY: none">You saved $9.00</p><p hidden>a</p><p>Paid</p><script>1</script>`, "Paid"},
		"amounts beside their labels": {`<table><tr><td>Subtotal<br>Tax</td><td>$4.00<br>$1.00</td></tr></table>`, "Subtotal  $4.00\nTax  $1.00"},
		"raised cents":                {`<b>Total</b> $45<sup>00</sup>, see note<sup>1</sup>`, "Total $45.00, see note 1"},
		"a price that was":            {`Lamp <s>$20.00</s> <span style="text-decoration: line-through">$18.00</span> $15.00`, "Lamp   $15.00"},
		"a till's receipt":            {"<pre>TEA      2.00\nTOTAL    2.00</pre>", "TEA      2.00\nTOTAL    2.00"},
		"lines kept by a style":       {"<div style='white-space: pre-wrap'>TEA  2.00\nTOTAL  2.00</div>", "TEA  2.00\nTOTAL  2.00"},
		"columns by a style":          {`<div><span style="float:left">Total</span><span style="display:inline-block">$5.00</span></div>`, "Total    $5.00"},
		"glued by a style":            {`<span>Total</span><span>5.00 €</span>`, "Total 5.00 €"},
		"quoted":                      {`Yes<blockquote>Total<br>$5.00</blockquote>`, "Yes\n> Total\n> $5.00"},
		"white space":                 {"<p>a\n  b\u200b\u00ad c</p>text", "a b c\ntext"},
		"no HTML at all":              {"just text", "just text"},
		"empty":                       {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, receipt.HTML(test.source).Text); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHTMLStates(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		block string
		want  receipt.Stated
	}{
		"order": {
			`{"@context":"http://schema.org","@type":"Order","merchant":{"@type":"Organization","name":"Acme"},"price":"1234.50","priceCurrency":"EUR",
			"orderDate":"2026-11-02T10:00:00+01:00","paymentMethod":{"name":"Visa"},"acceptedOffer":[{"@type":"Offer","itemOffered":{"name":"Lamp"},
			"price":1234.5,"priceCurrency":"EUR","eligibleQuantity":{"value":1}}]}`,
			receipt.Stated{Kind: "Order", Vendor: "Acme", Amount: "1234.50", Currency: "EUR", Date: "2026-11-02", Payment: "Visa", Items: []receipt.Item{{Description: "Lamp", Quantity: "1", Amount: "1234.50"}}},
		},
		"invoice in a graph": {
			`{"@graph":[{"@type":"Organization"},{"@type":"https://schema.org/Invoice","provider":[{"name":"Power Co"}],"totalPaymentDue":{"price":"0.1","priceCurrency":"usd"}}]}`,
			receipt.Stated{Kind: "Invoice", Vendor: "Power Co", Amount: "0.10", Currency: "USD"},
		},
		"order beside its parcel": {
			`[{"@type":"ParcelDelivery","trackingNumber":"1"},{"@type":"Order","price":"free","priceCurrency":"DOGE"}]`,
			receipt.Stated{Kind: "Order"},
		},
		"three decimals are no group": {`{"@type":"Order","price":"1.234"}`, receipt.Stated{Kind: "Order", Amount: "1.234"}},
		"something else":              {`{"@type":"Event","name":"x"}`, receipt.Stated{}},
		"no JSON":                     {`{"@type":"Order"`, receipt.Stated{}},
		"nested without end":          {strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000), receipt.Stated{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := receipt.HTML(`<html><head><script type="application/ld+json">` + test.block + `</script></head><body>Hi</body></html>`)
			if diff := cmp.Diff(test.want, page.Stated); diff != "" {
				t.Errorf("stated (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHTMLStatesInMicrodata(t *testing.T) {
	t.Parallel()
	page := receipt.HTML(`<div itemscope itemtype="http://schema.org/Order"><div itemprop="merchant" itemscope itemtype="http://schema.org/Organization">
		<meta itemprop="name" content="Acme"></div><link itemprop="orderStatus" href="http://schema.org/OrderProcessing">
		<span itemprop="orderNumber">A-1</span> <time itemprop="orderDate" datetime="2026-11-02T10:00:00Z">yesterday</time>
		<p>Total <span itemprop="price">12.50</span> <meta itemprop="priceCurrency" content="EUR"></p>
		<div itemprop="acceptedOffer" itemscope itemtype="http://schema.org/Offer"><div itemprop="itemOffered" itemscope><span itemprop="name">Lamp</span></div>
		<meta itemprop="price" content="12.50"></div></div>`)
	want := receipt.Stated{
		Kind: "Order", Number: "A-1", Status: "http://schema.org/OrderProcessing", Vendor: "Acme", Amount: "12.50", Currency: "EUR", Date: "2026-11-02",
		Items: []receipt.Item{{Description: "Lamp", Amount: "12.50"}},
	}
	if diff := cmp.Diff(want, page.Stated); diff != "" {
		t.Errorf("stated (-want +got):\n%s", diff)
	}
}

func FuzzHTML(f *testing.F) {
	f.Add(`<table><tr><td>Total</td><td>$5.00</td></tr></table>`)
	f.Add(`<script type="application/ld+json">{"@type":"Order","price":"1","priceCurrency":"EUR"}</script>`)
	f.Add(`<tr><td><table><tr><td>`)
	f.Add(`<div itemscope itemtype="http://schema.org/Order"><b itemprop="price">1</b><i itemprop=a itemscope></i></div>`)
	f.Fuzz(func(t *testing.T, source string) {
		page := receipt.HTML(source)
		if utf8.ValidString(source) && !utf8.ValidString(page.Text) {
			t.Errorf("the text of a valid page is not valid UTF-8: %q", page.Text)
		}
		if !receipt.Judge(receipt.Evidence{Text: page.Text, Stated: page.Stated}).Receipt {
			return
		}
		if a := receipt.Extract(receipt.Source{Text: page.Text, Stated: page.Stated}); a.Amount == "" {
			t.Errorf("a receipt without an amount: %+v", a)
		}
	})
}
