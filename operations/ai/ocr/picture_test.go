package ocr_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/ai/ocr"
)

func TestReadPicture(t *testing.T) {
	t.Parallel()
	reader := newReader(t, ocr.Config{})
	picture := receiptPicture(t)
	encoded := func(encode func(b *bytes.Buffer) error) []byte {
		t.Helper()
		var b bytes.Buffer
		if err := encode(&b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	webp, err := os.ReadFile("testdata/receipt.webp")
	if err != nil {
		t.Fatal(err)
	}
	for media, data := range map[string][]byte{
		"image/png":  encoded(func(b *bytes.Buffer) error { return png.Encode(b, picture) }),
		"image/jpeg": encoded(func(b *bytes.Buffer) error { return jpeg.Encode(b, picture, nil) }),
		"image/tiff": encoded(func(b *bytes.Buffer) error { return tiff.Encode(b, picture, &tiff.Options{Compression: tiff.Deflate}) }),
		"image/gif":  encoded(func(b *bytes.Buffer) error { return gif.Encode(b, paletted(picture), nil) }),
		"image/bmp":  encoded(func(b *bytes.Buffer) error { return bmp.Encode(b, picture) }),
		"image/webp": webp,
	} {
		t.Run(media, func(t *testing.T) {
			t.Parallel()
			got, err := reader.Read(deadline(t), data, ocr.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got.MediaType != media || got.PageCount != 1 || len(got.Pages) != 1 || got.Pages[0].Source != ocr.OCR {
				t.Errorf("got %+v", got)
			}
			if got.Confidence < 0.7 || got.Confidence > 1 {
				t.Errorf("confidence is %v", got.Confidence)
			}
			wantLines(t, got.Text, "Date: 2026-03-14", "Table 7", "Flat white", "7.00", "Almond croissant", "3.20", "TOTAL USD", "15.95")
		})
	}
	t.Run("small print is read enlarged", func(t *testing.T) {
		t.Parallel()
		got, err := reader.Read(deadline(t), pngBytes(t, drawLines(t, regular, 14, 500, receipt)), ocr.Options{})
		if err != nil {
			t.Fatal(err)
		}
		wantLines(t, got.Text, "Flat white", "7.00", "Orange juice", "4.50", "Subtotal", "14.70", "TOTAL USD", "15.95")
	})
	t.Run("pages of a TIFF", func(t *testing.T) {
		t.Parallel()
		second := drawLines(t, regular, 32, 900, [][2]string{{"Second page of the invoice", ""}})
		data := pagedTIFF(picture, second)
		got, err := reader.Read(deadline(t), data, ocr.Options{})
		if err != nil || len(got.Pages) != 2 || got.PageCount != 2 {
			t.Fatalf("got %+v, %v", got, err)
		}
		wantLines(t, got.Pages[0].Text, "TOTAL USD", "15.95")
		if got.Pages[1].Text != "Second page of the invoice" {
			t.Errorf("second page is %q", got.Pages[1].Text)
		}
		if got, err = reader.Read(deadline(t), data, ocr.Options{MaxPages: 1}); err != nil || len(got.Pages) != 1 || got.PageCount != 2 {
			t.Errorf("of one page: %+v, %v", got, err)
		}
	})
	noise := image.NewGray(image.Rect(0, 0, 400, 300))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range noise.Pix {
		noise.Pix[i] = byte(random.IntN(256))
	}
	white := image.NewGray(image.Rect(0, 0, 400, 300))
	for i := range white.Pix {
		white.Pix[i] = 255
	}
	for name, picture := range map[string]image.Image{"white": white, "noise": noise, "one pixel": image.NewGray(image.Rect(0, 0, 1, 1))} {
		t.Run(name+" has no text", func(t *testing.T) {
			t.Parallel()
			got, err := reader.Read(deadline(t), pngBytes(t, picture), ocr.Options{})
			if err != nil || got.Text != "" || got.Confidence != 0 || len(got.Pages) != 1 {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	t.Run("damaged", func(t *testing.T) {
		t.Parallel()
		data := pngBytes(t, picture)
		_, err := reader.Read(deadline(t), data[:60], ocr.Options{})
		wantError(t, err, bus.InvalidArgument, "damaged")
	})
}

// paletted is a picture with the greys it has: making the encoder choose a palette takes long.
func paletted(picture *image.Gray) *image.Paletted {
	greys := make(color.Palette, 256)
	for i := range greys {
		greys[i] = color.Gray{Y: uint8(i)}
	}
	return &image.Paletted{Pix: picture.Pix, Stride: picture.Stride, Rect: picture.Rect, Palette: greys}
}

// TestReadHugePicture checks that sizes are refused by the header: none of these has the pixels it claims, and one that was decoded
// would be called damaged.
func TestReadHugePicture(t *testing.T) {
	t.Parallel()
	reader := newReader(t, ocr.Config{})
	little := binary.LittleEndian
	bitmap := append([]byte("BM"), make([]byte, 52)...)
	little.PutUint32(bitmap[14:], 40)
	little.PutUint32(bitmap[18:], 50_000)
	little.PutUint32(bitmap[22:], 0x1_0000_0000-50_000) // top-down
	for name, data := range map[string][]byte{
		"PNG":                          hugePNG(50_000, 50_000),
		"PNG of 2^48 pixels":           hugePNG(1<<24, 1<<24),
		"BMP":                          bitmap,
		"GIF frame beyond its screen":  append([]byte("GIF89a\x0a\x00\x0a\x00\x00\x00\x00,\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02"), 0, ';'),
		"TIFF":                         hugeTIFF(),
		"many frames of allowed sizes": manyFrames(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := reader.Read(deadline(t), data, ocr.Options{})
			wantError(t, err, bus.InvalidArgument, "too large")
		})
	}
}

func hugePNG(width, height uint32) []byte {
	chunk := append([]byte("IHDR"), make([]byte, 13)...)
	binary.BigEndian.PutUint32(chunk[4:], width)
	binary.BigEndian.PutUint32(chunk[8:], height)
	chunk[12] = 8 // bits of grey
	data := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), chunk...)
	return binary.BigEndian.AppendUint32(data, crc32.ChecksumIEEE(chunk))
}

func hugeTIFF() []byte {
	data := pagedTIFF(image.NewGray(image.Rect(0, 0, 4, 4)))
	entry := bytes.Index(data, []byte{0, 1, 4, 0, 1, 0, 0, 0}) // the width
	binary.LittleEndian.PutUint32(data[entry+8:], 50_000_001)
	return data
}

func manyFrames() []byte {
	data := []byte("GIF89a\xff\xff\xff\xff\x00\x00\x00")
	for range 20 {
		data = append(data, ",\x00\x00\x00\x00\x88\x13\x88\x13\x00\x02\x00"...) // 5000x5000
	}
	return append(data, ';')
}

// pagedTIFF writes uncompressed grey pages, which the encoder in use here cannot: it writes one.
func pagedTIFF(pages ...*image.Gray) []byte {
	little := binary.LittleEndian
	data := []byte("II*\x00\x00\x00\x00\x00")
	link := 4 // where the offset of the next directory goes
	for _, page := range pages {
		pixels, size := len(data), page.Rect.Size()
		data = append(data, page.Pix...)
		little.PutUint32(data[link:], uint32(len(data)))
		entries := [][2]int{{256, size.X}, {257, size.Y}, {258, 8}, {259, 1}, {262, 1}, {273, pixels}, {277, 1}, {278, size.Y}, {279, len(page.Pix)}}
		data = little.AppendUint16(data, uint16(len(entries)))
		for _, entry := range entries {
			data = little.AppendUint16(data, uint16(entry[0]))
			data = little.AppendUint16(data, 4)
			data = little.AppendUint32(data, 1)
			data = little.AppendUint32(data, uint32(entry[1]))
		}
		link = len(data)
		data = little.AppendUint32(data, 0)
	}
	return data
}
