package ocr

import (
	"fmt"

	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/responses"
)

// Detail says how much of a page is told.
type Detail string

// The details. The zero value means TextDetail.
const (
	TextDetail  Detail = "text"
	WordsDetail Detail = "words" // also each word, with its place
)

// maxPlaced bounds the words of a document that are told with their places: each takes a hundred bytes in an answer.
const maxPlaced = 50_000

// Word is a word and the box that it fills on the page as it is shown: parts of its width and height, 0..1, from its left and top.
type Word struct {
	Text       string  `json:"text" jsonschema:"the word"`
	Left       float64 `json:"left" jsonschema:"left edge, in parts of the page's width, 0 to 1"`
	Top        float64 `json:"top" jsonschema:"upper edge, in parts of the page's height, 0 to 1"`
	Width      float64 `json:"width" jsonschema:"width, in parts of the page's"`
	Height     float64 `json:"height" jsonschema:"height, in parts of the page's"`
	Confidence float64 `json:"confidence" jsonschema:"how sure the reader is, 0 to 1"`
}

// content is what was read of a page.
type content struct {
	text       string
	source     Source
	confidence float64
	words      []Word
}

// pictured is the content of a page that was read as a picture.
func pictured(readings []reading, detail Detail) content {
	c := content{source: OCR}
	c.text, c.confidence = textOf(readings)
	if detail != WordsDetail || c.text == "" {
		return c
	}
	for _, r := range readings {
		c.words = append(c.words, placed(r.text, r.place.left, r.place.top, r.place.right, r.place.bottom, r.confidence))
	}
	return c
}

// placed is a word whose edges are parts of the page. What is beyond the page is cut off.
func placed(text string, left, top, right, bottom, confidence float64) Word {
	inside := func(x float64) float64 { return min(max(x, 0), 1) }
	left, top, right, bottom = inside(min(left, right)), inside(min(top, bottom)), inside(max(left, right)), inside(max(top, bottom))
	return Word{Text: text, Left: left, Top: top, Width: right - left, Height: bottom - top, Confidence: confidence}
}

// fine is how many parts a page is divided into to say where something is.
const fine = 1_000_000

// placeWords are the words of characters, where they are on the page as it is shown: turned and cut as the file has it.
func (s *sandbox) placeWords(page requests.Page, chars []*responses.GetPageTextStructuredChar) ([]Word, error) {
	var words []Word
	for quarter, joined := range joinChars(chars) {
		for _, w := range joined {
			if len(words) == maxPlaced {
				return words, nil
			}
			box := inFile(w, quarter)
			left, top, err := s.shown(page, box.left, box.top)
			if err != nil {
				return nil, err
			}
			right, bottom, err := s.shown(page, box.right, box.bottom)
			if err != nil {
				return nil, err
			}
			words = append(words, placed(w.text, left, top, right, bottom, 1))
		}
	}
	return words, nil
}

// shown is where a point of the file is on the page as it is shown, in parts of it.
func (s *sandbox) shown(page requests.Page, x, y float64) (partX, partY float64, err error) {
	got, err := s.instance.FPDF_PageToDevice(&requests.FPDF_PageToDevice{Page: page, SizeX: fine, SizeY: fine, PageX: x, PageY: y})
	if err != nil {
		return 0, 0, fmt.Errorf("place word: %w", err)
	}
	return float64(got.DeviceX) / fine, float64(got.DeviceY) / fine, nil
}
