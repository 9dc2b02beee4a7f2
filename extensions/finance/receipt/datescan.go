package receipt

import (
	"strings"
	"time"
	"unicode/utf8"
)

// monthNames are the months in the languages of the tables, folded. Three letters of one or more are an abbreviation of it, but for those of
// juin and juillet.
var monthNames = [12][]string{
	{"january", "januar", "janvier", "enero", "gennaio", "januari", "janeiro", "janner", "janv"},
	{"february", "februar", "fevrier", "febrero", "febbraio", "februari", "fevereiro", "fevr"},
	{"march", "marz", "mars", "marzo", "maart", "marco", "mrz", "mrt", "maerz"},
	{"april", "avril", "abril", "aprile"},
	{"may", "mai", "mayo", "maggio", "mei", "maio"},
	{"june", "juni", "juin", "junio", "giugno", "junho"},
	{"july", "juli", "juillet", "julio", "luglio", "julho"},
	{"august", "aout", "agosto", "augustus"},
	{"september", "septembre", "septiembre", "settembre", "setembro", "setiembre"},
	{"october", "oktober", "octobre", "octubre", "ottobre", "outubro"},
	{"november", "novembre", "noviembre", "novembro"},
	{"december", "dezember", "decembre", "diciembre", "dicembre", "dezembro"},
}

// monthOf returns the month that a folded word names or abbreviates.
func monthOf(word string) (time.Month, bool) {
	if len(word) < 3 || len(word) > 10 || word == "jui" {
		return 0, false
	}
	for i, names := range monthNames {
		for _, name := range names {
			if strings.HasPrefix(name, word) {
				return time.Month(i + 1), true
			}
		}
	}
	return 0, false
}

// yearFirstIn reads 2026-11-20, 2026/11/20, 2026.11.20.
func yearFirstIn(s string) (time.Time, bool) {
	for i, end := nextDigits(s, 0); i < len(s); i, end = nextDigits(s, end) {
		month := after(s, end, "-", "/", ".")
		monthEnd := digits(s, month)
		d := after(s, monthEnd, "-", "/", ".")
		dayEnd := digits(s, d)
		if end-i == 4 && month > end && short(monthEnd-month) && d > monthEnd && short(dayEnd-d) && s[end] == s[monthEnd] {
			return day(number(s[i:end]), time.Month(number(s[month:monthEnd])), number(s[d:dayEnd]))
		}
	}
	return time.Time{}, false
}

// short tells that a number has one or two digits.
func short(n int) bool { return n == 1 || n == 2 }

// numericIn reads 20.11.2026, 20.11.26, 11/20/2026 and 20 / 11 / 2026.
func numericIn(s string, near time.Time, locale Locale) (time.Time, bool) {
	for i, end := nextDigits(s, 0); i < len(s); i, end = nextDigits(s, end) {
		if end-i > 2 || i > 0 && strings.IndexByte(".,/-", s[i-1]) >= 0 {
			continue
		}
		sign := after(s, end, " ")
		second := after(s, sign, ".", "/", "-")
		from := after(s, second, " ")
		secondEnd := digits(s, from)
		third := after(s, secondEnd, " ")
		year := after(s, third, ".", "/", "-")
		yearFrom := after(s, year, " ")
		yearEnd := digits(s, yearFrom)
		if second == sign || year == third || !short(secondEnd-from) || s[sign] != s[third] {
			continue
		}
		if n := yearEnd - yearFrom; n == 2 || n == 4 {
			if date, ok := numeric(number(s[i:end]), number(s[from:secondEnd]), number(s[yearFrom:yearEnd]), s[sign] != '.', near, locale); ok {
				return date, true
			}
		}
	}
	return time.Time{}, false
}

// eras are the years before the first of each of Japan's.
var eras = []struct {
	name string
	year int
}{{"令和", 2018}, {"平成", 1988}, {"昭和", 1925}, {"r", 2018}, {"h", 1988}}

