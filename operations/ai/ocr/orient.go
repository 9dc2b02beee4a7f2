package ocr

import (
	"context"
	"io"
	"strconv"
	"strings"
)

// doubtful is the certainty for each letter under which a picture may lie on its side or upside down: what is read of one is nonsense, and
// tesseract mostly knows.
const doubtful = 0.75

// readUpright reads a picture, and one that is doubtful a second time the way up that tesseract finds it to be, of which it takes the better.
// Finding that out costs a third of reading, so pictures that read well are not asked.
func (r *Reader) readUpright(ctx context.Context, picture func() io.Reader, q request) ([]reading, error) {
	q.picture = picture()
	readings, err := r.tesseract.read(ctx, q)
	if err != nil || sure(readings) {
		return readings, err
	}
	quarter, err := r.tesseract.orientation(ctx, picture(), q.frame)
	if quarter == 0 || err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		if err != nil { // too few letters to tell, mostly
			r.config.Logger.DebugContext(ctx, "orientation not found", "error", err)
		}
		return readings, nil
	}
	q.picture, q.turned = picture(), true
	again, err := r.tesseract.read(ctx, q)
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		r.config.Logger.WarnContext(ctx, "turned picture not read", "error", err)
		return readings, nil
	}
	if certainty(again) <= certainty(readings) {
		return readings, nil
	}
	for i := range again {
		again[i].word = clockwise(again[i].word, quarter)
	}
	return again, nil
}

func sure(readings []reading) bool {
	n := 0
	for _, r := range readings {
		n += letters(r.text)
	}
	return n > 0 && certainty(readings) >= doubtful*float64(n)
}

// orientation returns by how many quarters a picture has to be turned clockwise to be upright; 0 also where the language pack for that
// (osd, which Debian's tesseract-ocr brings) is missing.
func (t *tesseract) orientation(ctx context.Context, picture io.Reader, frame int) (int, error) {
	if t.missing("osd") != "" {
		return 0, nil
	}
	args := []string{"stdin", "stdout", "-l", "osd", "--psm", "0"}
	if frame >= 0 {
		args = append(args, "-c", "tessedit_page_number="+strconv.Itoa(frame))
	}
	out, err := t.run(ctx, picture, args...)
	if err != nil {
		return 0, err
	}
	for row := range strings.Lines(string(out)) {
		if degrees, found := strings.CutPrefix(row, "Rotate:"); found {
			n, err := strconv.Atoi(strings.TrimSpace(degrees))
			if err != nil || n%90 != 0 {
				return 0, nil // it says nothing that we know
			}
			return (n/90%4 + 4) % 4, nil
		}
	}
	return 0, nil
}

// clockwise turns a box by quarters around the corner of the picture.
func clockwise(w word, quarters int) word {
	box := w
	switch quarters {
	case 1:
		w.left, w.right, w.top, w.bottom = -box.bottom, -box.top, box.left, box.right
	case 2:
		w.left, w.right, w.top, w.bottom = -box.right, -box.left, -box.bottom, -box.top
	case 3:
		w.left, w.right, w.top, w.bottom = box.top, box.bottom, -box.right, -box.left
	}
	return w
}
