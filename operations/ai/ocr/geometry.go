package ocr

import (
	"math"
	"slices"
)

// word is a piece of text without spaces and the box it fills on the page. y grows downwards; the unit does not matter.
type word struct {
	text                     string
	left, top, right, bottom float64
}

func (w word) height() float64 { return w.bottom - w.top }

func (w word) middle() (x, y float64) { return (w.left + w.right) / 2, (w.top + w.bottom) / 2 }

// usualHeight says how high the writing is, by its letters where it has any: dots and dashes say little of it.
func usualHeight(words []word) float64 {
	withLetters := slices.DeleteFunc(slices.Clone(words), func(w word) bool { return !lettered(w.text) })
	if len(withLetters) > 0 {
		return medianHeight(withLetters)
	}
	return medianHeight(words)
}

func medianHeight(words []word) float64 {
	if len(words) == 0 {
		return 0
	}
	heights := make([]float64, len(words))
	for i, w := range words {
		heights[i] = w.height()
	}
	slices.Sort(heights)
	return heights[len(heights)/2]
}

const (
	// minSlope is less than a scanner's feed is off by; below it turning does more harm than good.
	minSlope = 0.006
	maxSlope = 0.3
	// minNeighbours is how many pairs of words a slope is believed from.
	minNeighbours = 6
)

// skew returns by how much the writing falls for each step to the right, the median over words that are near each other
// on a line, and 0 when it is straight or cannot be told.
func skew(lines []*line) float64 {
	var slopes []float64
	for _, l := range lines {
		for i := 1; i < len(l.words); i++ {
			a, b := l.words[i-1], l.words[i]
			if b.left-a.right > gapColumn*l.height {
				continue
			}
			ax, ay := a.middle()
			bx, by := b.middle()
			if bx-ax > l.height {
				slopes = append(slopes, (by-ay)/(bx-ax))
			}
		}
	}
	if len(slopes) < minNeighbours {
		return 0
	}
	slices.Sort(slopes)
	slope := slopes[len(slopes)/2]
	if math.Abs(slope) < minSlope || math.Abs(slope) > maxSlope {
		return 0
	}
	return slope
}

// shear moves words up or down so that lines of this slope become level.
func shear(words []word, slope float64) []word {
	level := slices.Clone(words)
	for i := range level {
		x, _ := level[i].middle()
		level[i].top -= slope * x
		level[i].bottom -= slope * x
	}
	return level
}

// upright turns words that were found in boxes with y growing upwards, written at a multiple of 90 degrees, so that the
// text runs to the right and y grows downwards.
func upright(w word, quarter int) word {
	box := w
	switch quarter {
	case 1: // running down
		w.left, w.right, w.top, w.bottom = -box.top, -box.bottom, -box.right, -box.left
	case 2: // upside down
		w.left, w.right, w.top, w.bottom = -box.right, -box.left, box.bottom, box.top
	case 3: // running up
		w.left, w.right, w.top, w.bottom = box.bottom, box.top, box.left, box.right
	default:
		w.top, w.bottom = -box.top, -box.bottom
	}
	return w
}

// inFile undoes upright.
func inFile(w word, quarter int) box {
	switch quarter {
	case 1:
		return box{left: -w.bottom, top: -w.left, right: -w.top, bottom: -w.right}
	case 2:
		return box{left: -w.right, top: w.bottom, right: -w.left, bottom: w.top}
	case 3:
		return box{left: w.top, top: w.right, right: w.bottom, bottom: w.left}
	default:
		return box{left: w.left, top: -w.top, right: w.right, bottom: -w.bottom}
	}
}

// quarterOf returns the multiple of 90 degrees, 0..3, that is nearest to an angle in radians.
func quarterOf(angle float64) int {
	return (int(math.Round(angle/(math.Pi/2)))%4 + 4) % 4
}
