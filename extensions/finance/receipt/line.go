package receipt

import "strings"

// maxLines and maxLineBytes bound the work that one document can cause.
const (
	maxLines     = 5000
	maxLineBytes = 1000
)

// line is one line of a document and the money in it.
type line struct {
	text  string
	words string // lower case, misread letters mended, single spaces
	about topics
	money []money
}

// speaks tells that a line is about one of the topics.
func (l line) speaks(of topics) bool { return l.about&of != 0 }

// last returns the amount that stands rightmost, where receipts keep their results.
func (l line) last() (money, bool) {
	if len(l.money) == 0 {
		return money{}, false
	}
	return l.money[len(l.money)-1], true
}

func readLines(text string) []line {
	var lines []line
	for s := range strings.Lines(text) {
		if s = strings.TrimSpace(s[:min(len(s), maxLineBytes)]); s == "" {
			continue
		}
		s = joinGroups(strings.ToValidUTF8(s, "\uFFFD"), ofColumn)
		words := words(s)
		if lines = append(lines, line{text: s, words: words, about: topicsOf(words), money: moneyIn(s, false)}); len(lines) == maxLines {
			break
		}
	}
	return lines
}

// words prepares a line for the search of keywords: an OCR reads TOTAL as T0TAL and Tota1.
func words(s string) string {
	var out strings.Builder
	out.Grow(len(s))
	for field := range strings.FieldsSeq(strings.ToLower(s)) {
		if out.Len() > 0 {
			out.WriteByte(' ')
		}
		if strings.ContainsAny(field, "01") && letters(field) > 0 && !strings.ContainsAny(field, "23456789") {
			field = misread.Replace(field)
		}
		out.WriteString(field)
	}
	return out.String()
}

var misread = strings.NewReplacer("0", "o", "1", "l")
