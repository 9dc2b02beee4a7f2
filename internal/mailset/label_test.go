package mailset_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/internal/mailset"
)

func whole() mailset.Label {
	return mailset.Label{
		Receipt: true, Kind: mailset.KindInvoice, Vendor: "Ostwind Papier GmbH",
		Total: "11.90", Tax: "1.90", Currency: "EUR", Date: "2026-03-04",
		Category: "office", Locale: "de-DE", Source: mailset.SourceText, Layout: "table",
		Items: []mailset.Item{{Description: "Ordner", Quantity: "2", Amount: "10.00"}},
	}
}

func TestLabelValidate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*mailset.Label)
		want   string // part of the error; "" for none
	}{
		{"ok", func(*mailset.Label) {}, ""},
		{"yen without decimals", func(l *mailset.Label) { l.Currency, l.Total, l.Tax = "JPY", "1200", "109" }, ""},
		{"yen with decimals", func(l *mailset.Label) { l.Currency, l.Tax = "JPY", "" }, `total "11.90"`},
		{"total with comma", func(l *mailset.Label) { l.Total = "11,90" }, `total "11,90"`},
		{"date of the locale", func(l *mailset.Label) { l.Date = "04.03.2026" }, `date "04.03.2026"`},
		{"unknown category", func(l *mailset.Label) { l.Category = "fun" }, `category "fun"`},
		{"unknown locale", func(l *mailset.Label) { l.Locale = "de" }, `locale "de"`},
		{"no source", func(l *mailset.Label) { l.Source = "" }, `source ""`},
		{"facts of no receipt", func(l *mailset.Label) { l.Receipt = false }, "states facts"},
		{"no receipt", func(l *mailset.Label) { *l = mailset.Label{Locale: "ja-JP", Layout: "news"} }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			label := whole()
			tt.change(&label)
			err := label.Validate()
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Validate() = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestLabelIsTheSameAfterJSON(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(whole())
	if err != nil {
		t.Fatal(err)
	}
	var got mailset.Label
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole(), got); diff != "" {
		t.Errorf("label after JSON (-want +got):\n%s", diff)
	}
}
