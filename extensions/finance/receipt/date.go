package receipt

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	isoRE     = regexp.MustCompile(`(?:^|\D)(\d{4})-(\d{2})-(\d{2})(?:$|\D)`)
	numericRE = regexp.MustCompile(`(?:^|[^\d.,/-])(\d{1,2})([./-])(\d{1,2})[./-](\d{4}|\d{2})(?:$|[^\d])`)
	dayRE     = regexp.MustCompile(`(?:^|\D)(\d{1,2})(?:st|nd|rd|th|\.)? ?(?:of )?([a-zä]{3,9})\.?,? (\d{4})(?:$|\D)`)
	monthRE   = regexp.MustCompile(`(?:^|[^a-zä])([a-zä]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})(?:$|\D)`)
)

var months = map[string]time.Month{
	"jan": 1, "feb": 2, "mar": 3, "mär": 3, "mrz": 3, "apr": 4, "may": 5, "mai": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "okt": 10,
	"nov": 11, "dec": 12, "dez": 12,
}

// monthNames are the whole names; an abbreviation is how one begins.
const monthNames = " january february march april may june july august september october november december januar februar märz mrz mai juni juli oktober dezember "

func month(word string) (time.Month, bool) {
	runes := []rune(word)
	m, ok := months[string(runes[:min(3, len(runes))])]
	return m, ok && strings.Contains(monthNames, " "+word)
}

// ParseDate finds the first date in a line, written as 2026-11-20, 20.11.2026, 20.11.26, 11/20/2026, 20 November 2026,
// November 20th, 2026 or 20. Nov. 2026. Where day and month could be exchanged, near decides: the reading that is closer to it;
// without it a slash means month first if monthFirst says so.
func ParseDate(s string, near time.Time, monthFirst bool) (time.Time, bool) {
	if !strings.ContainsAny(s, "0123456789") {
		return time.Time{}, false // most lines; the search for a pattern is slow
	}
	s = strings.ToLower(s)
	if m := isoRE.FindStringSubmatch(s); m != nil {
		if date, ok := day(number(m[1]), time.Month(number(m[2])), number(m[3])); ok {
			return date, true
		}
	}
	if m := numericRE.FindStringSubmatch(s); m != nil {
		if date, ok := numeric(number(m[1]), number(m[3]), number(m[4]), m[2] != ".", near, monthFirst); ok {
			return date, true
		}
	}
	for _, m := range dayRE.FindAllStringSubmatch(s, 5) {
		if named, ok := month(m[2]); ok {
			if date, ok := day(number(m[3]), named, number(m[1])); ok {
				return date, true
			}
		}
	}
	for _, m := range monthRE.FindAllStringSubmatch(s, 5) {
		if named, ok := month(m[1]); ok {
			if date, ok := day(number(m[3]), named, number(m[2])); ok {
				return date, true
			}
		}
	}
	return time.Time{}, false
}

// numeric reads two numbers and a year. Points mean day first, other signs can mean both.
func numeric(first, second, year int, either bool, near time.Time, monthFirst bool) (time.Time, bool) {
	if year < 100 {
		year += 2000
	}
	dayFirst, isDayFirst := day(year, time.Month(second), first)
	if !either {
		return dayFirst, isDayFirst
	}
	swapped, isSwapped := day(year, time.Month(first), second)
	switch {
	case !isSwapped:
		return dayFirst, isDayFirst
	case !isDayFirst:
		return swapped, true
	case !near.IsZero() && swapped.Sub(near).Abs() != dayFirst.Sub(near).Abs():
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
	return date, year >= 1990 && year < 2100 && date.Month() == m && date.Day() == d
}

func number(s string) int {
	n, _ := strconv.Atoi(s) // the patterns let only digits through
	return n
}

var (
	dateWords = []string{
		"date", "datum", "dated", "invoice date", "order date", "rechnungsdatum", "belegdatum", "bestelldatum", "kaufdatum", "paid on", "date paid",
		"issued", "ordered on", "purchased", "bestellt am", "vom", "placed on", "berlin, den", "bezahlt am",
	}
	otherDateWords = []string{
		"due", "fällig", "fälligkeit", "valid until", "gültig bis", "expires", "delivery", "lieferung", "lieferdatum", "liefertermin", "arriving", "arrives",
		"check-in", "check-out", "anreise", "abreise", "next", "nächste", "period", "zeitraum", "birth", "geburtsdatum", "return by", "until", "bis",
		"zahlbar", "zahlungsziel",
	}
)

// findDate returns the date of a document: one that is called so, else the first. Dates after the mail that brought it are those
// of a delivery or a deadline.
func findDate(lines []line, mailed time.Time, monthFirst bool) (date time.Time, ok bool) {
	found := func(i int) (time.Time, bool) {
		date, ok := ParseDate(lines[i].text, mailed, monthFirst)
		return date, ok && (mailed.IsZero() || date.Before(mailed.Add(48*time.Hour)))
	}
	for i, l := range lines {
		if !has(l.words, dateWords...) || has(l.words, otherDateWords...) {
			continue
		}
		if date, ok := found(i); ok {
			return date, true
		}
		if i+1 < len(lines) && !has(lines[i+1].words, otherDateWords...) {
			if date, ok := found(i + 1); ok {
				return date, true
			}
		}
	}
	for i, l := range lines {
		if has(l.words, otherDateWords...) {
			continue
		}
		if date, ok := found(i); ok {
			return date, true
		}
	}
	return time.Time{}, false
}
