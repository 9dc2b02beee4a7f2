package receipt_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/extensions/finance/receipt"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	const (
		newsletter = "it is a newsletter"
		shipping   = "it is a shipping notice"
		statement  = "it is an account statement"
		offer      = "it is an offer, not yet a purchase"
		noTotal    = "no total was found in it"
		nothing    = "nothing in it says that something was bought"
	)
	for name, test := range map[string]struct {
		evidence receipt.Evidence
		reason   string // empty for a receipt
	}{
		"invoice": {receipt.Evidence{Subject: "Invoice 4711", Text: "Invoice number 4711\nTotal due: EUR 12.00"}, ""},
		"order confirmation of a shop that still sells": {
			receipt.Evidence{Subject: "Order confirmation #88", Text: "Thank you for your order\nOrder total: $40.00\nVisa\nShop now: 20% off", Bulk: true}, "",
		},
		"order that tells when it comes": {
			receipt.Evidence{Subject: "Order confirmation: your order is shipped on Friday", Text: "Order number 5\nGrand total $40.00\nEstimated delivery Friday"}, "",
		},
		"German invoice":  {receipt.Evidence{Subject: "Ihre Rechnung", Text: "Rechnungsnummer 7\nGesamtbetrag 12,00 €\nenthaltene MwSt 19 % 1,92 €"}, ""},
		"stated in JSON":  {receipt.Evidence{Subject: "Yay!", Text: "Yay!", Stated: receipt.Stated{Kind: "Order", Amount: "5.00"}}, ""},
		"named by a file": {receipt.Evidence{Text: "Acme\nAmount due 9.00 USD", Documents: []string{"INV-2026_01.pdf"}}, ""},

		"newsletter":           {receipt.Evidence{Subject: "Autumn sale", Text: "Sale: Tea now $12.90\nTotal savings $6.00\nShop now\nUnsubscribe", Bulk: true}, newsletter},
		"newsletter, German":   {receipt.Evidence{Subject: "Nur für kurze Zeit: 20 % Rabatt", Text: "Sonderangebot\nSumme ab 9,99 €\nJetzt kaufen\nAbmelden", Bulk: true}, newsletter},
		"newsletter on totals": {receipt.Evidence{Subject: "New arrivals", Text: "Spend a total of $50.00 and get a coupon\nBuy now\nView in browser"}, newsletter},
		"shipping notice":      {receipt.Evidence{Subject: "Your parcel is on its way", Text: "Order number 12\nTracking number 1Z99\nTotal $40.00"}, shipping},
		"shipping, German":     {receipt.Evidence{Subject: "Deine Sendung wurde versandt", Text: "Sendungsnummer 00340\nBestellnummer 7\nSumme 12,00 €"}, shipping},
		"shipping, stated":     {receipt.Evidence{Subject: "Good news", Text: "Track your parcel\nTotal $40.00", Stated: receipt.Stated{Kind: "ParcelDelivery"}}, shipping},
		"bank statement":       {receipt.Evidence{Subject: "Your monthly statement", Text: "Opening balance 10.00\nClosing balance 20.00\nTotal deposits $10.00"}, statement},
		"bank statement, de":   {receipt.Evidence{Subject: "Kontoauszug 11/2026", Text: "Alter Saldo 10,00\nNeuer Saldo 20,00\nSumme 10,00 €"}, statement},
		"quotation":            {receipt.Evidence{Subject: "Quotation 88 for your project", Text: "Design work $900.00\nTotal $900.00"}, offer},
		"no total":             {receipt.Evidence{Subject: "Your receipt", Text: "Thank you for your purchase. Your receipt is attached."}, noTotal},
		"chat about money":     {receipt.Evidence{Subject: "dinner?", Text: "In total we paid $40.00, so you owe me 20.00"}, nothing},
		"nothing":              {receipt.Evidence{}, noTotal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := receipt.Judge(test.evidence)
			if got.Receipt != (test.reason == "") || got.Reason != test.reason {
				t.Errorf("Judge = %+v, want reason %q", got, test.reason)
			}
		})
	}
}

func FuzzExtract(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatalf("no documents in testdata: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		a := receipt.Extract(receipt.Source{Text: text, Document: true})
		if a.Confidence < 0 || a.Confidence > 1 {
			t.Errorf("confidence %v", a.Confidence)
		}
		for _, amount := range []string{a.Amount, a.Tax} {
			if strings.Trim(amount, "0123456789.") != "" {
				t.Errorf("amount %q", amount)
			}
		}
		receipt.Judge(receipt.Evidence{Text: text})
	})
}
