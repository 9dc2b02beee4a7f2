// Package locale writes amounts and dates as documents of a country do:
// 1.234,56 € in Germany, $1,234.56 in the United States, 2026年3月4日 in Japan.
package locale

import (
	"fmt"
	"strconv"
	"strings"
)

// Locale is the conventions of one language and country. The zero value is not
// of use; take one from Named.
type Locale struct {
	name         string
	point, group string
	before       bool // the currency's sign stands before the number
	space        string
	numeric      string // layout of time.Format
	months       string // twelve names, or none if dates are never spelled out
	long         string // day, month's name, year, as of fmt
}

const nbsp = "\u00a0"

const (
	english    = "January February March April May June July August September October November December"
	portuguese = "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"
)

// Named returns the conventions of a locale such as "de-DE", and whether they
// are known.
func Named(name string) (Locale, bool) {
	for _, l := range []Locale{
		{"en-US", ".", ",", true, "", "01/02/2006", english, "%[2]s %[1]d, %[3]d"},
		{"en-GB", ".", ",", true, "", "02/01/2006", english, "%[1]d %[2]s %[3]d"},
		{"de-DE", ",", ".", false, " ", "02.01.2006", "Januar Februar März April Mai Juni Juli August September Oktober November Dezember", "%[1]d. %[2]s %[3]d"},
		{"fr-FR", ",", nbsp, false, nbsp, "02/01/2006", "janvier février mars avril mai juin juillet août septembre octobre novembre décembre", "%[1]d %[2]s %[3]d"},
		{"es-ES", ",", ".", false, " ", "02/01/2006", "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre", "%[1]d de %[2]s de %[3]d"},
		{"it-IT", ",", ".", false, " ", "02/01/2006", "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre", "%[1]d %[2]s %[3]d"},
		{"nl-NL", ",", ".", true, " ", "02-01-2006", "januari februari maart april mei juni juli augustus september oktober november december", "%[1]d %[2]s %[3]d"},
		{"pt-BR", ",", ".", true, " ", "02/01/2006", portuguese, "%[1]d de %[2]s de %[3]d"},
		{"pt-PT", ",", ".", false, " ", "02/01/2006", portuguese, "%[1]d de %[2]s de %[3]d"},
		{"ja-JP", ".", ",", true, "", "2006/01/02", "", "%[3]d年%[2]s月%[1]d日"},
	} {
		if l.name == name {
			return l, true
		}
	}
	return Locale{}, false
}

// Currency is that of the country: "EUR".
func (l Locale) Currency() string {
	switch l.name {
	case "en-US":
		return "USD"
	case "en-GB":
		return "GBP"
	case "pt-BR":
		return "BRL"
	case "ja-JP":
		return "JPY"
	default:
		return "EUR"
	}
}

// Money writes an amount in the smallest unit of a currency, with its sign:
// 123456 of EUR as "1.234,56 €". JPY has no decimals.
func (l Locale) Money(minor int64, currency string) string {
	sign := map[string]string{"USD": "$", "EUR": "€", "GBP": "£", "JPY": "￥", "BRL": "R$"}[currency]
	space := l.space
	if sign == "" {
		sign, space = currency, " "
	}
	minus := ""
	if minor < 0 {
		minus, minor = "-", -minor
	}
	number := l.Number(minor, currency)
	if l.before {
		return minus + sign + space + number
	}
	if space == "" {
		space = " "
	}
	return minus + number + space + sign
}

// Number writes an amount without the sign of its currency: "1.234,56".
func (l Locale) Number(minor int64, currency string) string {
	if minor < 0 {
		return "-" + l.Number(-minor, currency)
	}
	whole, rest := minor, ""
	if currency != "JPY" {
		whole, rest = minor/100, l.point+fmt.Sprintf("%02d", minor%100)
	}
	digits := strconv.FormatInt(whole, 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(l.group)
		}
		b.WriteRune(d)
	}
	return b.String() + rest
}

// Percent writes a rate in hundredths of a percent: 550 as "5,5".
func (l Locale) Percent(rate int64) string {
	s := fmt.Sprintf("%d.%02d", rate/100, rate%100)
	s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	return strings.Replace(s, ".", l.point, 1)
}

// Plain writes an amount as labels do, whatever the locale: "1234.56".
func Plain(minor int64, currency string) string {
	return Locale{point: "."}.Number(minor, currency)
}
