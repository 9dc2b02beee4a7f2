package paper_test

import (
	"bytes"
	"image/jpeg"
	"strings"
	"testing"
	"time"

	"github.com/airlock-run/airlock/internal/mailset/dice"
	"github.com/airlock-run/airlock/internal/mailset/paper"
)

const invoice = `.page 100 60
.font sans 12 bold
.stops 10L 90R
Rechnung | 12,50 €
.rule 10 90
.font mono 8
.gap 3
Grüße
`

func TestDocumentIsWritten(t *testing.T) {
	t.Parallel()
	d, err := paper.Parse(invoice)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := d.Words(), "Rechnung\n12,50 €\nGrüße\n"; got != want {
		t.Errorf("words are %q, want %q", got, want)
	}
	pdf, err := d.PDF(time.Unix(0, 0).UTC())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(pdf, []byte("(12,50 \x80)")) || !bytes.Contains(pdf, []byte("(Gr\xfc\xdfe)")) {
		t.Error("the PDF has not the text")
	}
}

func TestScanIsAPicture(t *testing.T) {
	t.Parallel()
	d, err := paper.Parse(invoice)
	if err != nil {
		t.Fatal(err)
	}
	scan := paper.Scan{DPI: 150, Tilt: 25, Quarters: 1, Noise: 9, Blur: 1, Paper: 230, Shade: 30, Ink: 40}
	first, err := scan.JPEG(d, dice.New("a"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := scan.JPEG(d, dice.New("a"))
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("the same scan is another picture: %v", err)
	}
	picture, err := jpeg.Decode(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	// 100 by 60 mm at 150 dots an inch, on its side.
	if size := picture.Bounds().Size(); size.X != 354 || size.Y != 591 {
		t.Errorf("picture of %v", size)
	}
	if _, err := paper.PicturePDF(time.Unix(0, 0).UTC(), 60, 100, first); err != nil {
		t.Error(err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"no page":         {"", "before the first page"},
		"unknown command": {".page 10 10\n.paint", "line 2"},
		"no length":       {".page a4 1", `"a4"`},
		"no stop":         {".page 10 90\n.stops 20", `"20"`},
		"cell too many":   {".page 10 90\n.stops 5L\na|b", `"b"`},
		"below the page":  {".page 10 90\n.y 100\nx", "below"},
		"no font":         {".font serif 10", "serif"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := paper.Parse(tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q in it", err, tt.want)
			}
		})
	}
}
