package receipt

import (
	"strings"
	"time"
	"unicode/utf8"
)

// A date's parts stand alone: what is in front of it or behind is no digit. The first that has the form of a date is the line's,
// even if there is no such day; of those with the name of a month the first five are tried, and what ends one begins no other.
const maxNamed = 5

// isoIn reads 2026-11-20.
func isoIn(s string) (time.Time, bool) {
	for i, end := nextDigits(s, 0); i < len(s); i, end = nextDigits(s, end) {
		month := after(s, end, "-")
		monthEnd := digits(s, month)
		d := after(s, monthEnd, "-")
		if dayEnd := digits(s, d); end-i == 4 && month > end && monthEnd-month == 2 && d > monthEnd && dayEnd-d == 2 {
			return day(number(s[i:end]), time.Month(number(s[month:monthEnd])), number(s[d:dayEnd]))
		}
	}
	return time.Time{}, false
}

// numericIn reads 20.11.2026, 20.11.26 and 11/20/2026.
func numericIn(s string, near time.Time, monthFirst bool) (time.Time, bool) {
	for i, end := nextDigits(s, 0); i < len(s); i, end = nextDigits(s, end) {
		if end-i > 2 || i > 0 && strings.IndexByte(".,/-", s[i-1]) >= 0 {
			continue
		}
		second := after(s, end, ".", "/", "-")
		secondEnd := digits(s, second)
		year := after(s, secondEnd, ".", "/", "-")
		yearEnd := digits(s, year)
		if n := secondEnd - second; second == end || n < 1 || n > 2 || year == secondEnd {
			continue
		}
		if n := yearEnd - year; n == 2 || n == 4 {
			return numeric(number(s[i:end]), number(s[second:secondEnd]), number(s[year:yearEnd]), s[end] != '.', near, monthFirst)
		}
	}
	return time.Time{}, false
}

// dayIn reads 20 November 2026, 20. Nov. 2026 and 20th of November, 2026.
func dayIn(s string) (time.Time, bool) {
	named, from := 0, 0
	for i, end := nextDigits(s, 0); i < len(s) && named < maxNamed; i, end = nextDigits(s, end) {
		if end-i > 2 || !apart(s, from, i) {
			continue
		}
		word, year := monthAndYear(s, end)
		if year == 0 {
			continue
		}
		if m, ok := month(s[word:nameEnd(s, word)]); ok {
			if date, ok := day(number(s[year:year+4]), m, number(s[i:end])); ok {
				return date, true
			}
		}
		named, from = named+1, behind(s, year+4)
	}
	return time.Time{}, false
}

// monthAndYear returns where the name of a month and its year begin behind the number of a day; year is 0 if they do not. The
// st of 1st is also how a name could begin, so each way to read it is tried.
func monthAndYear(s string, i int) (word, year int) {
	for _, ordinal := range []int{after(s, i, "st", "nd", "rd", "th", "."), i} {
		for _, space := range []int{after(s, ordinal, " "), ordinal} {
			for _, of := range []int{after(s, space, "of "), space} {
				end := nameEnd(s, of)
				if n := utf8.RuneCountInString(s[of:end]); n < 3 || n > 9 {
					continue
				}
				if year := yearAt(s, after(s, after(s, end, "."), ",")); year > 0 {
					return of, year
				}
			}
		}
	}
	return 0, 0
}

// monthIn reads November 20, 2026 and Nov. 20th 2026.
func monthIn(s string) (time.Time, bool) {
	named, from := 0, 0
	for i := 0; i < len(s) && named < maxNamed; i++ {
		end := nameEnd(s, i)
		if end == i {
			continue
		}
		word := s[i:end]
		n, apart := utf8.RuneCountInString(word), apart(s, from, i)
		i = end - 1
		if n < 3 || n > 9 || !apart {
			continue
		}
		space := after(s, end, ".")
		first := after(s, space, " ")
		firstEnd := digits(s, first)
		if first == space || firstEnd == first || firstEnd-first > 2 {
			continue
		}
		year := yearAt(s, after(s, after(s, firstEnd, "st", "nd", "rd", "th"), ","))
		if year == 0 {
			continue
		}
		if m, ok := month(word); ok {
			if date, ok := day(number(s[year:year+4]), m, number(s[first:firstEnd])); ok {
				return date, true
			}
		}
		named, from = named+1, behind(s, year+4)
		i = from - 1
	}
	return time.Time{}, false
}

// nameEnd returns where the run of lower-case letters of months' names that begins at i ends.
func nameEnd(s string, i int) int {
	for i < len(s) && s[i] >= 'a' && s[i] <= 'z' || after(s, i, "ä") > i {
		i = max(i+1, after(s, i, "ä"))
	}
	return i
}

// yearAt returns where the four digits behind the space at i begin, and 0 if they do not.
func yearAt(s string, i int) int {
	if year := after(s, i, " "); year > i && digits(s, year)-year == 4 {
		return year
	}
	return 0
}

// apart tells that what begins at i has nothing in front or something at from or behind.
func apart(s string, from, i int) bool {
	_, size := utf8.DecodeLastRuneInString(s[:i])
	return i == 0 || i-size >= from
}

// behind returns where what follows the rune at i begins.
func behind(s string, i int) int {
	_, size := utf8.DecodeRuneInString(s[i:])
	return i + size
}

// nextDigits returns the first run of digits at i or behind; it begins at len(s) if there is none.
func nextDigits(s string, i int) (start, end int) {
	for i < len(s) && !digit(s[i]) {
		i++
	}
	return i, digits(s, i)
}

// number reads a few digits.
func number(s string) int {
	n := 0
	for _, d := range []byte(s) {
		n = n*10 + int(d-'0')
	}
	return n
}
