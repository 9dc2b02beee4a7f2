package process

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/airlock-run/airlock/extensions/finance/receipt"
	airlock "github.com/airlock-run/airlock/sdk/go"
	"github.com/airlock-run/airlock/sdk/go/airlocktest"
)

func TestReceipt(t *testing.T) {
	t.Parallel()
	const jobID = "0a110c4b-0000-4000-8000-000000000001"
	for name, test := range map[string]struct {
		text     string // in testdata
		path     string
		metadata metadata
		analysis receipt.Analysis
		ocr      string // is in ocr.txt
	}{
		"receipt-pdf": {
			text: "invoice-de.txt",
			path: "/receipts/2026-11-17-kranich-buerobedarf-497b6c61",
			metadata: metadata{
				Vendor: "Kranich Bürobedarf GmbH", Amount: "1285.38", Currency: "EUR", Date: "2026-11-16", Tax: "205.23", Category: "office", Source: "pdf",
				Subject: "Ihre Rechnung RE-2026-10482", MessageID: "re-2026-10482.8f1c@kranich-buero.example", JobID: jobID, PaymentMethod: "SEPA direct debit", OrderNumber: "RE-2026-10482",
			},
			analysis: receipt.Analysis{Language: "de", Items: []receipt.Item{
				{Description: "Bürostuhl Arbor, anthrazit", Quantity: "2", Amount: "778.00"},
				{Description: "Monitorarm Duo", Quantity: "3", Amount: "239.70"},
				{Description: "Kopierpapier A4, 500 Blatt", Quantity: "5", Amount: "62.45"},
			}},
			ocr: "Rechnungsbetrag  1.285,38 €",
		},
		"receipt-picture": {
			text: "till-us.txt",
			path: "/receipts/2026-11-18-unknown-cf44e139",
			metadata: metadata{
				Vendor: "THE COPPER KETTLE", Amount: "36.47", Currency: "USD", Date: "2026-11-18", Tax: "2.97", Category: "office", Source: "image",
				Subject: "Lunch receipt, Delta team", MessageID: "5C0E2A71-9A0B-4E0F-B7E7-2F3D1C6A9E10@mailbox.example", JobID: jobID, PaymentMethod: "Visa ending in 4242", OrderNumber: "48213",
			},
			analysis: receipt.Analysis{Language: "en", Items: []receipt.Item{
				{Description: "Flat White", Quantity: "2", Amount: "9.00"},
				{Description: "Avocado Toast", Quantity: "1", Amount: "14.50"},
				{Description: "Lentil Soup", Quantity: "1", Amount: "10.00"},
			}},
			ocr: "TOTAL  $36.47",
		},
		"receipt-html": {
			path: "/receipts/2026-11-14-larkspur-cloud-37b81792",
			metadata: metadata{
				Vendor: "Larkspur Cloud", Amount: "77.76", Currency: "GBP", Date: "2026-11-14", Tax: "12.96", Category: "office", Source: "html",
				Subject: "Your receipt from Larkspur Cloud [LC-2026-7731]", MessageID: "20261114060317.7731.0e5@larkspur-cloud.example", JobID: jobID, PaymentMethod: "Mastercard ending in 4444", OrderNumber: "LC-2026-7731",
			},
			analysis: receipt.Analysis{Language: "en", Items: []receipt.Item{
				{Description: "Team plan, 5 seats (Nov 14 – Dec 14)", Amount: "60.00"},
				{Description: "Object storage, 120 GB", Amount: "4.80"},
			}},
			ocr: "Amount charged  £77.76",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := newHost(t, test.text)
			if code := host.Run("process_receipt", received(t, name)); code != 0 {
				t.Fatalf("exit code %d, log %v", code, host.Logs())
			}
			entries := created(t, host)
			if len(entries) != 1 || entries[0].Path != test.path || len(entries[0].Sidecars) != 3 {
				t.Fatalf("entries %+v, want one with three sidecars at %s", entries, test.path)
			}
			var got metadata
			if err := json.Unmarshal(entries[0].Metadata, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.metadata, got, cmpopts.IgnoreFields(metadata{}, "Mail", "Confidence", "Total")); diff != "" || string(got.Total) != got.Amount {
				t.Errorf("total %s, metadata (-want +got):\n%s", got.Total, diff)
			}
			var analysis receipt.Analysis
			if err := json.Unmarshal([]byte(sidecar(t, host, entries[0], "receipt_analysis.json")), &analysis); err != nil {
				t.Fatal(err)
			}
			m := test.metadata
			want := test.analysis
			want.Vendor, want.Amount, want.Currency, want.Date, want.Tax, want.Category, want.PaymentMethod, want.OrderNumber = m.Vendor, m.Amount, m.Currency, m.Date, m.Tax, m.Category, m.PaymentMethod, m.OrderNumber
			if diff := cmp.Diff(want, analysis, cmpopts.IgnoreFields(receipt.Analysis{}, "Confidence", "Confidences")); diff != "" {
				t.Errorf("analysis (-want +got):\n%s", diff)
			}
			if text := sidecar(t, host, entries[0], "ocr.txt"); !strings.Contains(text, test.ocr) {
				t.Errorf("ocr.txt has no %q:\n%s", test.ocr, text)
			}
			var mail email
			if err := json.Unmarshal([]byte(sidecar(t, host, entries[0], "email.json")), &mail); err != nil {
				t.Fatal(err)
			}
			if mail.MessageID != m.MessageID || len(mail.From) != 1 || len(mail.To) != 1 || len(mail.Headers) < 5 || mail.Date.IsZero() {
				t.Errorf("email.json %+v", mail)
			}
		})
	}
}

