package receipt

import (
	"slices"
	"strings"
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
