package ocr

import (
	"math"
	"strings"
	"unicode"

	"github.com/klippa-app/go-pdfium/responses"
)

// tidy puts plain characters for those by which PDFium tells of ligatures, special spaces and hyphenation.
var tidy = strings.NewReplacer(
	"\x02", "-", "\ufffe", "-", "\u00ad", "-", "\u00a0", " ", "\u202f", " ", "\u2007", " ",
	"\ufb00", "ff", "\ufb01", "fi", "\ufb02", "fl", "\ufb03", "ffi", "\ufb04", "ffl", "\ufb05", "st", "\ufb06", "st",
)

// layoutChars builds words of characters and lays them out, those of each direction of writing by themselves, the most
// frequent first.
func layoutChars(chars []*responses.GetPageTextStructuredChar) string {
	quarters := joinChars(chars)
	var texts []string
	for range quarters {
		most := 0
		for q := range quarters {
			if len(quarters[q]) > len(quarters[most]) {
				most = q
			}
		}
		if text := layout(quarters[most]); text != "" {
			texts = append(texts, text)
		}
		quarters[most] = nil
	}
	return strings.Join(texts, "\n\n")
}

// joinChars makes words of characters, by the direction in which they are written.
func joinChars(chars []*responses.GetPageTextStructuredChar) (quarters [4][]word) {
	for _, c := range chars {
		quarter, box := quarterOf(c.Angle), c.PointPosition
		w := word{text: tidy.Replace(c.Text), left: box.Left, top: box.Top, right: box.Right, bottom: box.Bottom}
		quarters[quarter] = append(quarters[quarter], upright(w, quarter))
	}
	for q := range quarters {
		quarters[q] = join(quarters[q])
	}
	return quarters
}

// join makes words of characters that follow each other both in the file and on the page.
func join(chars []word) []word {
	usual := usualHeight(chars)
	var words []word
	open := false
	for _, c := range chars {
		if blank(c.text) {
			open = false
			continue
		}
		if open && words[len(words)-1].continues(c, usual) {
			words[len(words)-1].append(c)
			continue
		}
		words = append(words, c)
		open = true
	}
	return words
}

func blank(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return !unicode.IsSpace(r) && !unicode.IsControl(r) }) < 0
}

// continues tells whether next may belong to the word w by its place: right after it, or right before it in scripts
// that run to the left. PDFium puts a space where it sees one, so the distance only has to be near. em is the usual height of
// the writing, for dots and dashes.
func (w word) continues(next word, em float64) bool {
	em = max(em, w.height(), next.height())
	beside := min(math.Abs(next.left-w.right), math.Abs(w.left-next.right))
	below := max(next.top-w.bottom, w.top-next.bottom)
	return below < 0.3*em && (beside < em || strings.IndexFunc(next.text, unicode.IsMark) == 0)
}

func (w *word) append(next word) {
	w.text += next.text
	w.left, w.right = min(w.left, next.left), max(w.right, next.right)
	w.top, w.bottom = min(w.top, next.top), max(w.bottom, next.bottom)
}

// letters counts the letters and digits of s.
func letters(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

func lettered(s string) bool { return letters(s) > 0 }

// legible is false for text mostly of characters that stand for no letter: a font without a table from glyphs to
// letters.
func legible(text string) bool {
	bad, all := 0, 0
	for _, r := range text {
		if unicode.IsSpace(r) {
			continue
		}
		all++
		if r == unicode.ReplacementChar || unicode.In(r, unicode.Co) || unicode.IsControl(r) {
			bad++
		}
	}
	return all > 0 && 10*bad < 3*all
}