func TestNotAReceipt(t *testing.T) {
	t.Parallel()
	const head = "From: a@b.example\r\nSubject: Hello\r\n"
	for name, test := range map[string]struct {
		mail     airlocktest.Option
		progress string
	}{
		"newsletter":   {received(t, "newsletter"), "not a receipt: it is a newsletter"},
		"chat":         {mailed(head + "\r\nLunch?"), "not a receipt: no total was found in it"},
		"empty mail":   {mailed(head + "\r\n"), "not a receipt: there is no text in it and no document that could be read"},
		"tiny picture": {mailed(head + "Content-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\n"), "not a receipt: there is no text in it and no document that could be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := airlocktest.New(t)
			if code := host.Run("process_receipt", test.mail); code != 0 {
				t.Errorf("exit code %d, want 0; log %v", code, host.Logs())
			}
			if got := lastProgress(host); got != test.progress {
				t.Errorf("last progress %q, want %q", got, test.progress)
			}
			if logs := host.Logs(); len(logs) != 1 || logs[0].Message != test.progress {
				t.Errorf("log %v", logs)
			}
			if calls := methods(host); len(calls) != 0 {
				t.Errorf("calls %q", calls)
			}
		})
	}
}

func TestNoMail(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options []airlocktest.Option
		log     string
	}{
		"no event":   {nil, "no mail: process_receipt is started by a mail.received event, whose data is a mail (message/rfc822), or by email_scan"},
		"empty":      {[]airlocktest.Option{mailed("")}, "the data of event 1 (message/rfc822) is no mail: not a mail: it is empty; a mail (message/rfc822) is needed"},
		"not a mail": {[]airlocktest.Option{mailed("%PDF-1.4")}, "the data of event 1 (message/rfc822) is no mail: not a mail: "},
		"bad state":  {[]airlocktest.Option{mailed("Subject: x\r\n\r\n"), airlocktest.WithState([]byte("7"))}, "decode state: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := airlocktest.New(t)
			if code := host.Run("process_receipt", test.options...); code != 3 {
				t.Errorf("exit code %d, want 3: failed for good", code)
			}
			if logs := host.Logs(); len(logs) != 1 || logs[0].Level != airlock.LevelError || !strings.HasPrefix(logs[0].Message, test.log) {
				t.Errorf("log %v, want %q", logs, test.log)
			}
		})
	}
}
