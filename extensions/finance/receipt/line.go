package receipt

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLines and maxLineBytes bound the work that one document can cause.
const (
	maxLines     = 5000
	maxLineBytes = 1000
)

// line is one line of a document, what it speaks of and the money in it.
type line struct {
	text  string
	words string // folded
	hits  []hit
	about topics
	money []money
	// labelled is the number of the line, counting from 1, that is the label of this one's amount; 0 for none.
	labelled int
}

// speaks tells that a line is about one of the topics.
func (l line) speaks(of topics) bool { return l.about&of != 0 }

// pays tells that a line names a way to pay.
func (l line) pays() bool {
	return slices.ContainsFunc(l.hits, func(h hit) bool { return h.method > 0 })
}

// last returns the amount that stands rightmost, where receipts keep their results.
func (l line) last() (money, bool) {
	if len(l.money) == 0 {
		return money{}, false
	}
	return l.money[len(l.money)-1], true
}

// includes tells that a line says that an amount is part of another.
func (l line) includes() bool {
	return l.speaks(ofIncluded) || slices.ContainsFunc(l.hits, func(h hit) bool { return h.within })
}

// minWrapped is the length of a line, in bytes, that a mail program may have ended because it was long enough.
const minWrapped = 55

// Unwrap joins the lines of prose that a mail program has parted, so that a sentence is in one line: what goes on with a small letter or a digit
// where a long line ends without a point. Tables stay as they are.
func Unwrap(text string) string {
	var out strings.Builder
	previous := ""
	for s := range strings.Lines(text) {
		s = strings.TrimRight(s, " \t\r\n")
		switch {
		case out.Len() == 0:
		case goesOn(previous, s):
			out.WriteByte(' ')
		default:
			out.WriteByte('\n')
		}
		out.WriteString(s)
		previous = s
	}
	return out.String()
}

// goesOn tells that a line is the rest of the sentence in the line above.
func goesOn(above, s string) bool {
	next, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(above)
	return len(above) >= minWrapped && (unicode.IsLower(next) || unicode.IsDigit(next) || strings.ContainsRune("€$£(", next)) &&
		(unicode.IsLetter(last) || last == ',') && !strings.Contains(above, "  ") && !strings.Contains(s, "  ") && !strings.ContainsAny(above[:1], "*-•·>|")
}

// readScan reads the text of a document that an OCR has read, with what it is known to misread mended.
func readScan(text string, scanned bool) []line {
	if !scanned {
		return readLines(text)
	}
	var out strings.Builder
	for s := range strings.Lines(text) {
		out.WriteString(mendScan(s[:min(len(s), maxLineBytes)]) + "\n")
	}
	return readLines(out.String())
}

// readLines reads a document: its lines, and of each amount what it is.
func readLines(text string) []line {
	var lines []line
	for s := range strings.Lines(text) {
		if s = strings.TrimSpace(strings.TrimLeft(s[:min(len(s), maxLineBytes)], "> \t")); s == "" {
			continue
		}
		s = joinGroups(plain(strings.ToValidUTF8(s, "\uFFFD")), ofColumn)
		l := line{text: s, words: fold(s), money: moneyIn(s, false)}
		l.hits = hitsIn(l.words)
		l.about = about(l.hits)
		if lines = append(lines, l); len(lines) == maxLines {
			break
		}
	}
	giveRoles(lines)
	return lines
}
