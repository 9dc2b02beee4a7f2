package receipt

import (
	"strings"
	"unicode/utf8"
)

// figure is a number in a line, with the currency in front of it or behind and its sign: EUR -1.234,56 or 12,- €.
type figure struct {
	start, end int    // of all of it
	before     string // the code of the currency in front, if any
	minus      string
	from, to   int    // the digits, with what parts them and stands for decimals
	credit     int    // the end of the minus behind, or to
	after      string // the code of the currency behind, if any
}

// nextFigure returns the first figure at i or behind.
func nextFigure(s string, i int) (figure, bool) {
	known := currencies()
	for ; i < len(s); i++ {
		if b := s[i]; !digit(b) && b != '-' && b != "−"[0] && known[b] == nil {
			continue
		}
		if f, ok := figureAt(s, i); ok {
			return f, true
		}
	}
	return figure{}, false
}

func figureAt(s string, i int) (figure, bool) {
	f := figure{start: i, from: i}
	if code, end := currencyAt(s, i); code != "" {
		f.before, f.from = code, after(s, end, " ", "\u00a0", "\u202f")
		if _, end := currencyAt(s, f.from); end > f.from { // AUD $12.50
			f.from = after(s, end, " ", "\u00a0", "\u202f")
		}
	}
	if sign := after(s, f.from, "-", "−", "–"); sign > f.from {
		f.minus, f.from = s[f.from:sign], after(s, sign, " ")
	}
	f.to = digits(s, f.from)
	if f.to == f.from {
		return figure{}, false
	}
	for {
		group := after(s, f.to, ".", ",", "'", "’", "\u00a0", "\u202f")
		end := digits(s, group)
		if group == f.to || end == group {
			break
		}
		f.to = end
	}
	if point := after(s, f.to, ".", ","); point > f.to { // 12,- or 12,--
		if dash := after(s, point, "-", "–", "—"); dash > point {
			f.to = after(s, dash, "-", "–", "—")
		}
	}
	f.credit = after(s, f.to, "-")
	f.end = f.credit
	if code, end := currencyAt(s, after(s, f.credit, " ", "\u00a0", "\u202f")); code != "" {
		f.after, f.end = code, end
	} else if code, end := currencyAt(s, after(s, f.credit, "  ")); code != "" && end == len(s) {
		f.after, f.end = code, end // in a cell of its own
	}
	return f, true
}

// joinGroups makes one number of each 1 234,56 that begins where begin says a number does: it takes a space that breaks no line
// for the one that parts the groups. What follows a number is not looked at as the beginning of the next.
func joinGroups(s string, begin func(s string, from, i int) bool) string {
	var out strings.Builder
	done, from := 0, 0
	for i := range len(s) {
		if s[i] != ' ' {
			continue
		}
		end := smallGroup(s, i+1)
		start := run(s, from, i, digit)
		if end < 0 || i == start || i-start > 3 || !begin(s, from, start) {
			continue
		}
		out.WriteString(s[done:i] + "\u00a0")
		_, size := utf8.DecodeRuneInString(s[end:])
		done, from = i+1, end+size
	}
	if done == 0 {
		return s
	}
	return out.String() + s[done:]
}

// smallGroup returns where the three digits, the point and the two decimals at i end, and -1 if they are not there or go on.
func smallGroup(s string, i int) int {
	end := i + len("234,56")
	if end > len(s) || digits(s[:i+3], i) != i+3 || (s[i+3] != '.' && s[i+3] != ',') || digits(s, i+4) != end {
		return -1
	}
	return end
}

// ofColumn tells that i begins a column: there is a gap in front.
func ofColumn(s string, from, i int) bool {
	return i > from && s[i-1] == '\t' || i-1 > from && blank(s[i-1]) && blank(s[i-2])
}

// ofNumber tells that what ends at i is no part of a number.
func ofNumber(s string, from, i int) bool {
	before, size := utf8.DecodeLastRuneInString(s[:i])
	return i == 0 || i-size >= from && !strings.ContainsRune("0123456789.,", before)
}
