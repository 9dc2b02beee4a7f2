package entries

import (
	"encoding/json"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"github.com/airlock-run/airlock/bus"
)

const (
	// MaxText is how much of a text is searched, in bytes.
	MaxText = 256 << 10
	// maxWords bounds the words of a query, maxWord the bytes of one.
	maxWords = 16
	maxWord  = 64
)

// Words are the words of a text as they are compared: without case and accents, of letters and digits.
func Words(text string) []string {
	return strings.FieldsFunc(plain(cut(text, MaxText)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// plain is a text without case and accents.
func plain(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) < 0 {
		return strings.ToLower(text)
	}
	bare, _, err := transform.String(transform.Chain(cases.Fold(), norm.NFKD, runes.Remove(runes.In(unicode.Mn))), text)
	if err != nil {
		return strings.ToLower(text)
	}
	return bare
}

// searched is what of a text the database keeps: its words, the long ones cut.
func searched(texts ...string) string {
	var b strings.Builder
	for _, text := range texts {
		for _, word := range Words(text) {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(cut(word, maxWord))
		}
	}
	return cut(b.String(), MaxText)
}

// queryWords are the words of a query; one that ends in * stands for all that begin so.
func queryWords(text string) (words []string, err error) {
	for part := range strings.FieldsSeq(text) {
		found := Words(part)
		for i, word := range found {
			word = cut(word, maxWord)
			if i == len(found)-1 && strings.HasSuffix(part, "*") {
				word += "*"
			}
			words = append(words, word)
		}
	}
	if len(words) == 0 || len(words) > maxWords {
		return nil, bus.Errorf(bus.InvalidArgument, "text %.100q has %d words, want 1 to %d", text, len(words), maxWords)
	}
	return words, nil
}

// texts adds what is text in a JSON value: of an object, the values.
func texts(value any, all []string) []string {
	switch value := value.(type) {
	case string:
		return append(all, value)
	case json.Number:
		return append(all, value.String())
	case []any:
		for _, one := range value {
			all = texts(one, all)
		}
	case map[string]any:
		for _, one := range value {
			all = texts(one, all)
		}
	}
	return all
}
