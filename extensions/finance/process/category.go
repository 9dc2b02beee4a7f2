package process

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/airlock-run/airlock/extensions/finance/mail"
	airlock "github.com/airlock-run/airlock/sdk/go"
)

const (
	// uncategorized is the category of what fits no label better than another.
	uncategorized = "uncategorized"
	// leastConfidence is what a category needs; each of fifteen has 0.07 if nothing speaks for any.
	leastConfidence = 0.1
	// maxJudged is how much text decides a category.
	maxJudged = 4000
	// wordWeight is how much a word of a category, found in what was bought, adds to the classifier's evidence.
	wordWeight = 0.9
)

// classify asks for the category of a receipt: by whom it is from, what the mail is called and what was bought, then by all it says. Words
// that the tables give a category count beside the answer, for the classifier knows little of languages other than English.
func classify(job *airlock.JobContext, message *mail.Message, f *found, settings settings) error {
	job.Progress(0.7, "choosing a category")
	known := settings.known()
	about := []string{f.Analysis.Vendor, message.Subject}
	for _, item := range f.Analysis.Items {
		about = append(about, item.Description)
	}
	bought := strings.Join(about, "\n") + "\n"
	judged := bought + f.Text
	judged = strings.ToValidUTF8(judged[:min(maxJudged, len(judged))], "")
	result, err := job.AI().ClassifyText(judged, labels(known, f.Analysis.Language))
	if err != nil {
		return fmt.Errorf("choose a category: %w", err)
	}
	name, confidence := best(result, votes(known, f.Analysis.Language, bought, judged))
	f.Analysis.Category = name
	if confidence < leastConfidence {
		f.Analysis.Category = uncategorized
	}
	if f.Analysis.Confidences == nil {
		f.Analysis.Confidences = map[string]float64{}
	}
	f.Analysis.Confidences["category"] = math.Round(confidence*100) / 100
	return nil
}

// labels are the categories for the classifier, with the examples of one language.
func labels(known []category, language string) []airlock.Label {
	var all []airlock.Label
	for _, c := range known {
		label := airlock.Label{Name: c.name, Description: c.description}
		for _, of := range []string{"en", language} {
			if list := c.examples[of]; list != "" && (of != "en" || language == "en" || len(label.Examples) == 0) {
				label.Examples = append(label.Examples, list)
			}
		}
		all = append(all, label)
	}
	return all
}

// votes counts the words of each category in a text of a language, and those of English, which all borrow from; one in what was bought counts
// more than one elsewhere.
func votes(known []category, language, bought, text string) map[string]float64 {
	bought, text = spaced(bought), spaced(text)
	all := map[string]float64{}
	for _, c := range known {
		words := c.words[language]
		if language != "en" {
			words = slices.Concat(words, c.words["en"])
		}
		for _, word := range words {
			switch {
			case strings.Contains(bought, word):
				all[c.name] += wordWeight
			case strings.Contains(text, word):
				all[c.name] += wordWeight / 2
			}
		}
	}
	return all
}

// best returns the category for which classifier and words together say most, and how likely it is.
func best(result airlock.Classification, votes map[string]float64) (string, float64) {
	if len(votes) == 0 || len(result.Scores) == 0 {
		return result.Label, result.Confidence
	}
	sum, name, most := 0.0, result.Label, 0.0
	for _, s := range result.Scores {
		weight := max(s.Score, 0.001) * math.Exp(min(votes[s.Label], 6))
		sum += weight
		if weight > most {
			name, most = s.Label, weight
		}
	}
	return name, most / sum
}
