// Package paper draws documents, as a PDF with a text layer or as a picture such
// as a scanner or a telephone makes.
//
// A document is written in lines. A line that begins with a full stop says how
// to go on; every other line is text, in cells parted by "|", each put at the
// next stop. Lengths are millimetres.
//
//	.page 210 297          a new page, width and height; 0 is as high as it needs
//	.font sans 10 bold     sans or mono, its size in points; bold if it says so
//	.stops 20L 120R 190R   where cells go: left-aligned, right-aligned or centred (C)
//	.lead 5                the height of a line
//	.y 50                  go to a height; .gap 4 goes further by one
//	.rule 20 190           a line across, from and to
package paper

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Document is pages that can be drawn.
type Document struct{ pages []page }

type page struct {
	width, height float64 // no height until the end, if it's as it needs
	marks         []mark
	rules         []rule
}

type mark struct {
	x, y  float64 // of the base line
	align byte    // L, R or C
	font  font
	text  string
}

type rule struct{ from, to, y float64 }

type font struct {
	mono, bold bool
	size       float64
}

type stop struct {
	x     float64
	align byte
}

// Parse reads a document.
//
// # Errors
//
// A line it can't follow, by number: an unknown word, a length that is none, or
// more cells than stops.
func Parse(text string) (*Document, error) {
	w := writer{lead: 5, font: font{size: 10}, stops: []stop{{20, 'L'}}}
	for i, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if err := w.line(strings.TrimRight(line, " \r")); err != nil {
			return nil, fmt.Errorf("parse document: line %d: %w", i+1, err)
		}
	}
	if len(w.doc.pages) == 0 {
		return nil, errors.New("parse document: it has no page")
	}
	for i := range w.doc.pages {
		w.doc.pages[i].fit()
	}
	return &w.doc, nil
}

// fit cuts a page that has no height below its last line.
func (p *page) fit() {
	if p.height > 0 {
		return
	}
	for _, m := range p.marks {
		p.height = max(p.height, m.y+10)
	}
}

// Words returns what is written, a line for each mark.
func (d *Document) Words() string {
	var b strings.Builder
	for _, p := range d.pages {
		for _, m := range p.marks {
			b.WriteString(m.text + "\n")
		}
	}
	return b.String()
}

// writer is where the next line goes.
type writer struct {
	doc   Document
	y     float64
	lead  float64
	font  font
	stops []stop
}

func (w *writer) line(line string) error {
	if strings.HasPrefix(line, ".") {
		return w.command(strings.Fields(line))
	}
	if len(w.doc.pages) == 0 {
		return errors.New("text before the first page")
	}
	w.y += w.lead
	p := &w.doc.pages[len(w.doc.pages)-1]
	if p.height > 0 && w.y > p.height {
		return fmt.Errorf("text %.0f mm below the page's end", w.y-p.height)
	}
	for i, cell := range strings.Split(line, "|") {
		cell = strings.Trim(cell, " ")
		if cell == "" {
			continue
		}
		if i >= len(w.stops) {
			return fmt.Errorf("%q has no stop", cell)
		}
		p.marks = append(p.marks, mark{x: w.stops[i].x, y: w.y, align: w.stops[i].align, font: w.font, text: cell})
	}
	return nil
}

func (w *writer) command(words []string) error {
	arguments := words[1:]
	if words[0] == ".stops" {
		return w.setStops(arguments)
	}
	if words[0] == ".font" {
		return w.setFont(arguments)
	}
	count, ok := map[string]int{".page": 2, ".rule": 2, ".lead": 1, ".y": 1, ".gap": 1}[words[0]]
	if !ok || len(arguments) != count {
		return fmt.Errorf("%q is no command", strings.Join(words, " "))
	}
	var n [2]float64
	for i, argument := range arguments {
		length, err := strconv.ParseFloat(argument, 64)
		if err != nil {
			return fmt.Errorf("%q is no length", argument)
		}
		n[i] = length
	}
	switch words[0] {
	case ".page":
		w.doc.pages = append(w.doc.pages, page{width: n[0], height: n[1]})
		w.y = 10
	case ".rule":
		if len(w.doc.pages) == 0 {
			return errors.New("rule before the first page")
		}
		p := &w.doc.pages[len(w.doc.pages)-1]
		p.rules = append(p.rules, rule{n[0], n[1], w.y + 1.5})
	case ".lead":
		w.lead = n[0]
	case ".y":
		w.y = n[0]
	case ".gap":
		w.y += n[0]
	}
	return nil
}

func (w *writer) setStops(arguments []string) error {
	w.stops = nil
	for _, a := range arguments {
		x, err := strconv.ParseFloat(a[:len(a)-1], 64)
		align := a[len(a)-1]
		if err != nil || !strings.ContainsRune("LRC", rune(align)) {
			return fmt.Errorf("%q is no stop", a)
		}
		w.stops = append(w.stops, stop{x, align})
	}
	return nil
}

func (w *writer) setFont(arguments []string) error {
	if len(arguments) < 2 || len(arguments) > 3 || arguments[0] != "sans" && arguments[0] != "mono" {
		return fmt.Errorf("%q is no font", strings.Join(arguments, " "))
	}
	size, err := strconv.ParseFloat(arguments[1], 64)
	if err != nil || size <= 0 {
		return fmt.Errorf("%q is no size", arguments[1])
	}
	w.font = font{mono: arguments[0] == "mono", bold: len(arguments) == 3, size: size}
	return nil
}
