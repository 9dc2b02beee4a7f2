package classify

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// feature is something a text has, with a letter for its kind in front: "w" a word, "b" two words in a row, "c" some letters of a
// word, "t" a topic.
type feature string

// Weights say how much one occurrence of each kind counts. Letters of words overlap, so each counts little; a
// topic that label and text share says most.
const (
	wordWeight  = 1.0
	pairWeight  = 0.3
	gramWeight  = 0.05
	topicWeight = 2.0

	gramSize = 4
)

// bag is the features of texts with their weights summed up. Sums are made in the order of the text, so that floating point
// gives the same every time.
type bag struct {
	weights map[feature]float64
	total   float64
}

func newBag() *bag { return &bag{weights: map[feature]float64{}} }

func (b *bag) add(f feature, weight float64) {
	b.weights[f] += weight
	b.total += weight
}

func (b *bag) addAll(other *bag, factor float64) {
	for f, w := range other.weights {
		b.weights[f] += factor * w
	}
	b.total += factor * other.total
}

// words splits a text into lower-case words of letters, marks and digits; dots, dashes, & and apostrophes hold a word together
// ("e-ticket", "at&t", "booking.com"). Numbers are left out: amounts say nothing of what was bought, but a
// number that is a name ("365") has a letter beside it or is lost.
func words(text string) []string {
	joins := func(r rune) bool { return strings.ContainsRune(".-&'’", r) }
	var all []string
	for _, field := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && !joins(r)
	}) {
		field = strings.TrimFunc(field, joins)
		field = strings.TrimSuffix(strings.TrimSuffix(field, "'s"), "’s")
		if strings.IndexFunc(field, unicode.IsLetter) >= 0 {
			all = append(all, field)
		}
	}
	return all
}

// stem takes English endings off, roughly: "charges", "charged" and "charging" become one. Other languages lose
// little, for both sides are treated the same.
func stem(w string) string {
	for _, ending := range []struct{ from, to string }{
		{"ies", "y"}, {"sses", "ss"}, {"shes", "sh"}, {"ches", "ch"}, {"xes", "x"}, {"ss", "ss"}, {"us", "us"}, {"s", ""},
	} {
		if strings.HasSuffix(w, ending.from) && len(w) > len(ending.from)+2 {
			w = strings.TrimSuffix(w, ending.from) + ending.to
			break
		}
	}
	for _, ending := range []string{"ing", "ed"} {
		if strings.HasSuffix(w, ending) && len(w) > len(ending)+3 {
			return strings.TrimSuffix(w, ending)
		}
	}
	return strings.TrimSuffix(w, "e")
}

// features returns what text has. Parts of a hyphenated or dotted word count beside the whole.
func (k *knowledge) features(text string) *bag {
	found := newBag()
	previous := ""
	for _, whole := range words(text) {
		parts := []string{whole}
		if split := strings.FieldsFunc(whole, func(r rune) bool { return strings.ContainsRune(".-&'’", r) }); len(split) > 1 {
			parts = append(parts, split...)
		}
		for _, part := range parts {
			s := stem(part)
			found.add(feature("w"+s), wordWeight)
			for _, topic := range k.topics[s] {
				found.add(feature("t"+topic), topicWeight/float64(len(k.topics[s])))
			}
			grams(part, func(gram string) { found.add(feature("c"+gram), gramWeight) })
		}
		s := stem(whole)
		if previous != "" {
			found.add(feature("b"+previous+" "+s), pairWeight)
		}
		previous = s
	}
	return found
}

// grams calls f with each piece of gramSize letters of a word, the edges of the word marked. Scripts without spaces get
// their words compared by it.
func grams(w string, f func(string)) {
	w = "^" + w + "$"
	var starts [gramSize]int
	n := 0
	for i, r := range w {
		starts[n%gramSize] = i
		n++
		if n >= gramSize {
			f(w[starts[n%gramSize] : i+utf8.RuneLen(r)])
		}
	}
}
