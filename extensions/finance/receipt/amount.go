package receipt

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Amount is money in thousandths of its currency's unit, which is exact for every currency there is.
type Amount int64

const amountUnit = 1000

// maxAmountDigits keeps an amount, and sums of amounts, far from overflow.
const maxAmountDigits = 12

// String returns the amount with a point and two decimals, three where it has a third.
func (a Amount) String() string {
	sign := ""
	if a < 0 {
		sign, a = "-", -a
	}
	whole, rest := a/amountUnit, a%amountUnit
	if rest%10 == 0 {
		return fmt.Sprintf("%s%d.%02d", sign, whole, rest/10)
	}
	return fmt.Sprintf("%s%d.%03d", sign, whole, rest)
}

// In returns the amount as it is written in a currency: without decimals where the currency has none.
func (a Amount) In(currency string) string {
	if a%amountUnit == 0 && (currency == "JPY" || currency == "KRW" || currency == "ISK" || currency == "CLP") {
		return fmt.Sprintf("%d", a/amountUnit)
	}
	return a.String()
}

// ParseAmount reads a number as receipts write it: 1,234.56 and 1.234,56, with spaces or apostrophes between groups, `12,-` and
// a sign in front or behind. Of a single separator, one or two digits after it are decimals and three are a group, so that
// 1.234 is a thousand and more; after a zero three digits are decimals too.
func ParseAmount(s string) (Amount, bool) {
	s = strings.TrimSpace(s)
	negative := false
	for _, minus := range []string{"-", "−", "–"} {
		if rest, ok := strings.CutPrefix(s, minus); ok {
			s, negative = rest, true
			break
		}
	}
	for _, dash := range []string{",-", ".-", ",--", ".--", ",–", ".–", ",—", ".—"} {
		if rest, ok := strings.CutSuffix(s, dash); ok && len(rest) > 0 {
			s = rest
			break
		}
	}
	if rest, ok := strings.CutSuffix(s, "-"); ok && !negative {
		s, negative = rest, true
	}
	whole, decimals, ok := split(strings.TrimSpace(s))
	if !ok || len(whole) > maxAmountDigits {
		return 0, false
	}
	var value Amount
	for _, digit := range []byte(whole + (decimals + "000")[:3]) {
		value = value*10 + Amount(digit-'0')
	}
	if negative {
		value = -value
	}
	return value, true
}

// ParseDecimal reads a number as programs write it, where a point is always the decimal one: 1234.5.
func ParseDecimal(s string) (Amount, bool) { return stated(s) }

// split tells a number's whole part, without separators, from its decimals.
func split(s string) (whole, decimals string, ok bool) {
	groups, separators, ok := tokens(s)
	if !ok {
		return "", "", false
	}
	last := len(separators) - 1
	if last < 0 {
		return groups[0], "", true
	}
	tail := groups[len(groups)-1]
	point := separators[last] == '.' || separators[last] == ','
	for _, other := range separators[:last] {
		if other == separators[last] {
			point = false // a point comes once
		}
	}
	if point && last == 0 && len(tail) == 3 && groups[0] != "0" && len(groups[0]) <= 3 {
		point = false // the one separator of 1.234 parts thousands
	}
	if point {
		if len(tail) > 3 {
			return "", "", false
		}
		decimals = tail
		groups, separators = groups[:len(groups)-1], separators[:last]
	}
	for i, group := range groups {
		if i > 0 && (len(group) != 3 || separators[i-1] != separators[0]) || i == 0 && len(groups) > 1 && len(group) > 3 {
			return "", "", false
		}
	}
	return strings.Join(groups, ""), decimals, true
}

// tokens splits a number into its runs of digits and the separators between them.
func tokens(s string) (groups []string, separators []rune, ok bool) {
	start := 0
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			continue
		case !strings.ContainsRune(".,'’ \u00a0\u202f", r), i == start:
			return nil, nil, false
		}
		groups, separators = append(groups, s[start:i]), append(separators, r)
		start = i + utf8.RuneLen(r)
	}
	if start >= len(s) {
		return nil, nil, false
	}
	return append(groups, s[start:]), separators, true
}
