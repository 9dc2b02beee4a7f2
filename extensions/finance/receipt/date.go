package receipt

import (
	"strings"
	"time"
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
		return time.Time{}, false // most lines
	}
	s = strings.ToLower(s)
	if date, ok := isoIn(s); ok {
		return date, true
	}
	if date, ok := numericIn(s, near, monthFirst); ok {
		return date, true
	}
	if date, ok := dayIn(s); ok {
		return date, true
	}
	return monthIn(s)
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
		if !l.speaks(ofDate) || l.speaks(ofOtherDate) {
			continue
		}
		if date, ok := found(i); ok {
			return date, true
		}
		if i+1 < len(lines) && !lines[i+1].speaks(ofOtherDate) {
			if date, ok := found(i + 1); ok {
				return date, true
			}
		}
	}
	for i, l := range lines {
		if l.speaks(ofOtherDate) {
			continue
		}
		if date, ok := found(i); ok {
			return date, true
		}
	}
	return time.Time{}, false
}
