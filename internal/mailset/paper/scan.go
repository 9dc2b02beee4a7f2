package paper

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"

	"github.com/airlock-run/airlock/internal/mailset/dice"
)

// Scan is how a sheet came to be a picture. The zero value is a perfect one, at
// 200 dots an inch.
type Scan struct {
	DPI int
	// Tilt turns the sheet, in tenths of a degree; Quarters by right angles.
	Tilt, Quarters int
	// Noise is how far a dot may be off, of 255; Blur how often each dot is
	// mixed with those around it.
	Noise, Blur int
	// Paper is how bright the sheet is, 0 for white. Shade is by how much it is
	// darker at the far corner; Ink how bright black is.
	Paper, Shade, Ink int
	// Quality is that of the JPEG; 0 means 80.
	Quality int
}

// JPEG returns the picture of the first page. All of it is worked out in whole
// numbers, as fractions differ between processors.
func (s Scan) JPEG(d *Document, chance *dice.Dice) ([]byte, error) {
	dpi, quality := s.DPI, s.Quality
	if dpi == 0 {
		dpi = 200
	}
	if quality == 0 {
		quality = 80
	}
	sheet, err := d.picture(dpi)
	if err != nil {
		return nil, err
	}
	sheet = tilt(sheet, s.Tilt)
	for range s.Blur {
		sheet = blur(sheet)
	}
	s.tone(sheet, chance)
	for range s.Quarters {
		sheet = quarter(sheet)
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, sheet, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("write picture: %w", err)
	}
	return out.Bytes(), nil
}

// tilt turns a sheet around its middle and keeps its size.
func tilt(sheet *image.Gray, tenths int) *image.Gray {
	if tenths == 0 {
		return sheet
	}
	const one = 1 << 16
	angle := float64(tenths) * math.Pi / 1800
	sin, cos := int(math.Round(math.Sin(angle)*one)), int(math.Round(math.Cos(angle)*one))
	width, height := sheet.Rect.Dx(), sheet.Rect.Dy()
	out := image.NewGray(sheet.Rect)
	dot := func(x, y int) int {
		if x < 0 || y < 0 || x >= width || y >= height {
			return 255
		}
		return int(sheet.Pix[y*sheet.Stride+x])
	}
	for y := range height {
		for x := range width {
			dx, dy := x-width/2, y-height/2
			fx := dx*cos + dy*sin + width/2*one
			fy := dy*cos - dx*sin + height/2*one
			sx, sy, rx, ry := fx>>16, fy>>16, fx&(one-1)>>8, fy&(one-1)>>8
			top := dot(sx, sy)*(256-rx) + dot(sx+1, sy)*rx
			low := dot(sx, sy+1)*(256-rx) + dot(sx+1, sy+1)*rx
			out.Pix[y*out.Stride+x] = byte((top*(256-ry) + low*ry) >> 16)
		}
	}
	return out
}

// blur mixes each dot with the four beside it.
func blur(sheet *image.Gray) *image.Gray {
	out := image.NewGray(sheet.Rect)
	copy(out.Pix, sheet.Pix)
	width, height := sheet.Rect.Dx(), sheet.Rect.Dy()
	for y := 1; y < height-1; y++ {
		for x := 1; x < width-1; x++ {
			at := y*sheet.Stride + x
			sum := 4*int(sheet.Pix[at]) + int(sheet.Pix[at-1]) + int(sheet.Pix[at+1]) + int(sheet.Pix[at-sheet.Stride]) + int(sheet.Pix[at+sheet.Stride])
			out.Pix[at] = byte(sum / 8)
		}
	}
	return out
}

// tone makes white the paper's grey and black the ink's, and strews noise.
func (s Scan) tone(sheet *image.Gray, chance *dice.Dice) {
	white := s.Paper
	if white == 0 {
		white = 255
	}
	width, height := sheet.Rect.Dx(), sheet.Rect.Dy()
	for y := range height {
		for x := range width {
			at := y*sheet.Stride + x
			paper := white - s.Shade*(x*height+y*width)/(2*width*height)
			dot := s.Ink + int(sheet.Pix[at])*(paper-s.Ink)/255
			if s.Noise > 0 {
				dot += chance.Between(-s.Noise, s.Noise)
			}
			sheet.Pix[at] = byte(min(255, max(0, dot)))
		}
	}
}

// quarter turns a sheet by a right angle, clockwise.
func quarter(sheet *image.Gray) *image.Gray {
	width, height := sheet.Rect.Dx(), sheet.Rect.Dy()
	out := image.NewGray(image.Rect(0, 0, height, width))
	for y := range height {
		for x := range width {
			out.Pix[x*out.Stride+height-1-y] = sheet.Pix[y*sheet.Stride+x]
		}
	}
	return out
}
