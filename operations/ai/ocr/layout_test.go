package ocr

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// place returns the words of rows on a grid of characters, each 6 wide and 10 high, a line every 14.
func place(rows ...string) []word {
	var words []word
	for y, row := range rows {
		runes := []rune(row)
		for x := 0; x < len(runes); x++ {
			start := x
			for x < len(runes) && runes[x] != ' ' {
				x++
			}
			if x > start {
				words = append(words, word{
					text: string(runes[start:x]), left: float64(6 * start), right: float64(6*x) - 1,
					top: float64(14 * y), bottom: float64(14*y) + 10,
				})
			}
		}
	}
	return words
}

func TestLayout(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		words []word
		want  string
	}{
		"nothing":                     {nil, ""},
		"columns keep their distance": {place("Tea        2.50", "Cake       3.00"), "Tea  2.50\nCake  3.00"},
		"a wide gap is an empty line": {place("Tea", "", "", "Cake"), "Tea\n\nCake"},
		"pieces of a word":            {[]word{{"To", 0, 0, 12, 10}, {"tal", 12.5, 0, 30, 10}}, "Total"},
		"dash beside a word":          {[]word{{"-", 0, 5, 4, 6}, {"5.00", 6, 0, 30, 10}}, "- 5.00"},
		"a logo beside small lines": {
			[]word{{"ACME", 0, 0, 60, 40}, {"Street", 80, 0, 100, 8}, {"City", 80, 12, 100, 20}},
			"Street\nCity\nACME",
		},
		"right to left": {[]word{{"שלום", 60, 0, 90, 10}, {"עולם", 20, 0, 54, 10}}, "שלום עולם"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, layout(test.words)); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("the order of words does not matter", func(t *testing.T) {
		t.Parallel()
		words := place("one two     three", "four five    six", "", "seven")
		want := layout(words)
		random := rand.New(rand.NewPCG(3, 4))
		for range 20 {
			random.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
			if got := layout(words); got != want {
				t.Fatalf("got\n%s\nnot\n%s", got, want)
			}
		}
	})
	t.Run("a slope is taken out", func(t *testing.T) {
		t.Parallel()
		rows := []string{"one two three four               9.99", "five six seven eight             8.88", "nine ten eleven twelve           7.77"}
		for _, slope := range []float64{-0.06, 0.03, 0.08} {
			if got, want := layout(shear(place(rows...), slope)), layout(place(rows...)); got != want {
				t.Errorf("slope %v:\n%s", slope, got)
			}
		}
	})
	t.Run("too many words are not laid out", func(t *testing.T) {
		t.Parallel()
		words := make([]word, maxWords+1)
		for i := range words {
			words[i] = word{text: "a", right: 1, bottom: 1}
		}
		if got := layout(words); len(strings.Fields(got)) != maxWords+1 {
			t.Errorf("%d words", len(strings.Fields(got)))
		}
	})
}

func TestParseTSVRefusesForeignOutput(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]string{
		"few columns": "5\t1\t1",
		"no number":   "5\t1\t1\t1\t1\t1\tx\t2\t3\t4\t90\tword",
		"infinite":    "5\t1\t1\t1\t1\t1\t+Inf\t2\t3\t4\t90\tword",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := parseTSV([]byte(row)); err == nil {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestFittingDPI(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		width, height float64
		want          int
	}{
		{595, 842, 300},
		{14_400, 14_400, 25}, // the largest page PDF knows
		{1, 1_000_000, 300},
		{0, 100, 0},
		{-5, -5, 0},
		{1e200, 1e200, 0},
	} {
		got := fittingDPI(test.width, test.height, 25_000_000)
		if got != test.want {
			t.Errorf("%vx%v: %d, want %d", test.width, test.height, got, test.want)
		}
	}
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte("II*\x00\x08\x00\x00\x00\x01\x00\x00\x01\x04\x00\x01\x00\x00\x00\x09\x00\x00\x00\x08\x00\x00\x00"))
	f.Add([]byte("GIF89a\x0a\x00\x0a\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00!\xf9\x00,\x00\x00\x00\x00\x0a\x00\x0a\x00\x00\x02\x00;"))
	f.Add([]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x28\x00\x00\x00\x05\x00\x00\x00\xfb\xff\xff\xff"))
	f.Add([]byte("RIFF\x00\x00\x00\x00WEBPVP8L\x00\x00\x00\x00\x2f"))
	f.Fuzz(func(t *testing.T, data []byte) {
		media := detect(data)
		if media == "" || media == mediaPDF {
			return
		}
		const limit = 1 << 20
		count, err := checkPicture(media, data, limit)
		if err != nil {
			return
		}
		sizes, err := frames(media, data)
		if err != nil || len(sizes) != count {
			t.Fatalf("%d frames, then %d: %v", count, len(sizes), err)
		}
		total := 0
		for _, size := range sizes {
			total += size.X * size.Y
		}
		if total <= 0 || total > limit {
			t.Fatalf("%d pixels pass", total)
		}
	})
}

func FuzzParseTSV(f *testing.F) {
	f.Add([]byte("level\tpage_num\n5\t1\t1\t1\t1\t1\t10\t20\t30\t40\t95.5\tTotal\n"))
	f.Fuzz(func(t *testing.T, tsv []byte) {
		readings, err := parseTSV(tsv)
		if err != nil {
			return
		}
		if _, confidence := textOf(readings); confidence < 0 || confidence > 1 {
			t.Fatalf("confidence is %v", confidence)
		}
	})
}
