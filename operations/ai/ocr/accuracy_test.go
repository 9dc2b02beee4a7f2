package ocr_test

import (
	"bytes"
	"fmt"
	"image"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/draw"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/math/f64"

	"github.com/airlock-run/airlock/operations/ai/ocr"
)

// tolerance is how many points of character error rate the Reader may be behind the bare command at its best, over a corpus.
const tolerance = 0.5

// sample is a picture and the text that it shows.
type sample struct {
	picture *image.Gray
	text    string
}

// invoice is what the pages of the corpus show, in part.
var invoice = [][2]string{
	{"Kranich Office Supplies", ""},
	{"Invoice 2026-1184", "16 November 2026"},
	{"Harbour Street 14, Portland", ""},
	{"3 x Copy paper A4, 80 g", "14.97"},
	{"1 x Desk lamp, black", "48.50"},
	{"12 x Ballpoint pen, blue", "9.48"},
	{"2 x Ring binder, wide spine", "7.38"},
	{"Delivery", "4.95"},
	{"Subtotal without tax", "85.28"},
	{"Value added tax 19 %", "16.20"},
	{"Amount due in EUR", "101.48"},
	{"Please pay within fourteen days.", ""},
	{"Questions? Write to billing@kranich.example", ""},
	{"Thank you for your order, and for coming again", ""},
}

// TestAccuracy reads known text and holds the Reader to what the bare command makes of the same pictures, with the page segmentation that
// happens to be best for each kind of picture, as it is or at twice the size. AIRLOCK_PROOF has it read all kinds in all fonts and sizes.
func TestAccuracy(t *testing.T) {
	t.Parallel()
	reader := newReader(t, ocr.Config{})
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			var ours, size int
			bare := map[string]int{}
			for _, s := range corpus(t, kind) {
				got, err := reader.Read(deadline(t), pngBytes(t, s.picture), ocr.Options{})
				if err != nil {
					t.Fatal(err)
				}
				want := squeezed(s.text)
				size += len(want)
				ours += distance(want, squeezed(got.Text))
				for name, text := range bareBest(t, s.picture) {
					bare[name] += distance(want, squeezed(text))
				}
			}
			best := slices.MinFunc(slices.Sorted(maps.Keys(bare)), func(a, b string) int { return bare[a] - bare[b] })
			rate := func(errors int) float64 { return 100 * float64(errors) / float64(size) }
			t.Logf("character error rate: %.2f %%, the bare command's %.2f %% at best (%s)", rate(ours), rate(bare[best]), best)
			if rate(ours) > rate(bare[best])+tolerance {
				t.Errorf("%.2f %% of the characters are wrong, of the bare command %.2f %% (%s)", rate(ours), rate(bare[best]), best)
			}
		})
	}
}

// kinds are what is done to a page.
var kinds = map[string]func(*image.Gray) *image.Gray{
	"clean":                 func(p *image.Gray) *image.Gray { return p },
	"grain":                 func(p *image.Gray) *image.Gray { return grainy(p, 40) },
	"pale":                  pale,
	"turned by 2 degrees":   func(p *image.Gray) *image.Gray { return turned(p, 2) },
	"turned by -4 degrees":  func(p *image.Gray) *image.Gray { return turned(p, -4) },
	"turned by 90 degrees":  func(p *image.Gray) *image.Gray { return turned(p, 90) },
	"turned by 180 degrees": func(p *image.Gray) *image.Gray { return turned(p, 180) },
	"turned by 270 degrees": func(p *image.Gray) *image.Gray { return turned(p, 270) },
}

func corpus(t *testing.T, kind string) []sample {
	t.Helper()
	fonts := map[string][]byte{"regular": goregular.TTF}
	if kind == "clean" || kind == "grain" {
		fonts = map[string][]byte{"mono": gomono.TTF}
	}
	sizes, lines := []float64{30}, invoice[:9]
	if os.Getenv("AIRLOCK_PROOF") != "" {
		fonts = map[string][]byte{"regular": goregular.TTF, "mono": gomono.TTF, "bold": gobold.TTF, "italic": goitalic.TTF}
		sizes, lines = []float64{16, 20, 26, 32, 44}, invoice
	}
	var samples []sample
	for _, name := range slices.Sorted(maps.Keys(fonts)) {
		for _, size := range sizes {
			picture := drawLines(t, fonts[name], size, int(34*size), lines)
			samples = append(samples, sample{kinds[kind](picture), linesOf(lines)})
		}
	}
	return samples
}

func linesOf(lines [][2]string) string {
	var all []string
	for _, line := range lines {
		all = append(all, strings.Join(line[:], " "))
	}
	return strings.Join(all, "\n")
}

// bareBest is what tesseract makes of a picture, in the ways somebody would try who has only the command.
func bareBest(t *testing.T, picture *image.Gray) map[string]string {
	t.Helper()
	double := image.NewGray(image.Rect(0, 0, 2*picture.Rect.Dx(), 2*picture.Rect.Dy()))
	draw.CatmullRom.Scale(double, double.Rect, picture, picture.Rect, draw.Src, nil)
	texts := map[string]string{}
	segmentations := []string{"1", "4"} // those that are best at times
	if os.Getenv("AIRLOCK_PROOF") != "" {
		segmentations = []string{"1", "3", "4", "6", "11"}
	}
	for name, p := range map[string]*image.Gray{"as it is": picture, "doubled": double} {
		if name == "doubled" && os.Getenv("AIRLOCK_PROOF") == "" {
			continue // what is not small does not gain by it
		}
		for _, segmentation := range segmentations {
			cmd := exec.Command("tesseract", "stdin", "stdout", "--psm", segmentation)
			cmd.Stdin = bytes.NewReader(pngBytes(t, p))
			cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1")
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("tesseract --psm %s: %v", segmentation, err)
			}
			texts[fmt.Sprintf("--psm %s, %s", segmentation, name)] = string(out)
		}
	}
	return texts
}

// turned turns a picture clockwise, on white.
func turned(p *image.Gray, degrees float64) *image.Gray {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	w, h := float64(p.Rect.Dx()), float64(p.Rect.Dy())
	width, height := math.Abs(w*cos)+math.Abs(h*sin), math.Abs(w*sin)+math.Abs(h*cos)
	out := image.NewGray(image.Rect(0, 0, int(math.Round(width)), int(math.Round(height))))
	draw.Draw(out, out.Rect, image.White, image.Point{}, draw.Src)
	draw.BiLinear.Transform(out, f64.Aff3{
		cos, -sin, width/2 - cos*w/2 + sin*h/2,
		sin, cos, height/2 - sin*w/2 - cos*h/2,
	}, p, p.Rect, draw.Over, nil)
	return out
}

func grainy(p *image.Gray, amount int) *image.Gray {
	out := image.NewGray(p.Rect)
	random := rand.New(rand.NewPCG(3, 4))
	for i, v := range p.Pix {
		out.Pix[i] = uint8(min(max(int(v)+random.IntN(2*amount+1)-amount, 0), 255))
	}
	return out
}

// pale is print that has nearly faded.
func pale(p *image.Gray) *image.Gray {
	out := image.NewGray(p.Rect)
	for i, v := range p.Pix {
		out.Pix[i] = 170 + v/4
	}
	return out
}

// squeezed has one space where there is any.
func squeezed(text string) []rune { return []rune(strings.Join(strings.Fields(text), " ")) }

// distance is how many characters have to be changed, added or taken away (Levenshtein).
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			cost := diagonal
			if x != y {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
