package ocr

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// Distances are in heights of a line, measured between the ink of words, not between the boxes of their letters.
const (
	gapJoined = 0.12 // below it two pieces are one word that the file draws in parts
	gapColumn = 2.0  // from it on two words are in different columns
	gapBlank  = 2.5  // from it on, middle to middle, two lines have an empty line between them
	maxRatio  = 2.5  // words of more different heights are not on one line
)

// maxWords bounds the work of finding lines, which grows with its square at worst. A dense page has 1,000 words; one with more
// than this was made to keep us busy and gets its words in the order of the file.
const maxWords = 10_000

// layout builds the text of a page from its words: lines from top to bottom, words from left to right. It is
// deterministic and does not depend on the order of words, up to maxWords.
func layout(words []word) string {
	if len(words) > maxWords {
		return inFileOrder(words)
	}
	all := lines(words)
	if slope := skew(all); slope != 0 {
		all = lines(shear(words, slope))
	}
	var b strings.Builder
	var previous *line
	for _, l := range all {
		if previous != nil {
			b.WriteByte('\n')
			if l.middle()-previous.middle() > gapBlank*max(l.height, previous.height) {
				b.WriteByte('\n')
			}
		}
		l.write(&b)
		previous = l
	}
	return b.String()
}

// line is words side by side. band is the word that the next one is compared with: lines of a photo climb, so it is the
// last one, but for dots and dashes, whose boxes say little about where the line is.
type line struct {
	words       []word
	band        word
	top, bottom float64
	height      float64 // the usual one of its words
	tallest     float64 // of its words with letters
}

func lines(words []word) []*line {
	words = slices.Clone(words)
	slices.SortFunc(words, func(a, b word) int {
		return cmp.Or(cmp.Compare(a.left, b.left), cmp.Compare(a.top, b.top), cmp.Compare(a.text, b.text))
	})
	var all []*line
	for _, w := range words {
		var best *line
		bestOverlap := 0.5
		for _, l := range all {
			if overlap := l.overlap(w); overlap > bestOverlap {
				best, bestOverlap = l, overlap
			}
		}
		if best == nil {
			best = &line{top: w.top, bottom: w.bottom, band: w}
			all = append(all, best)
		}
		best.add(w)
	}
	usual := usualHeight(words)
	for _, l := range all {
		l.height = max(medianHeight(l.words), usual/2, 1e-9)
	}
	slices.SortStableFunc(all, func(a, b *line) int { return cmp.Compare(a.middle(), b.middle()) })
	return all
}

// overlap returns how much of the lower of w and the line's band is beside the other, 0..1, and 0 where w cannot be on
// this line.
func (l *line) overlap(w word) float64 {
	last := l.words[len(l.words)-1]
	if w.left < last.right-0.5*min(w.height(), last.height()) {
		return 0
	}
	if lettered(w.text) && l.tallest > 0 && max(w.height(), l.tallest) > maxRatio*min(w.height(), l.tallest) {
		return 0
	}
	low := max(min(w.height(), l.band.height()), 1e-9)
	return (min(w.bottom, l.band.bottom) - max(w.top, l.band.top)) / low
}

func (l *line) middle() float64 { return (l.top + l.bottom) / 2 }

func (l *line) add(w word) {
	l.words = append(l.words, w)
	if w.height() >= 0.6*l.band.height() {
		l.band = w
	}
	if lettered(w.text) {
		l.tallest = max(l.tallest, w.height())
	}
	l.top, l.bottom = min(l.top, w.top), max(l.bottom, w.bottom)
}

func (l *line) write(b *strings.Builder) {
	words := l.words
	if rightToLeft(words) {
		words = slices.Clone(words)
		slices.Reverse(words)
	}
	for i, w := range words {
		if i > 0 {
			// The distance of neighbours, in either direction of writing.
			gap := max(w.left-words[i-1].right, words[i-1].left-w.right) / l.height
			switch {
			case gap >= gapColumn:
				b.WriteString("  ")
			case gap >= gapJoined:
				b.WriteByte(' ')
			}
		}
		b.WriteString(w.text)
	}
}

// rightToLeft tells whether most letters of words are of a script that is written so.
func rightToLeft(words []word) bool {
	balance := 0
	for _, w := range words {
		for _, r := range w.text {
			switch {
			case unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana):
				balance++
			case unicode.IsLetter(r):
				balance--
			}
		}
	}
	return balance > 0
}

func inFileOrder(words []word) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.text)
	}
	return b.String()
}
