package paper

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"

	ximage "golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// picture draws the first page, black on white. Scanned documents have one.
func (d *Document) picture(dpi int) (*image.Gray, error) {
	p := d.pages[0]
	dots := func(length float64) int { return int(length*float64(dpi)/25.4 + 0.5) }
	sheet := image.NewGray(image.Rect(0, 0, dots(p.width), dots(p.height)))
	draw.Draw(sheet, sheet.Bounds(), image.White, image.Point{}, draw.Src)
	faces := map[font]ximage.Face{}
	for _, m := range p.marks {
		face, ok := faces[m.font]
		if !ok {
			var err error
			if face, err = m.font.face(dpi); err != nil {
				return nil, err
			}
			faces[m.font] = face
		}
		pen := ximage.Drawer{Dst: sheet, Src: image.Black, Face: face}
		x := fixed.I(dots(m.x))
		switch width := pen.MeasureString(m.text); m.align {
		case 'R':
			x -= width
		case 'C':
			x -= width / 2
		}
		pen.Dot = fixed.Point26_6{X: x, Y: fixed.I(dots(m.y))}
		pen.DrawString(m.text)
	}
	for _, r := range p.rules {
		for x := dots(r.from); x < dots(r.to); x++ {
			sheet.SetGray(x, dots(r.y), color.Gray{Y: 0x30})
		}
	}
	return sheet, nil
}

func (f font) face(dpi int) (ximage.Face, error) {
	ttf := goregular.TTF
	switch {
	case f.mono && f.bold:
		ttf = gomonobold.TTF
	case f.mono:
		ttf = gomono.TTF
	case f.bold:
		ttf = gobold.TTF
	}
	parsed, err := opentype.Parse(ttf)
	if err != nil {
		return nil, fmt.Errorf("parse font: %w", err)
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: f.size, DPI: float64(dpi), Hinting: ximage.HintingNone})
	if err != nil {
		return nil, fmt.Errorf("size font: %w", err)
	}
	return face, nil
}
