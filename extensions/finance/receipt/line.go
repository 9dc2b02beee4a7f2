package receipt

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLines and maxLineBytes bound the work that one document can cause.
const (
	maxLines     = 5000
	maxLineBytes = 1000
)

// line is one line of a document and the money in it.
type line struct {
	text  string
	words string // lower case, misread letters mended, single spaces
	money []money
}

// money is an amount as a line names it.
type money struct {
	amount     Amount
	currency   string // "" where the line names none
	start, end int    // in line.text
}

// last returns the amount that stands rightmost, where receipts keep their results.
func (l line) last() (money, bool) {
	if len(l.money) == 0 {
		return money{}, false
	}
	return l.money[len(l.money)-1], true
}

func readLines(text string) []line {
	var lines []line
	for s := range strings.Lines(text) {
		if s = strings.TrimSpace(s[:min(len(s), maxLineBytes)]); s == "" {
			continue
		}
		s = columnGroupsRE.ReplaceAllString(strings.ToValidUTF8(s, "\uFFFD"), "$1\u00a0$2")
		if lines = append(lines, line{text: s, words: words(s), money: moneyIn(s, false)}); len(lines) == maxLines {
			break
		}
	}
	return lines
}

var (
	moneyRE = regexp.MustCompile(`(?:(` + currencyPattern + `)[ \x{a0}\x{202f}]?)?([-−–] ?)?` +
		`(\d+(?:[.,'’\x{a0}\x{202f}]\d+)*(?:[.,][-–—]{1,2})?)` +
		`(-)?(?:[ \x{a0}\x{202f}]?(` + currencyPattern + `))?`)
	// columnGroupsRE is 1 234,56 in a column of its own, which therefore is one number.
	columnGroupsRE = regexp.MustCompile(`((?:\s\s|\t)\d{1,3}) (\d{3}[.,]\d{2}(?:$|\D))`)
	spacedGroupsRE = regexp.MustCompile(`(^|[^\d.,])(\d{1,3}) (\d{3}[.,]\d{2})($|[^\d])`)
)

// moneyIn finds the amounts of a line. A number is one if a currency stands beside it or it has two decimals. spaced also reads
// 1 234,56 as one number, which in a table may be two: it is for lines that have only one.
func moneyIn(s string, spaced bool) []money {
	if !strings.ContainsAny(s, "0123456789") {
		return nil // most lines; the search for a pattern is slow
	}
	if spaced {
		s = spacedGroupsRE.ReplaceAllString(s, "$1$2\u00a0$3$4")
	}
	var found []money
	for _, at := range moneyRE.FindAllStringSubmatchIndex(s, -1) {
		group := func(n int) string {
			if at[2*n] < 0 {
				return ""
			}
			return s[at[2*n]:at[2*n+1]]
		}
		number := group(3)
		currency := currencyCode(group(1))
		if currency == "" || at[10] >= 0 {
			if after := currencyCode(group(5)); after != "" && !letterAt(s, at[11]) {
				currency = after
			}
		}
		if currency == "" && !hasTwoDecimals(number) || glued(s, at[2], at[6], at[7]) {
			continue
		}
		amount, ok := ParseAmount(strings.TrimSpace(group(2)) + number + group(4))
		if !ok {
			continue
		}
		found = append(found, money{amount: amount, currency: currency, start: at[0], end: at[1]})
	}
	return found
}

func hasTwoDecimals(number string) bool {
	n := len(number)
	return n >= 4 && (number[n-3] == '.' || number[n-3] == ',') && digit(number[n-2]) && digit(number[n-1])
}

// glued tells that a number is part of something else: a word, a date, a time, a percentage, a version.
func glued(s string, currencyStart, start, end int) bool {
	if currencyStart >= 0 {
		start = currencyStart
	}
	before, size := utf8.DecodeLastRuneInString(s[:start])
	if c, _ := utf8.DecodeRuneInString(s[start:]); !unicode.IsLetter(c) && !unicode.IsDigit(c) {
		before = ' ' // a symbol ends whatever is in front of it
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

func letterAt(s string, i int) bool {
	r, _ := utf8.DecodeRuneInString(s[i:])
	return unicode.IsLetter(r)
}

func digit(b byte) bool { return b >= '0' && b <= '9' }

// words prepares a line for the search of keywords: an OCR reads TOTAL as T0TAL and Tota1.
func words(s string) string {
	fields := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return unicode.IsSpace(r) || r == '\u00a0' })
	for i, field := range fields {
		if strings.ContainsAny(field, "01") && strings.ContainsFunc(field, unicode.IsLetter) && !strings.ContainsAny(field, "23456789") {
			fields[i] = strings.NewReplacer("0", "o", "1", "l").Replace(field)
		}
	}
	return strings.Join(fields, " ")
}

// has tells whether one of the phrases is in a line's words, as words of their own.
func has(words string, phrases ...string) bool {
	for _, phrase := range phrases {
		for from := 0; from < len(words); {
			i := strings.Index(words[from:], phrase)
			if i < 0 {
				break
			}
			i += from
			before, _ := utf8.DecodeLastRuneInString(words[:i])
			after, _ := utf8.DecodeRuneInString(words[i+len(phrase):])
			if (i == 0 || !unicode.IsLetter(before)) && (i+len(phrase) == len(words) || !unicode.IsLetter(after)) {
				return true
			}
			from = i + len(phrase)
		}
	}
	return false
}
