package receipt_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/airlock-run/airlock/extensions/finance/receipt"
)

// documents are in testdata, as an OCR or [receipt.HTML] hands them over.
var documents = []struct {
	file   string
	source receipt.Source
	want   receipt.Analysis
}{
	{
		file:   "supermarket-de.txt",
		source: receipt.Source{Document: true, Sender: receipt.Sender{Private: true}},
		want: receipt.Analysis{
			Language: "de", OrderNumber: "4471",
			Vendor: "Marktkauf Lindner", Amount: "23.46", Currency: "EUR", Date: "2026-11-07", Tax: "1.96", PaymentMethod: "girocard",
			Items: []receipt.Item{
				{Description: "BIO VOLLMILCH 3,8%", Amount: "1.49"},
				{Description: "DINKELBROT 750G", Amount: "3.99"},
				{Description: "BERGKÄSE", Amount: "5.48"},
				{Description: "ÄPFEL ELSTAR", Amount: "2.75"},
				{Description: "WASCHMITTEL", Amount: "7.95"},
				{Description: "PFAND", Amount: "1.80"},
			},
		},
	},
	{
		file:   "hotel-fr-numbers.txt",
		source: receipt.Source{Document: true, Sender: receipt.Sender{Name: "Hôtel du Lac", Domain: "hoteldulac.example"}},
		want: receipt.Analysis{
			Language: "en", OrderNumber: "2026/1044",
			Vendor: "Hôtel du Lac SARL", Amount: "1254.00", Currency: "EUR", Date: "2026-10-03", Tax: "114.00", PaymentMethod: "Visa ending in 1881",
			Items: []receipt.Item{
				{Description: "Room 204, 5 nights", Amount: "1100.00"},
				{Description: "Breakfast", Amount: "40.00"},
			},
		},
	},
	{
		file:   "ride-us.txt",
		source: receipt.Source{Sender: receipt.Sender{Name: "Wheelie Receipts", Domain: "wheelie.example"}, Mailed: time.Date(2026, 11, 3, 22, 0, 0, 0, time.UTC)},
		want: receipt.Analysis{
			Language: "en",
			Vendor:   "Wheelie", Amount: "31.18", Currency: "USD", Date: "2026-11-03", PaymentMethod: "Apple Pay",
			Items: []receipt.Item{
				{Description: "Trip fare", Amount: "24.10"},
				{Description: "Booking fee", Amount: "2.08"},
			},
		},
	},
	{
		file:   "order-labels-above.txt",
		source: receipt.Source{Sender: receipt.Sender{Name: "Orders at Pinecone & Co.", Domain: "pinecone.example"}, Mailed: time.Date(2026, 9, 9, 8, 0, 0, 0, time.UTC)},
		want: receipt.Analysis{
			Language: "en", OrderNumber: "PC-88120",
			Vendor: "Pinecone & Co.", Amount: "149.00", Currency: "CHF", Date: "2026-09-09", Tax: "11.16", PaymentMethod: "",
			Items: []receipt.Item{{Description: "Desk lamp Juniper", Quantity: "2", Amount: "149.00"}},
		},
	},
	{
		file:   "ramen-jpy.txt",
		source: receipt.Source{Document: true, Sender: receipt.Sender{Private: true}, Confidence: 0.8},
		want: receipt.Analysis{
			Language: "en",
			Vendor:   "Ramen Hayashi", Amount: "2530", Currency: "JPY", Date: "2026-05-21", Tax: "230", PaymentMethod: "cash",
			Items: []receipt.Item{{Description: "Shoyu Ramen", Quantity: "2", Amount: "1900.00"}, {Description: "Gyoza", Quantity: "1", Amount: "400.00"}},
		},
	},
}

func TestExtract(t *testing.T) {
	t.Parallel()
	for _, document := range documents {
		t.Run(document.file, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("testdata", document.file))
			if err != nil {
				t.Fatal(err)
			}
			document.source.Text = string(text)
			if verdict := receipt.Judge(receipt.Evidence{Text: document.source.Text}); !verdict.Receipt {
				t.Errorf("not judged a receipt: %s", verdict.Reason)
			}
			got := receipt.Extract(document.source)
			if diff := cmp.Diff(document.want, got, cmpopts.IgnoreFields(receipt.Analysis{}, "Confidence", "Confidences")); diff != "" {
				t.Errorf("analysis (-want +got):\n%s", diff)
			}
			if got.Confidence < 0.5 || got.Confidence > 1 {
				t.Errorf("confidence %v", got.Confidence)
			}
		})
	}
}

func TestExtractBelievesWhatIsStated(t *testing.T) {
	t.Parallel()
	stated := receipt.Stated{Kind: "Order", Vendor: "Acme", Amount: "99.90", Currency: "SEK", Date: "2026-01-02", Items: []receipt.Item{{Description: "Lamp", Amount: "99.90"}}}
	got := receipt.Extract(receipt.Source{Text: "Total 12.00 EUR\nPaid with Klarna", Stated: stated, Sender: receipt.Sender{Name: "Other"}})
	want := receipt.Analysis{Vendor: "Acme", Amount: "99.90", Currency: "SEK", Date: "2026-01-02", PaymentMethod: "Klarna", Items: stated.Items, Language: "en", Confidence: 0.92}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(receipt.Analysis{}, "Confidences")); diff != "" {
		t.Errorf("analysis (-want +got):\n%s", diff)
	}
}

func TestExtractOfNothing(t *testing.T) {
	t.Parallel()
	got := receipt.Extract(receipt.Source{Sender: receipt.Sender{Private: true}})
	if diff := cmp.Diff(receipt.Analysis{Items: []receipt.Item{}, Language: "en", Confidences: map[string]float64{}}, got); diff != "" {
		t.Errorf("analysis (-want +got):\n%s", diff)
	}
}

func TestSlug(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Kranich Bürobedarf GmbH": "kranich-buerobedarf-gmbh",
		"THE  COPPER KETTLE!":     "the-copper-kettle",
		"Salt & Pepper":           "salt-and-pepper",
		"東京":                      "unknown",
		"":                        "unknown",
		"../../etc/passwd":        "etc-passwd",
		"a very long name of a company that never ends": "a-very-long-name-of-a-company-that-never",
	} {
		if got := receipt.Slug(name); got != want {
			t.Errorf("Slug(%q) = %q, want %q", name, got, want)
		}
	}
}
