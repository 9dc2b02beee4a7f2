package receipt

import (
	"strings"
	"time"
)

// ParseDate finds the first date in a line, written as 2026-11-20, 20.11.2026, 20.11.26, 11/20/2026, 20 November 2026, November 20th, 2026,
// 3 de marzo de 2026, 2026年3月4日 or 令和8年3月4日. Where day and month could be exchanged, the locale decides if it is sure; else near, by the
// reading that is closer to it; without it the locale's guess.
func ParseDate(s string, near time.Time, locale Locale) (time.Time, bool) {
	if !strings.ContainsAny(s, "0123456789０１２３４５６７８９元") {
		return time.Time{}, false // most lines
	}
	s = strings.ToLower(plain(s))
	if date, ok := yearFirstIn(s); ok {
		return date, true
	}
	if date, ok := numericIn(s, near, locale); ok {
		return date, true
	}
	if date, ok := japaneseIn(s); ok {
		return date, true
	}
	return namedIn(s)
}

// late is how long after its mail a document may be dated: the clocks of the world are a day apart.
const late = 48 * time.Hour

// numeric reads two numbers and a year. Points mean day first, other signs can mean both.
func numeric(first, second, year int, either bool, near time.Time, locale Locale) (time.Time, bool) {
	if year < 100 {
		year += 2000
	}
	dayFirst, isDayFirst := day(year, time.Month(second), first)
	if !either {
		return dayFirst, isDayFirst
	}
	swapped, isSwapped := day(year, time.Month(first), second)
	monthFirst := locale.MonthFirst
	switch {
	case !isSwapped:
		return dayFirst, isDayFirst
	case !isDayFirst:
		return swapped, true
	case near.IsZero():
	case swapped.After(near.Add(late)) != dayFirst.After(near.Add(late)):
		monthFirst = dayFirst.After(near.Add(late))
	case !locale.Sure && swapped.Sub(near).Abs() != dayFirst.Sub(near).Abs():
		monthFirst = swapped.Sub(near).Abs() < dayFirst.Sub(near).Abs()
	}
	if monthFirst {
		return swapped, true
	}
	return dayFirst, true
}

// day returns a date that exists, of a year that receipts are from.
func day(year int, m time.Month, d int) (time.Time, bool) {
	date := time.Date(year, m, d, 0, 0, 0, 0, time.UTC)
	return date, year >= 1990 && year < 2100 && m >= 1 && m <= 12 && d >= 1 && date.Month() == m && date.Day() == d
}

// dated is a date of a document and how sure it is to be that of the purchase, 0 to 1.
type dated struct {
	time.Time
	sure float64
}

// findDate returns the date of a document: one that is called so, else the first that is not called otherwise. Dates after the mail that
// brought it are those of a delivery or a deadline.
func findDate(lines []line, mailed time.Time, locale Locale) (dated, bool) {
	var best dated
	consider := func(text string, rank func() float64) {
		date, ok := ParseDate(text, mailed, locale)
		if !ok || !mailed.IsZero() && date.After(mailed.Add(late)) {
			return
		}
		sure := rank()
		if isRange(text) {
			sure = min(sure, rangeRank)
		}
		if sure > best.sure {
			best = dated{date, sure}
		}
	}
	for i, l := range lines {
		consider(l.text, func() float64 { return dateRank(lines, i) })
		for _, part := range dateParts(l.text) {
			consider(part, func() float64 { return rankOf(labelOfDate(line{text: part})) })
		}
	}
	return best, best.sure > 0
}

// rangeRank is how likely a date with which a range begins is that of the purchase.
const rangeRank = 0.25

// isRange tells that a text says from when to when.
func isRange(s string) bool {
	for _, sign := range []string{"–", " - ", " to ", " until ", " bis ", " au ", " al ", " a ", " tot ", " até ", "～", "~", "から"} {
		from, to, found := strings.Cut(s, sign)
		if !found {
			continue
		}
		_, begins := ParseDate(from, time.Time{}, Locale{})
		_, ends := ParseDate(to, time.Time{}, Locale{})
		if begins && ends {
			return true
		}
	}
	return false
}

// dateParts returns the clauses and columns of a line that has several with digits, each of which may label a date.
func dateParts(s string) []string {
	if !strings.ContainsAny(s, "0123456789") {
		return nil
	}
	var parts []string
	from := 0
	for i := 1; i+1 < len(s); i++ {
		switch {
		case s[i] == ' ' && s[i-1] == ' ', s[i] == '(', s[i] == '|', s[i] == ';', strings.HasPrefix(s[i:], "·"), (s[i] == ',' || s[i] == '.') && s[i+1] == ' ' && letterAt(s, i+2):
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	if from == 0 {
		return nil
	}
	return append(parts, s[from:])
}

// dateRank tells how likely the date of a line is that of the purchase, by the words in front of it, else by the line above.
func dateRank(lines []line, i int) float64 {
	if inHeader(lines, i) {
		return forwardedRank
	}
	label := labelOfDate(lines[i])
	if label&(ofDate|ofOtherDate) == 0 && i > 0 && letters(dateLess(lines[i])) < 3 && !strings.ContainsAny(lines[i-1].text, "0123456789") {
		label = about(lines[i-1].hits)
	}
	return rankOf(label)
}

// forwardedRank is how likely the date of a mail that is forwarded is that of the purchase.
const forwardedRank = 0.7

// inHeader tells that a line is of the header of a mail that is forwarded: it stands among others with a label, of which one has an address.
func inHeader(lines []line, i int) bool {
	labelled := func(s string) bool { at := strings.IndexAny(s, ":："); return at > 0 && at < 20 }
	if !labelled(lines[i].text) {
		return false
	}
	for j := max(0, i-2); j < min(len(lines), i+3); j++ {
		if text := lines[j].text; labelled(text) && strings.Contains(text, "@") && strings.Contains(text, "<") {
			return true
		}
	}
	return false
}

// rankOf tells how likely a date is that of the purchase by what its label speaks of.
func rankOf(label topics) float64 {
	named, other := label&ofDate != 0, label&ofOtherDate != 0
	switch {
	case named && !other:
		return 0.95
	case named:
		return 0.55
	case other:
		return 0.2
	default:
		return 0.6
	}
}

// labelOfDate returns what the words in front of a line's first number speak of; of all of them where there are none in front.
func labelOfDate(l line) topics {
	at := strings.IndexAny(l.text, "0123456789")
	if label := about(hitsIn(fold(l.text[:max(0, at)]))); label != 0 {
		return label
	}
	return l.about &^ ofSum
}

// dateLess is what a line has beside digits and the names of months.
func dateLess(l line) string {
	var rest []string
	for field := range strings.FieldsSeq(lowerLetters(l.text)) {
		if _, ok := monthOf(field); !ok && !strings.ContainsAny(field, "0123456789") {
			rest = append(rest, field)
		}
	}
	return strings.Join(rest, " ")
}
