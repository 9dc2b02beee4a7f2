// Package table prints what the benchmarks measure: one tab-separated line a row, with name, figure, unit, goal, and ok or short. What a
// figure was made from goes to standard error.
package table

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"
)

// Row is one line of the table.
type Row struct {
	Name   string
	Figure float64
	Unit   string
	// Goal is what the figure is held against. The zero Goal holds it against nothing: the figure is stated.
	Goal Goal
}

// Goal is what a figure is to reach. Make it with [AtMost] or [AtLeast].
type Goal struct {
	sign  string
	value float64
}

// AtMost is met by figures up to a value.
func AtMost(value float64) Goal { return Goal{"<=", value} }

// AtLeast is met by figures from a value on.
func AtLeast(value float64) Goal { return Goal{">=", value} }

// met tells whether a figure reaches the goal.
func (g Goal) met(figure float64) bool {
	switch g.sign {
	case "<=":
		return figure <= g.value
	case ">=":
		return figure >= g.value
	default:
		return true
	}
}

// String writes the goal as the table has it.
func (g Goal) String() string {
	if g.sign == "" {
		return "stated"
	}
	return fmt.Sprintf("%s %g", g.sign, g.value)
}

// String is the line.
func (r Row) String() string {
	verdict := "ok"
	if !r.Goal.met(r.Figure) {
		verdict = "short"
	}
	return fmt.Sprintf("%s\t%.4g\t%s\t%s\t%s", r.Name, r.Figure, r.Unit, r.Goal, verdict)
}

// Part is some rows that are measured together.
type Part struct {
	Name    string
	Measure func(context.Context) ([]Row, error)
}

// Measure measures the parts named, or all of them, and prints their rows.
//
// # Errors
//
// A name that no part has; the first part's that fails, and then no row is printed.
func Measure(ctx context.Context, parts []Part, names []string) error {
	for _, name := range names {
		if !slices.ContainsFunc(parts, func(p Part) bool { return p.Name == name }) {
			return fmt.Errorf("there is no part %q", name)
		}
	}
	var rows []Row
	for _, p := range parts {
		if len(names) > 0 && !slices.Contains(names, p.Name) {
			continue
		}
		Note("measuring %s …", p.Name)
		measured, err := p.Measure(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
		rows = append(rows, measured...)
	}
	for _, r := range rows {
		fmt.Println(r) //nolint:forbidigo // the table is what the benchmarks are for
	}
	return nil
}

// Note tells what a figure was made from.
func Note(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// Quantile is the value that so great a part of the values, from 0 to 1, does not exceed.
func Quantile(values []time.Duration, part float64) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(part*float64(len(sorted))), len(sorted)-1)]
}

// Milliseconds is a duration as rows have it.
func Milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }
