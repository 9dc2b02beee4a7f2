package main

// htmlReceipt is a receipt that is the mail itself, in tables as mail programs want them.
func htmlReceipt() ([]byte, error) {
	html, err := textPart("text/html", `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Your receipt from Larkspur Cloud</title>
<style>body{font-family:Helvetica,Arial,sans-serif;color:#1d2433} td{padding:6px 0} .num{text-align:right}</style></head>
<body style="background:#f4f5f8">
<div style="display:none;max-height:0;overflow:hidden">£77.76 paid on 14 November 2026. No action is needed.&#8203;</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center">
<table role="presentation" width="600" cellpadding="0" cellspacing="0" style="background:#ffffff">
  <tr><td><h1>Receipt from Larkspur Cloud</h1><p>Receipt number LC-2026-7731</p></td></tr>
  <tr><td>
    <table role="presentation" width="100%">
      <tr><td>AMOUNT PAID</td><td>DATE PAID</td><td>PAYMENT METHOD</td></tr>
      <tr><td>£77.76</td><td>14 November 2026</td><td>Mastercard ending in 4444</td></tr>
    </table>
  </td></tr>
  <tr><td><h2>Summary</h2></td></tr>
  <tr><td>
    <table role="presentation" width="100%">
      <tr><td>Team plan, 5 seats (Nov 14 &ndash; Dec 14)</td><td class="num">£60.00</td></tr>
      <tr><td>Object storage, 120&nbsp;GB</td><td class="num">£4.80</td></tr>
      <tr><td>Subtotal</td><td class="num">£64.80</td></tr>
      <tr><td>VAT (20%)</td><td class="num">£12.96</td></tr>
      <tr><td><strong>Amount charged</strong></td><td class="num"><strong>£77.76</strong></td></tr>
    </table>
  </td></tr>
  <tr><td><p>If you have any questions, visit our support site or reply to this mail.</p>
  <p>Larkspur Cloud Ltd, 9 Harbour Row, Bristol BS1 4ZZ &middot; VAT no. GB 999 9999 73</p></td></tr>
</table>
</td></tr></table>
</body>
</html>
`)
	if err != nil {
		return nil, err
	}
	header := mailHeader(
		field{"From", "Larkspur Cloud Billing <receipts@larkspur-cloud.example>"},
		field{"To", "accounts@fernhill.example"},
		field{"Subject", "Your receipt from Larkspur Cloud [LC-2026-7731]"},
		field{"Date", "Sat, 14 Nov 2026 06:03:17 +0000"},
		field{"Message-ID", "<20261114060317.7731.0e5@larkspur-cloud.example>"},
	)
	return []byte(header + html), nil
}
