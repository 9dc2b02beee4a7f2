package ocr

import (
	"bytes"
	"context"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	"golang.org/x/image/draw"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// smallPrint is the height of words, in pixels, under which tesseract loses commas and takes 1 for l: it was trained on
// 300 dpi, where print is higher. Screenshots are of 96.
const smallPrint = 20

// maxEnlarged bounds the pixels of a picture that is enlarged, which cannot be interrupted. Larger ones with small print are
// whole pages, which tesseract reads as they are.
const maxEnlarged = 4_000_000

// readFrame reads one frame, and a picture of small print a second time at twice the size, of which it takes the better.
func (r *Reader) readFrame(ctx context.Context, media string, data []byte, language string, frame int) ([]reading, error) {
	whole := func() io.Reader { return bytes.NewReader(data) }
	readings, err := r.readUpright(ctx, whole, request{language: language, frame: frame})
	if err != nil || frame > 0 || !small(readings) {
		return readings, err
	}
	large := r.enlarge(media, data)
	if large == nil {
		return readings, nil
	}
	again, err := r.readUpright(ctx, func() io.Reader { return graymap(large) }, request{language: language, dpi: renderDPI, frame: -1})
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		r.config.Logger.WarnContext(ctx, "enlarged picture not read", "error", err)
		return readings, nil
	}
	if certainty(again) > certainty(readings) {
		return again, nil
	}
	return readings, nil
}

func small(readings []reading) bool {
	words := make([]word, len(readings))
	for i, r := range readings {
		words[i] = r.word
	}
	height := usualHeight(words)
	return height > 0 && height < smallPrint
}

// certainty is the sum over words of how sure tesseract is, by their letters: more text and clearer text count.
func certainty(readings []reading) float64 {
	sum := 0.0
	for _, r := range readings {
		sum += r.confidence * float64(letters(r.text))
	}
	return sum
}

// enlarge returns a picture in grey at twice the size, transparent parts white, or nil when it cannot be decoded here or would
// be too large.
func (r *Reader) enlarge(media string, data []byte) *image.Gray {
	decode := map[string]func(*bytes.Reader) (image.Image, error){
		mediaPNG:  func(b *bytes.Reader) (image.Image, error) { return png.Decode(b) },
		mediaJPEG: func(b *bytes.Reader) (image.Image, error) { return jpeg.Decode(b) },
		mediaGIF:  func(b *bytes.Reader) (image.Image, error) { return gif.Decode(b) },
		mediaBMP:  func(b *bytes.Reader) (image.Image, error) { return bmp.Decode(b) },
		mediaTIFF: func(b *bytes.Reader) (image.Image, error) { return tiff.Decode(b) },
		mediaWebP: func(b *bytes.Reader) (image.Image, error) { return webp.Decode(b) },
	}[media]
	limit := min(maxEnlarged, r.config.MaxPixels/4)
	sizes, err := frames(media, data)
	if err != nil || sizes[0].X > limit/sizes[0].Y {
		return nil
	}
	picture, err := decode(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	size := picture.Bounds().Size()
	if size.X <= 0 || size.Y <= 0 || size.X > limit/size.Y {
		return nil
	}
	large := image.NewGray(image.Rect(0, 0, 2*size.X, 2*size.Y))
	draw.Draw(large, large.Rect, image.White, image.Point{}, draw.Src)
	draw.CatmullRom.Scale(large, large.Rect, picture, picture.Bounds(), draw.Over, nil)
	return large
}
