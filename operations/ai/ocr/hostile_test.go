package ocr_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/ai/ocr"
)

// pagesOf is a PDF of one kind of page: box is its MediaBox, content its only stream.
func pagesOf(kids, box, content string, more ...string) []byte {
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		fmt.Sprintf("<< /Type /Pages %s >>", kids),
		fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox %s /Contents 4 0 R /Resources << /Font << /F 5 0 R >> /XObject << /X 6 0 R >> >> >>", box),
		content,
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	return rawPDF(append(objects, more...)...)
}

// TestReadBombs checks that documents made to exhaust the reader end within its limits, as an answer or an error with a reason, and that it
// goes on to read what comes after them.
func TestReadBombs(t *testing.T) {
	t.Parallel()
	word := stream("", "BT /F 20 Tf 50 50 Td (word) Tj ET")
	square := "[0 0 300 300]"
	webp, err := os.ReadFile("testdata/receipt.webp")
	if err != nil {
		t.Fatal(err)
	}
	looping := pagedTIFF(image.NewGray(image.Rect(0, 0, 4, 4)))
	copy(looping[len(looping)-4:], looping[4:8]) // the next directory is the first
	for name, test := range map[string]struct {
		data []byte
		// reason is in the error, of the document or of its page; empty for a document that may well be read.
		reason string
		whole  bool // whether the document is refused
	}{
		"a page of 10^9 points":             {pagesOf("/Count 1 /Kids [3 0 R]", "[0 0 1000000000 1000000000]", "<< >>"), "", false},
		"a page of no area":                 {pagesOf("/Count 1 /Kids [3 0 R]", "[0 0 0 0]", stream("", "0 0 m 9 9 l S")), "", false},
		"a page of infinite size":           {pagesOf("/Count 1 /Kids [3 0 R]", "[0 0 1e38 1e38]", stream("", "0 0 m 9 9 l S")), "", false},
		"a count of a million pages":        {pagesOf("/Count 1000000 /Kids [3 0 R]", square, word), "", false},
		"a negative count of pages":         {pagesOf("/Count -5 /Kids [3 0 R]", square, word), "", false},
		"a page tree that is its own child": {pagesOf("/Count 2 /Kids [3 0 R 2 0 R]", square, word), "", false},
		"arrays in arrays":                  {pagesOf("/Count 1 /Kids [3 0 R] /X 6 0 R", square, word, strings.Repeat("[", 200_000)+strings.Repeat("]", 200_000)), "", false},
		"a dictionary in each":              {pagesOf("/Count 1 /Kids [6 0 R]", square, word, strings.Repeat("<</A ", 100_000)+strings.Repeat(">>", 100_000)), "", false},
		"a bomb in a bomb":                  {pagesOf("/Count 1 /Kids [3 0 R]", square, bomb(200<<20)), "", false},
		"a picture of 50,000 x 50,000": {pagesOf("/Count 1 /Kids [3 0 R]", square, stream("", "300 0 0 300 0 0 cm /X Do"),
			stream("/Type /XObject /Subtype /Image /Width 50000 /Height 50000 /ColorSpace /DeviceGray /BitsPerComponent 8", "x")), "", false},
		"a length beyond the end":          {pagesOf("/Count 1 /Kids [3 0 R]", square, "<< /Length 2147483647 >>\nstream\nBT"), "", false},
		"nothing but a header":             {[]byte("%PDF-1.7\n"), "damaged", true},
		"a header far down":                {append(bytes.Repeat([]byte(" "), 900), "%PDF-1.7 and no more"...), "damaged", true},
		"a TIFF whose pages go in circles": {looping, "too many frames", true},
		"a TIFF of a page far away":        {[]byte("II*\x00\xff\xff\xff\x7f"), "ends too early", true},
		"a TIFF without pages":             {[]byte("II*\x00\x00\x00\x00\x00"), "no page", true},
		"half a WebP":                      {webp[:len(webp)/2], "", true},
		"a WebP of a header":               {webp[:24], "damaged", true},
		"a WebP of 16,384 x 16,384":        {hugeWebP(), "too large", true},
		"a JPEG of a header":               {[]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"), "damaged", true},
		"a GIF without an end":             {append([]byte("GIF89a\x0a\x00\x0a\x00\x00\x00\x00"), bytes.Repeat([]byte("!\xfe\xff"), 1000)...), "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader := newReader(t, ocr.Config{Memory: 96 << 20, PageTimeout: 5 * time.Second, Concurrency: 1})
			if err := reader.Warm(deadline(t)); err != nil {
				t.Fatal(err)
			}
			got, err := reader.Read(deadline(t), test.data, ocr.Options{MaxPages: 3})
			switch {
			case test.whole:
				wantError(t, err, bus.InvalidArgument, test.reason)
			case err != nil:
				wantError(t, err, bus.InvalidArgument, "")
			case len(got.Pages) > 3 || len(got.Text) > 1000:
				t.Errorf("it is read as %d pages with %d bytes", len(got.Pages), len(got.Text))
			}
			t.Logf("%d pages of %d, %q, %v", len(got.Pages), got.PageCount, got.Text, err)
			after, err := reader.Read(deadline(t), threePages(stream("", ""), ""), ocr.Options{MaxPages: 1})
			if err != nil || after.Text != "before" {
				t.Errorf("the next document is %q, %v", after.Text, err)
			}
		})
	}
}

// bomb is a stream that inflates twice, to size bytes of spaces.
func bomb(size int) string {
	inner := deflated(strings.Repeat(" ", size))
	_, body, _ := strings.Cut(inner, "stream\n")
	body = strings.TrimSuffix(body, "\nendstream")
	outer := deflated(body)
	return strings.Replace(outer, "/Filter /FlateDecode", "/Filter [/FlateDecode /FlateDecode]", 1)
}

// hugeWebP is the header of a lossless picture of the largest size there is.
func hugeWebP() []byte {
	data := []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x05\x00\x00\x00\x2f")
	data = binary.LittleEndian.AppendUint32(data, 16_383|16_383<<14)
	return append(data, make([]byte, 8)...)
}
