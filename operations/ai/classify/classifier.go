package classify

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/airlock-run/airlock/bus"
)

// Model names the method, its tables and constants. It changes when answers may.
const Model = "dirichlet-topics-1"

// Bounds of a call.
const (
	MinLabels = 2
	MaxLabels = 100
	// MaxText is how much of a text is looked at: what a receipt is about stands at its top.
	MaxText = 64 << 10
	// MaxLabelText bounds the names, descriptions and examples of all labels together.
	MaxLabelText = 1 << 20
)

// Label is a class a text may belong to.
type Label struct {
	Name        string   `json:"name" jsonschema:"the label, and what it says of itself"`
	Description string   `json:"description,omitempty" jsonschema:"more words for it"`
	Examples    []string `json:"examples,omitempty" jsonschema:"texts that belong to it"`
}

// Score is how likely a text belongs to a label, 0..1.
type Score struct {
	Label string  `json:"label" jsonschema:"a label"`
	Score float64 `json:"score" jsonschema:"how likely the text belongs to it, 0 to 1"`
}

// Classification is what a Classifier answers.
type Classification struct {
	// Label is the likeliest, the first of Scores.
	Label string `json:"label" jsonschema:"the likeliest label"`
	// Confidence is its score.
	Confidence float64 `json:"confidence" jsonschema:"score of the likeliest, 0 to 1"`
	// Scores are those of all labels, best first; they sum to 1.
	Scores []Score `json:"scores" jsonschema:"all labels, best first; the scores sum to 1"`
	// Model is the constant Model.
	Model string `json:"model" jsonschema:"what has decided"`
}

// What a label says of itself counts by how it says it: the name is the essence, examples are texts like those to come.
const (
	nameWeight        = 2.0
	descriptionWeight = 1.5
	exampleWeight     = 1.0

	// smoothing is how many features of its own a label must have before they count as much as the background.
	smoothing = 15.0
	// softness turns evidence into probabilities: features of a text are not independent, as the sum over them pretends.
	softness = 1.5
)

// Classifier assigns texts to labels. Safe for concurrent use; it keeps nothing between calls.
type Classifier struct{ knowledge *knowledge }

// New returns a Classifier. It fails only if its tables, which are part of the program, are broken.
func New() (*Classifier, error) {
	k, err := loadKnowledge()
	if err != nil {
		return nil, err
	}
	return &Classifier{knowledge: k}, nil
}

// Classify returns how likely text belongs to each label. The same call always has the same answer. Labels that nothing speaks
// for share what is left; a text that says nothing gives all labels the same score, in their order.
//
// # Errors
//
// bus.InvalidArgument for an empty text, fewer than MinLabels or more than MaxLabels labels, a label without a name or with
// one that another has, and labels of more than MaxLabelText bytes.
func (c *Classifier) Classify(text string, labels []Label) (Classification, error) {
	if err := Check(text, labels); err != nil {
		return Classification{}, err
	}
	found := sorted(c.knowledge.features(text[:min(len(text), MaxText)]))
	scores := make([]Score, len(labels))
	for i, label := range labels {
		scores[i] = Score{Label: label.Name, Score: c.evidence(found, c.profile(label))}
	}
	normalise(scores)
	slices.SortStableFunc(scores, func(a, b Score) int { return cmp.Compare(b.Score, a.Score) })
	return Classification{Label: scores[0].Label, Confidence: scores[0].Score, Scores: scores, Model: Model}, nil
}

// Check tells whether text and labels can be classified, by whatever does it.
//
// # Errors
//
// Those of Classifier.Classify.
func Check(text string, labels []Label) error {
	if strings.TrimSpace(text) == "" {
		return bus.Errorf(bus.InvalidArgument, "text is empty; send the text to classify")
	}
	if len(labels) < MinLabels || len(labels) > MaxLabels {
		return bus.Errorf(bus.InvalidArgument, "there are %d labels; send %d to %d", len(labels), MinLabels, MaxLabels)
	}
	size := 0
	seen := make(map[string]bool, len(labels))
	for i, label := range labels {
		switch {
		case strings.TrimSpace(label.Name) == "":
			return bus.Errorf(bus.InvalidArgument, "label %d has no name", i+1)
		case seen[label.Name]:
			return bus.Errorf(bus.InvalidArgument, "two labels have the name %q", label.Name)
		}
		seen[label.Name] = true
		size += len(label.Name) + len(label.Description)
		for _, example := range label.Examples {
			size += len(example)
		}
	}
	if size > MaxLabelText {
		return bus.Errorf(bus.InvalidArgument, "the labels have %d bytes of text; send at most %d", size, MaxLabelText)
	}
	return nil
}

// profile is what texts of a label look like, going by what it says of itself.
func (c *Classifier) profile(label Label) *bag {
	p := newBag()
	p.addAll(c.knowledge.features(label.Name), nameWeight)
	p.addAll(c.knowledge.features(label.Description), descriptionWeight)
	for _, example := range label.Examples {
		p.addAll(c.knowledge.features(example), exampleWeight)
	}
	return p
}

// weighted is a feature of the text; slices of it have an order, so that sums of floating point numbers do not vary.
type weighted struct {
	feature feature
	weight  float64
}

func sorted(b *bag) []weighted {
	all := make([]weighted, 0, len(b.weights))
	for f, w := range b.weights {
		all = append(all, weighted{f, w})
	}
	slices.SortFunc(all, func(a, b weighted) int { return cmp.Compare(a.feature, b.feature) })
	return all
}

// evidence is the logarithm of how much likelier the text is in texts of the label than in texts about anything, with
// Dirichlet smoothing: a label's share of a feature is mixed with the background's. A word that
// comes twice counts less than twice.
func (c *Classifier) evidence(text []weighted, profile *bag) float64 {
	sum := 0.0
	for _, w := range text {
		count := profile.weights[w.feature]
		if count == 0 {
			continue
		}
		background := c.knowledge.background(w.feature)
		likelier := (count + smoothing*background) / ((profile.total + smoothing) * background)
		sum += math.Log1p(w.weight) * max(math.Log(likelier), 0)
	}
	return sum
}

// normalise turns evidence into probabilities.
func normalise(scores []Score) {
	best := math.Inf(-1)
	for _, s := range scores {
		best = max(best, s.Score)
	}
	sum := 0.0
	for i := range scores {
		scores[i].Score = math.Exp((scores[i].Score - best) / softness)
		sum += scores[i].Score
	}
	for i := range scores {
		scores[i].Score /= sum
	}
}
