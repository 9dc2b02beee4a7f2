package receipt

import (
	"slices"
	"strings"
	"sync"
)

// symbols are written beside amounts, the longer before those they contain.
var symbols = []sign{
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
	{"SFr.", "CHF"},
	{"Fr.", "CHF"},
	{"円", "JPY"},
	{"(円)", "JPY"},
	{"Yen", "JPY"},
	{"Euro", "EUR"},
	{"EURO", "EUR"},
	{"Eur", "EUR"},
	{"euros", "EUR"},
	{"euro", "EUR"},
	{"eur", "EUR"},
	{"AU $", "AUD"},
	{"MX$", "MXN"},
	{"USD$", "USD"},
	{"Kr.", "DKK"},
}

var codes = []string{
	"AUD", "BRL", "CAD", "CHF", "CLP", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "INR", "ISK", "JPY", "KRW", "MXN", "NOK", "NZD",
	"PLN", "RON", "SEK", "SGD", "THB", "TRY", "USD", "ZAR",
}

// sign is how a currency is written, and which one it is.
type sign struct{ text, code string }

// currencies are the signs and the codes by their first byte.
var currencies = sync.OnceValue(func() *[256][]sign {
	var by [256][]sign
	for _, s := range symbols {
		by[s.text[0]] = append(by[s.text[0]], s)
	}
	for _, code := range codes {
		by[code[0]] = append(by[code[0]], sign{code, code})
	}
	return &by
})

// currencyAt returns the code of the currency that stands at i and where it ends; "" if there is none.
func currencyAt(s string, i int) (code string, end int) {
	if i == len(s) {
		return "", i
	}
	for _, c := range currencies()[s[i]] {
		if end = i + len(c.text); strings.HasPrefix(s[i:], c.text) {
			return c.code, end
		}
	}
	return "", i
}

// currencyCode returns the ISO 4217 code of a symbol or a code, and "" for anything else.
func currencyCode(s string) string {
	s = strings.TrimSpace(s)
	if upper := strings.ToUpper(s); slices.Contains(codes, upper) {
		return upper
	}
	for _, candidate := range symbols {
		if candidate.text == s {
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
