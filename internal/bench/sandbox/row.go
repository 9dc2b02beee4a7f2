package main

import "fmt"

// row is one line of the table.
type row struct {
	name   string
	figure float64
	unit   string
	goal   goal
}

// goal is what a figure is held against. The zero value holds it against nothing: the figure is stated.
type goal struct {
	kind  int
	value float64
}

const (
	stated = iota
	most
	least
)

func atMost(value float64) goal  { return goal{most, value} }
func atLeast(value float64) goal { return goal{least, value} }

// met tells whether a figure reaches the goal.
func (g goal) met(figure float64) bool {
	switch g.kind {
	case most:
		return figure <= g.value
	case least:
		return figure >= g.value
	default:
		return true
	}
}

func (g goal) String() string {
	switch g.kind {
	case most:
		return fmt.Sprintf("<= %g", g.value)
	case least:
		return fmt.Sprintf(">= %g", g.value)
	default:
		return "stated"
	}
}

func (r row) String() string {
	verdict := "ok"
	if !r.goal.met(r.figure) {
		verdict = "short"
	}
	return fmt.Sprintf("%s\t%.4g\t%s\t%s\t%s", r.name, r.figure, r.unit, r.goal, verdict)
}
