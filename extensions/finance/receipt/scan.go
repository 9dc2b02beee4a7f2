package receipt

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// What this package looks for in a line it finds with the functions below and a few lines of code each. Regular expressions would
// say it shorter, but a guest starts anew for each mail, and compiling them takes it longer than all it does after that. Where one
// is spelled out by hand, patterns_test.go has the expression and holds the two against each other.

func digit(b byte) bool { return b >= '0' && b <= '9' }

// blank tells white space of ASCII, which is what parts columns; a space that breaks no line is part of what it stands in.
func blank(b byte) bool { return b == ' ' || b >= '\t' && b <= '\r' && b != '\v' }

// digits returns where the run of digits that begins at i ends.
func digits(s string, i int) int {
	for i < len(s) && digit(s[i]) {
		i++
	}
	return i
}

// run returns where the run of bytes of a kind that ends at end begins, no further back than from.
func run(s string, from, end int, kind func(byte) bool) int {
	for end > from && kind(s[end-1]) {
		end--
	}
	return end
}

// after returns where the first of the prefixes that s has at i ends, and i if it has none of them.
func after(s string, i int, prefixes ...string) int {
	for _, prefix := range prefixes {
		if strings.HasPrefix(s[i:], prefix) {
			return i + len(prefix)
		}
	}
	return i
}

// letterAt tells whether a letter begins at i.
func letterAt(s string, i int) bool {
	if i < len(s) && s[i] < utf8.RuneSelf {
		return s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z'
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return unicode.IsLetter(r)
}

func letter(r rune) bool {
	if r < utf8.RuneSelf {
		return r|0x20 >= 'a' && r|0x20 <= 'z'
	}
	return unicode.IsLetter(r)
}

func letters(s string) int {
	n := 0
	for _, r := range s {
		if letter(r) {
			n++
		}
	}
	return n
}

// wordByte tells the letters, digits and underscores of ASCII.
func wordByte(b byte) bool { return digit(b) || b == '_' || b|0x20 >= 'a' && b|0x20 <= 'z' }
