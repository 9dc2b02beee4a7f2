package receipt

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// money is an amount as a line names it.
type money struct {
	amount     Amount
	currency   string // "" where the line names none
	start, end int    // in line.text
	role       role
	row        bool // the last of several behind one label
	bare       bool // without currency and decimals
}

// moneyIn finds the amounts of a line. A number is one if a currency stands beside it or it has two decimals. spaced also reads
// 1 234,56 as one number, which in a table may be two: it is for lines that have only one.
func moneyIn(s string, spaced bool) []money {
	if spaced {
		s = joinGroups(s, ofNumber)
	}
	var found []money
	for f, ok := nextFigure(s, 0); ok; f, ok = nextFigure(s, f.end) {
		currency := f.before
		if f.after != "" && (!wordByte(s[f.end-1]) || !letterAt(s, f.end)) {
			currency = f.after
		}
		if currency == "" && !hasTwoDecimals(s[f.from:f.to]) || glued(s, f) {
			continue
		}
		credit := f.credit
		if currency == "JPY" {
			credit = f.to // 1,200- says that nothing follows
		}
		if f.minus == "" && f.before != "" && takenOff(s[:f.start]) {
			f.minus = "-"
		}
		amount, ok := ParseAmount(f.minus + s[f.from:credit])
		if !ok {
			continue
		}
		found = append(found, money{amount: amount, currency: currency, start: f.start, end: f.end})
	}
	return found
}

// takenOff tells that what is in front of a currency's sign ends with a minus of its own: -$5.00, and not $2-$5.
func takenOff(s string) bool {
	for _, minus := range []string{"-", "−", "–"} {
		if before, ok := strings.CutSuffix(s, minus); ok {
			return before == "" || strings.HasSuffix(before, " ") || strings.HasSuffix(before, "\u00a0")
		}
	}
	return false
}

func hasTwoDecimals(number string) bool {
	n := len(number)
	return n >= 4 && (number[n-3] == '.' || number[n-3] == ',') && digit(number[n-2]) && digit(number[n-1])
}

// glued tells that a number is part of something else: a word, a date, a time, a percentage, a version.
func glued(s string, f figure) bool {
	start, end := f.from, f.to
	if f.before != "" {
		start = f.start
	}
	before, size := utf8.DecodeLastRuneInString(s[:start])
	if c, _ := utf8.DecodeRuneInString(s[start:]); !unicode.IsLetter(c) && !unicode.IsDigit(c) || strings.Contains(s[start:f.from], "$") || wide(before) {
		before = ' ' // a symbol ends whatever is in front of it, and Japanese has no spaces
	}
	joined := start-size > 0 && digit(s[start-size-1]) // with what is in front of the sign in front
	after := strings.TrimLeft(s[end:], " \u00a0")
	next, _ := utf8.DecodeRuneInString(s[end:])
	switch {
	case start > 0 && (unicode.IsLetter(before) || strings.ContainsRune("#_", before)),
		start > 0 && joined && strings.ContainsRune("/:.,", before):
		return true
	case strings.HasPrefix(after, "%"), strings.HasPrefix(after, "°"):
		return true
	case next == '/' && end+1 < len(s) && digit(s[end+1]), next == ':' && end+1 < len(s) && digit(s[end+1]):
		return true
	case next == '.' && end+1 < len(s) && digit(s[end+1]):
		return true
	default:
		return false
	}
}
