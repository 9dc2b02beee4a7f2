package process

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

//go:embed categories.txt
var categoryTable string

// category is what a receipt may be for.
type category struct {
	name, description string
	examples          map[string]string   // by language
	words             map[string][]string // the same, as spaced makes them
}

// categories are those of the table.
var categories = sync.OnceValue(func() []category {
	var all []category
	for line := range strings.Lines(categoryTable) {
		line = strings.TrimSpace(line)
		name, text, ok := strings.Cut(line, ": ")
		switch {
		case !ok || line[0] == '#':
		case len(name) == 2:
			last := &all[len(all)-1]
			last.examples[name] = text
			for word := range strings.SplitSeq(text, ", ") {
				last.words[name] = append(last.words[name], keyword(word))
			}
		default:
			all = append(all, category{name: name, description: text, examples: map[string]string{}, words: map[string][]string{}})
		}
	}
	return all
})

// keyword makes a word findable in what spaced returns: as a word of its own, but within others in a script without spaces, and, for German
// and Dutch join them, at the end of a longer word if it is long itself.
func keyword(word string) string {
	word = strings.TrimSpace(spaced(word))
	if first, _ := utf8.DecodeRuneInString(word); first >= 0x3000 {
		return word
	}
	if utf8.RuneCountInString(word) >= 7 && !strings.Contains(word, " ") {
		return word
	}
	return " " + word + " "
}

// spaced lowers a text and puts one space around each of its words.
func spaced(s string) string {
	var out strings.Builder
	out.WriteByte(' ')
	space := true
	for _, r := range strings.ToLower(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == 'ー' {
			out.WriteRune(r)
			space = false
		} else if !space {
			out.WriteByte(' ')
			space = true
		}
	}
	if !space {
		out.WriteByte(' ')
	}
	return out.String()
}
