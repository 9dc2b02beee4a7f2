package classify

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

//go:embed topics.txt
var topicsText string

//go:embed background.txt
var backgroundText string

const (
	// backgroundWords is what the numbers of the background table are occurrences in.
	backgroundWords = 100_000
	// topicShare is how much of any text one topic takes that the text is not about.
	topicShare = 1.0 / 400
	// pairShare is how often two given words follow each other.
	pairShare = 1.0 / 300_000
	// gramShare is how often four given letters follow each other.
	gramShare = 1.0 / 20_000
)

// knowledge is what a Classifier knows before it sees a label: what words are about and how common they are.
type knowledge struct {
	topics map[string][]string // by stem
	share  map[feature]float64 // of words and of their letters
}

func loadKnowledge() (*knowledge, error) {
	k := &knowledge{topics: map[string][]string{}, share: map[feature]float64{}}
	if err := eachEntry(topicsText, func(topic, word string) error {
		s := stem(word)
		if !slices.Contains(k.topics[s], topic) {
			k.topics[s] = append(k.topics[s], topic)
		}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read topics: %w", err)
	}
	if err := eachEntry(backgroundText, func(count, word string) error {
		n, err := strconv.ParseFloat(count, 64)
		if err != nil {
			return fmt.Errorf("parse count of %q: %w", word, err)
		}
		share := n / backgroundWords
		k.share[feature("w"+stem(word))] += share
		grams(word, func(gram string) { k.share[feature("c"+gram)] += share / 5 })
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read background: %w", err)
	}
	return k, nil
}

// eachEntry reads lines like "head: word word", and comments.
func eachEntry(text string, f func(head, word string) error) error {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		head, rest, found := strings.Cut(line, ":")
		if !found {
			return fmt.Errorf("no colon in %q", line)
		}
		for word := range strings.FieldsSeq(rest) {
			if err := f(head, word); err != nil {
				return err
			}
		}
	}
	return nil
}

// background returns which part of the features of its kind f is in texts about anything.
func (k *knowledge) background(f feature) float64 {
	switch f[0] {
	case 't':
		return topicShare
	case 'b':
		return pairShare
	case 'c':
		return gramShare + k.share[f]
	default:
		return 1.0/backgroundWords + k.share[f]
	}
}
