package receipt

import "strings"

// What these functions are given has no space at its ends.

// withoutPosition takes away the number of a line of an invoice: 3. and a gap.
func withoutPosition(s string) string {
	end := digits(s, 0)
	gap := after(s, end, ".")
	if rest := skipBlanks(s, gap); end > 0 && end <= 3 && rest-gap >= 2 {
		return s[rest:]
	}
	return s
}

// countedAhead reads a quantity in front, as in 2 x Flat White; "" if there is none.
func countedAhead(s string) (quantity, rest string) {
	number := quantityEnd(s, 0)
	unit := after(s, number, " ")
	end := after(s, unit, "x", "×", "X", "Stk.", "Stk", "Stück", "St.", "St", "pcs")
	if from := skipBlanks(s, end); number > 0 && end > unit && from > end && from < len(s) {
		return s[:number], s[from:]
	}
	return "", s
}

// countedBehind reads a quantity in a column of its own behind, as in Monitor arm  3 pcs @; "" if there is none.
func countedBehind(s string) (rest, quantity string) {
	for i := len(s) - 1; i > 2; i-- {
		if !digit(s[i]) || !blank(s[i-1]) {
			continue
		}
		gap := run(s, 0, i, blank)
		number := quantityEnd(s, i)
		if i-gap < 2 || gap == 0 || number == i || !endsCount(s[number:]) {
			continue
		}
		return s[:gap], s[i:number]
	}
	return s, ""
}

// endsCount tells that what is behind a number are its unit and the sign of a price, or nothing.
func endsCount(s string) bool {
	priced := func(s string) bool {
		s = s[skipBlanks(s, 0):]
		return s == "" || s == "@" || s == "à" || s == "a"
	}
	if priced(s) {
		return true
	}
	s = strings.TrimPrefix(s, " ")
	for _, unit := range []string{"x", "×", "Stk.", "Stk", "Stück", "pcs", "h", "hrs"} {
		if rest, ok := strings.CutPrefix(s, unit); ok && priced(rest) {
			return true
		}
	}
	return false
}

// withoutTrailers takes the letters of tax rates, the rates and the signs of a price off the end.
func withoutTrailers(s string) string {
	for {
		rest := trailer(s)
		gap := run(s, 0, rest, blank)
		if rest == len(s) || gap == rest {
			return s
		}
		s = s[:gap]
	}
}

// trailer returns where the last word begins if it is a trailer, and else where s ends.
func trailer(s string) int {
	for _, sign := range []string{"x", "×", "@", "à", "*"} {
		if rest, ok := strings.CutSuffix(s, sign); ok {
			return len(rest)
		}
	}
	n := len(s)
	switch {
	case n == 0:
		return n
	case s[n-1] >= 'A' && s[n-1] <= 'Z':
		return n - 1
	case s[n-1] == '%':
		end := len(strings.TrimSuffix(s[:n-1], " "))
		if start := run(s, 0, end, digit); end-start == 1 || end-start == 2 {
			return start
		}
	}
	return n
}

// quantityEnd returns where the number of at most four digits and three decimals at i ends, and i if there is none.
func quantityEnd(s string, i int) int {
	end := digits(s, i)
	if end-i > 4 {
		return i
	}
	if point := after(s, end, ".", ","); end > i && point > end {
		if decimals := digits(s, point); decimals > point && decimals-point <= 3 {
			return decimals
		}
	}
	return end
}

func skipBlanks(s string, i int) int {
	for i < len(s) && blank(s[i]) {
		i++
	}
	return i
}
