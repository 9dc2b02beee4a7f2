package ocr

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// reading is a word that tesseract read, and how sure of it it is, 0..1.
type reading struct {
	word
	// place is the same box in parts of the picture, as it was before anybody turned it; empty when its size is not known.
	place      box
	confidence float64
}

// The columns of tesseract's tab-separated output. From tsvLeft on they are left, top, width, height and confidence, up
// to tsvText.
const (
	tsvLevel, tsvLeft, tsvText = 0, 6, 11

	tsvColumns = 12
	pageLevel  = "1"
	wordLevel  = "5"
)

// box is a place by its edges.
type box struct{ left, top, right, bottom float64 }

// parseTSV returns the words of tesseract's output; of rows of pages it takes the size; those of blocks, paragraphs and lines are skipped.
func parseTSV(tsv []byte) ([]reading, error) {
	var readings []reading
	var pageWidth, pageHeight float64
	for row := range strings.Lines(string(tsv)) {
		columns := strings.SplitN(strings.TrimRight(row, "\r\n"), "\t", tsvColumns)
		if columns[tsvLevel] != wordLevel && columns[tsvLevel] != pageLevel {
			continue
		}
		if len(columns) != tsvColumns {
			return nil, fmt.Errorf("parse tesseract output: a word has %d columns, not %d", len(columns), tsvColumns)
		}
		text := strings.TrimSpace(columns[tsvText])
		isWord := columns[tsvLevel] == wordLevel
		if isWord && (text == "" || !utf8.ValidString(text)) {
			continue
		}
		var numbers [tsvText - tsvLeft]float64
		for i, column := range columns[tsvLeft:tsvText] {
			n, err := strconv.ParseFloat(column, 64)
			if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
				return nil, fmt.Errorf("parse tesseract output: column %d of a word is %q", tsvLeft+i, column)
			}
			numbers[i] = n
		}
		left, top, width, height, confidence := numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]
		if !isWord {
			pageWidth, pageHeight = width, height
			continue
		}
		var place box
		if pageWidth > 0 && pageHeight > 0 {
			place = box{left / pageWidth, top / pageHeight, (left + width) / pageWidth, (top + height) / pageHeight}
		}
		readings = append(readings, reading{
			word:       word{text: text, left: left, top: top, right: left + width, bottom: top + height},
			place:      place,
			confidence: min(max(confidence/100, 0), 1),
		})
	}
	return readings, nil
}

// minConfidence is what tesseract must reach for one word of two letters, or the picture counts as one without text:
// in grain and foliage it sees words too, but is not sure of any.
const minConfidence = 0.5

// textOf lays readings out and returns their mean confidence, "" and 0 where nothing was read.
func textOf(readings []reading) (string, float64) {
	words := make([]word, len(readings))
	sum, sure := 0.0, false
	for i, r := range readings {
		words[i] = r.word
		sum += r.confidence
		sure = sure || r.confidence >= minConfidence && letters(r.text) >= 2
	}
	if !sure {
		return "", 0
	}
	return layout(words), sum / float64(len(readings))
}
