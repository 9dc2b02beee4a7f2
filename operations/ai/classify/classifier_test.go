package classify_test

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/ai/classify"
)

func newClassifier(tb testing.TB) *classify.Classifier {
	tb.Helper()
	classifier, err := classify.New()
	if err != nil {
		tb.Fatal(err)
	}
	return classifier
}

func TestClassify(t *testing.T) {
	t.Parallel()
	classifier := newClassifier(t)
	labels := []classify.Label{
		{Name: "lodging", Description: "hotels"},
		{Name: "dining", Description: "restaurants"},
		{Name: "weather"},
	}
	t.Run("topics bridge different words", func(t *testing.T) {
		t.Parallel()
		got, err := classifier.Classify("Guest folio: king room, 2 nights, minibar", labels)
		if err != nil || got.Label != "lodging" || got.Confidence < 0.6 || got.Model != classify.Model {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("scores are sorted and sum to 1", func(t *testing.T) {
		t.Parallel()
		got, err := classifier.Classify("Dinner for two, dessert", labels)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i, s := range got.Scores {
			sum += s.Score
			if i > 0 && s.Score > got.Scores[i-1].Score {
				t.Errorf("score %d is larger than the one before: %+v", i, got.Scores)
			}
		}
		if len(got.Scores) != 3 || math.Abs(sum-1) > 1e-9 || got.Scores[0].Label != got.Label || got.Scores[0].Score != got.Confidence {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("a text that says nothing is all labels' alike", func(t *testing.T) {
		t.Parallel()
		got, err := classifier.Classify("12.50 ### 42", labels)
		if err != nil || got.Label != "lodging" || math.Abs(got.Confidence-1.0/3) > 1e-9 {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("other scripts go by their examples", func(t *testing.T) {
		t.Parallel()
		got, err := classifier.Classify("東京ホテル 宿泊料 二泊", []classify.Label{
			{Name: "食事", Examples: []string{"ラーメン 餃子 ビール", "寿司 お茶"}},
			{Name: "宿泊", Examples: []string{"大阪ホテル 宿泊料 一泊"}},
		})
		if err != nil || got.Label != "宿泊" {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("the same every time", func(t *testing.T) {
		t.Parallel()
		labels := loadLabels(t)
		text := "Uber trip to the hotel, dinner with coffee, train ticket, pharmacy and A4 paper"
		want, err := newClassifier(t).Classify(text, labels)
		if err != nil {
			t.Fatal(err)
		}
		for range 50 {
			got, err := classifier.Classify(text, labels)
			if err != nil || !cmp.Equal(want, got) {
				t.Fatalf("%v\n%s", err, cmp.Diff(want, got))
			}
		}
	})
}

func TestClassifyRefuses(t *testing.T) {
	t.Parallel()
	two := []classify.Label{{Name: "a"}, {Name: "b"}}
	many := make([]classify.Label, classify.MaxLabels+1)
	for i := range many {
		many[i].Name = strconv.Itoa(i)
	}
	for name, test := range map[string]struct {
		text   string
		labels []classify.Label
		part   string
	}{
		"an empty text":     {" \n", two, "text is empty"},
		"one label":         {"x", two[:1], "1 labels"},
		"too many labels":   {"x", many, "101 labels"},
		"no name":           {"x", []classify.Label{{Name: "a"}, {Name: " "}}, "label 2 has no name"},
		"a name twice":      {"x", []classify.Label{{Name: "a"}, {Name: "a"}}, `the name "a"`},
		"labels of a novel": {"x", []classify.Label{{Name: "a"}, {Name: "b", Description: strings.Repeat("x", classify.MaxLabelText)}}, "bytes of text"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newClassifier(t).Classify(test.text, test.labels)
			if bus.CodeOf(err) != bus.InvalidArgument || !strings.Contains(err.Error(), test.part) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func FuzzClassify(f *testing.F) {
	f.Add("Total 12.50", "groceries", "food", "milk and bread")
	f.Add("x\xff.-&'", "\u0301", "'s", "ing")
	classifier := newClassifier(f)
	f.Fuzz(func(t *testing.T, text, name, description, example string) {
		labels := []classify.Label{{Name: name, Description: description, Examples: []string{example}}, {Name: name + "2"}}
		got, err := classifier.Classify(text, labels)
		if err != nil {
			if bus.CodeOf(err) != bus.InvalidArgument {
				t.Fatal(err)
			}
			return
		}
		sum := got.Scores[0].Score + got.Scores[1].Score
		if math.IsNaN(sum) || math.Abs(sum-1) > 1e-9 {
			t.Fatalf("scores sum to %v", sum)
		}
	})
}

// BenchmarkClassify classifies one line of a receipt, a page, and the most that a call may bring.
func BenchmarkClassify(b *testing.B) {
	classifier := newClassifier(b)
	labels := loadLabels(b)
	line := "KROGER PLUS CARD SAVINGS 2.10 ground beef 8.44 shredded cheese 3.29 tortillas 2.79\n"
	long := make([]classify.Label, classify.MaxLabels)
	for i := range long {
		long[i] = classify.Label{Name: fmt.Sprint("label ", i), Description: strings.Repeat(line, classify.MaxLabelText/classify.MaxLabels/len(line)-1)}
	}
	for name, test := range map[string]struct {
		text   string
		labels []classify.Label
	}{"line": {line, labels}, "page": {strings.Repeat(line, 40), labels}, "most": {strings.Repeat(line, classify.MaxText/len(line)), long}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := classifier.Classify(test.text, test.labels); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
