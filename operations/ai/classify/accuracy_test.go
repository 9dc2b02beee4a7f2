package classify_test

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/airlock-run/airlock/operations/ai/classify"
)

type sample struct{ label, text string }

func loadSamples(t *testing.T, path string) []sample {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var samples []sample
	for line := range strings.Lines(string(data)) {
		label, text, found := strings.Cut(strings.TrimSpace(line), "\t")
		if !found {
			t.Fatalf("no tab in %q", line)
		}
		samples = append(samples, sample{label, text})
	}
	return samples
}

func loadLabels(tb testing.TB) []classify.Label {
	tb.Helper()
	data, err := os.ReadFile("testdata/labels.json")
	if err != nil {
		tb.Fatal(err)
	}
	var labels []classify.Label
	if err := json.Unmarshal(data, &labels); err != nil {
		tb.Fatal(err)
	}
	return labels
}

// byKeywords is what we must beat: the label of which most words, of its name, description and examples, stand in
// the text; the first of equals. Words are compared without a plural s; words of two letters and the commonest of three do not
// count.
func byKeywords(text string, labels []classify.Label) string {
	split := func(s string) []string {
		all := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		for i := range all {
			all[i] = strings.TrimSuffix(all[i], "s")
		}
		return all
	}
	in := map[string]bool{}
	for _, w := range split(text) {
		in[w] = true
	}
	best, most := labels[0].Name, -1
	for _, label := range labels {
		seen, n := map[string]bool{}, 0
		for _, w := range split(label.Name + " " + label.Description + " " + strings.Join(label.Examples, " ")) {
			if len(w) > 2 && !slices.Contains([]string{"the", "and", "for", "from", "your", "with", "two"}, w) && in[w] && !seen[w] {
				seen[w] = true
				n++
			}
		}
		if n > most {
			best, most = label.Name, n
		}
	}
	return best
}

// measure returns the accuracy of the classifier and of keywords, and how surprised the classifier was on average.
func measure(t *testing.T, samples []sample, labels []classify.Label) (ours, keywords, surprise float64) {
	t.Helper()
	classifier, err := classify.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range samples {
		got, err := classifier.Classify(s.text, labels)
		if err != nil {
			t.Fatal(err)
		}
		if got.Label == s.label {
			ours++
		} else if strings.Contains(t.Name(), "tuning") {
			t.Logf("%s (%.2f) is %s: %s", got.Label, got.Confidence, s.label, s.text)
		}
		if byKeywords(s.text, labels) == s.label {
			keywords++
		}
		for _, score := range got.Scores {
			if score.Label == s.label {
				surprise -= math.Log(score.Score)
			}
		}
	}
	n := float64(len(samples))
	return ours / n, keywords / n, surprise / n
}

// TestAccuracy compares with keyword matching on texts that were used to choose the method's constants and tables (tuning) and on
// texts that were not (heldout). The margins are somewhat below what was measured; doc.go has the numbers.
func TestAccuracy(t *testing.T) {
	t.Parallel()
	full := loadLabels(t)
	bare := loadLabels(t)
	for i := range bare {
		bare[i].Examples = nil
	}
	for _, test := range []struct {
		name, path string
		labels     []classify.Label
		margin     float64
	}{
		{"tuning", "testdata/tuning.tsv", full, 0.30},
		{"tuning without examples", "testdata/tuning.tsv", bare, 0.50},
		{"heldout", "testdata/heldout.tsv", full, 0.25},
		{"heldout without examples", "testdata/heldout.tsv", bare, 0.40},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			samples := loadSamples(t, test.path)
			ours, keywords, surprise := measure(t, samples, test.labels)
			t.Logf("%d texts: accuracy %.1f %%, keywords %.1f %%, surprise %.2f", len(samples), 100*ours, 100*keywords, surprise)
			if ours < keywords+test.margin {
				t.Errorf("not better than keywords by %.0f points", 100*test.margin)
			}
		})
	}
}