// japaneseIn reads 2026年3月4日 and 令和8年3月4日.
func japaneseIn(s string) (time.Time, bool) {
	for from := 0; ; {
		at := strings.Index(s[from:], "年")
		if at < 0 {
			return time.Time{}, false
		}
		at += from
		from = at + len("年")
		start := run(s, 0, at, digit)
		year := number(s[start:min(at, start+4)])
		if before, ok := strings.CutSuffix(s[:at], "元"); ok {
			start, year = len(before), 1
		}
		for _, era := range eras {
			if strings.HasSuffix(strings.TrimRight(s[:start], " "), era.name) {
				year += era.year
				break
			}
		}
		month := skipBlanks(s, from)
		monthEnd := digits(s, month)
		d := after(s, monthEnd, "月")
		first := skipBlanks(s, d)
		dayEnd := digits(s, first)
		if d == monthEnd || !short(monthEnd-month) || !short(dayEnd-first) {
			continue
		}
		if date, ok := day(year, time.Month(number(s[month:monthEnd])), number(s[first:dayEnd])); ok {
			return date, true
		}
	}
}

// namedIn reads 20 November 2026, 3 de marzo de 2026, Nov. 20th, 2026, 20-Nov-26 and what is between these.
func namedIn(s string) (time.Time, bool) {
	fields := strings.FieldsFunc(lowerLetters(s), func(r rune) bool { return r == ' ' })
	for i, field := range fields {
		m, ok := monthOf(field)
		if !ok {
			continue
		}
		rest := fields[i+1:]
		if d, ok := dayBefore(fields[:i]); ok {
			if y, ok := yearOf(skipOf(rest), true); ok {
				if date, ok := day(y, m, d); ok {
					return date, true
				}
			}
		}
		if len(rest) > 1 {
			d, ok := dayNumber(rest[0])
			y, isYear := yearOf(skipOf(rest[1:]), false)
			if ok && isYear {
				if date, ok := day(y, m, d); ok {
					return date, true
				}
			}
		}
	}
	return time.Time{}, false
}

// lowerLetters folds a text but leaves digits and letters as they are beside each other.
func lowerLetters(s string) string {
	var out strings.Builder
	for _, r := range strings.ToLower(s) {
		if as, ok := accents[r]; ok {
			out.WriteString(as)
		} else if r < utf8.RuneSelf && (letter(r) || r >= '0' && r <= '9') || wide(r) {
			out.WriteRune(r)
		} else {
			out.WriteByte(' ')
		}
	}
	return out.String()
}

func skipOf(fields []string) []string {
	for len(fields) > 0 && (fields[0] == "of" || fields[0] == "de" || fields[0] == "del" || fields[0] == "d") {
		fields = fields[1:]
	}
	return fields
}

func dayBefore(fields []string) (int, bool) {
	n := len(fields)
	for n > 0 && (fields[n-1] == "of" || fields[n-1] == "de" || fields[n-1] == "d") {
		n--
	}
	if n == 0 {
		return 0, false
	}
	return dayNumber(fields[n-1])
}

// dayNumber reads 1, 01, 1st and 1er.
func dayNumber(field string) (int, bool) {
	end := digits(field, 0)
	if !short(end) {
		return 0, false
	}
	switch field[end:] {
	case "", "st", "nd", "rd", "th", "er", "e", "o", "a":
		return number(field[:end]), true
	default:
		return 0, false
	}
}

// yearOf reads 2026, and 26 where that may be.
func yearOf(fields []string, abbreviated bool) (int, bool) {
	if len(fields) == 0 {
		return 0, false
	}
	field := fields[0]
	end := digits(field, 0)
	switch {
	case end == 4 && (end == len(field) || field[4] == 't'):
		return number(field[:4]), true
	case end == 2 && end == len(field) && abbreviated:
		return 2000 + number(field), true
	default:
		return 0, false
	}
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
