package receipt

import (
	"regexp"
	"slices"
	"strings"
)

// symbols are written beside amounts, the longer before those they contain.
var symbols = []struct{ symbol, code string }{
	{"US$", "USD"},
	{"CA$", "CAD"},
	{"C$", "CAD"},
	{"AU$", "AUD"},
	{"A$", "AUD"},
	{"NZ$", "NZD"},
	{"HK$", "HKD"},
	{"S$", "SGD"},
	{"R$", "BRL"},
	{"€", "EUR"},
	{"£", "GBP"},
	{"$", "USD"},
	{"¥", "JPY"},
	{"₹", "INR"},
	{"₩", "KRW"},
	{"₺", "TRY"},
	{"zł", "PLN"},
	{"Kč", "CZK"},
	{"Fr.", "CHF"},
	{"SFr.", "CHF"},
	{"Euro", "EUR"},
	{"EURO", "EUR"},
}

var codes = []string{
	"AUD", "BRL", "CAD", "CHF", "CLP", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "INR", "ISK", "JPY", "KRW", "MXN", "NOK", "NZD",
	"PLN", "RON", "SEK", "SGD", "THB", "TRY", "USD", "ZAR",
}

// currencyPattern matches a currency beside an amount; [currencyCode] names it.
var currencyPattern = func() string {
	var alternatives []string
	for _, s := range symbols {
		alternatives = append(alternatives, regexp.QuoteMeta(s.symbol))
	}
	return strings.Join(append(alternatives, codes...), "|")
}()

// currencyCode returns the ISO 4217 code of a symbol or a code, and "" for anything else.
func currencyCode(s string) string {
	s = strings.TrimSpace(s)
	if upper := strings.ToUpper(s); slices.Contains(codes, upper) {
		return upper
	}
	for _, candidate := range symbols {
		if candidate.symbol == s {
			return candidate.code
		}
	}
	return ""
}

// mostUsed returns the currency that most amounts of a document name; the first of several.
func mostUsed(lines []line) string {
	count, best := map[string]int{}, ""
	for _, l := range lines {
		for _, m := range l.money {
			if m.currency == "" {
				continue
			}
			if count[m.currency]++; best == "" || count[m.currency] > count[best] {
				best = m.currency
			}
		}
	}
	return best
}
