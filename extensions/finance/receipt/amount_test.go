package receipt_test

import (
	"testing"

	"github.com/airlock-run/airlock/extensions/finance/receipt"
)

func TestParseAmount(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"12":               "12.00",
		"12.5":             "12.50",
		"12.50":            "12.50",
		"12,50":            "12.50",
		"1,234.56":         "1234.56",
		"1.234,56":         "1234.56",
		"1.234.567,89":     "1234567.89",
		"1,234,567.89":     "1234567.89",
		"1.234":            "1234.00",
		"1,234":            "1234.00",
		"1.234.567":        "1234567.00",
		"0.125":            "0.125",
		"1234.567":         "1234.567",
		"0,500":            "0.50",
		"1'234.50":         "1234.50",
		"1’234.50":         "1234.50",
		"1 234,56":         "1234.56",
		"1\u00a0234,56":    "1234.56",
		"12,-":             "12.00",
		"12.--":            "12.00",
		"-5.00":            "-5.00",
		"5.00-":            "-5.00",
		"−5,00":            "-5.00",
		"999999999999.999": "999999999999.999",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			got, ok := receipt.ParseAmount(text)
			if !ok || got.String() != want {
				t.Errorf("ParseAmount(%q) = %s, %t, want %s", text, got, ok, want)
			}
		})
	}
}

func TestParseAmountRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "-", ".", ",50", "12.", "1.2345", "1,23,456", "12.11.2026", "1.234.56", "1,234,56", "1.2.3", "12a", "1..2", "1 23", "1234,567.89",
		"1'234,567.8", "9999999999999", "١٢",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			if got, ok := receipt.ParseAmount(text); ok {
				t.Errorf("ParseAmount(%q) = %s, want none", text, got)
			}
		})
	}
}

func TestAmountIn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, currency, want string }{
		{"1,280", "JPY", "1280"},
		{"1,280", "EUR", "1280.00"},
		{"0.125", "KWD", "0.125"},
		{"12.50", "JPY", "12.50"},
	} {
		amount, ok := receipt.ParseAmount(test.text)
		if got := amount.In(test.currency); !ok || got != test.want {
			t.Errorf("%s in %s is %s, want %s", test.text, test.currency, got, test.want)
		}
	}
}

func FuzzParseAmount(f *testing.F) {
	for _, seed := range []string{"1.234,56", "1,234.56", "12,-", "-5.00", "1 234,56", "5.00-", "0.125", "1’234.50"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		amount, ok := receipt.ParseAmount(text)
		if !ok {
			return
		}
		// What is printed reads as the same amount, unless its three decimals read as a group.
		again, ok := receipt.ParseAmount(amount.String())
		if !ok || (again != amount && amount%10 == 0) {
			t.Errorf("%q reads as %s, which reads as %s, %t", text, amount, again, ok)
		}
	})
}
