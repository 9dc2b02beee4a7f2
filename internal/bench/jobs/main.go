// Command jobs measures how durable jobs are enqueued, dealt, run and recorded, beside the same work on the bus alone. It prints one
// tab-separated line a row: name, figure, unit, goal, and ok or short. Rows without a goal are stated. Run it with
// `make bench-jobs`; parts can be named as arguments.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/airlock-run/airlock/runner/prepare"
)

// part is what is measured together.
type part struct {
	name    string
	measure func(context.Context) ([]row, error)
}

var parts = []part{
	{"drain", measureDrain},
	{"enqueue", measureEnqueue},
	{"latency", measureLatency},
	{"delayed", measureDelayed},
	{"million", measureMillion},
}

// row is one line of the table.
type row struct {
	name   string
	figure float64
	unit   string
	// goal is what the figure is held against: at most, or at least when atLeast; 0 for none.
	goal    float64
	atLeast bool
}

func (r row) String() string {
	goal, verdict := "stated", "ok"
	if r.goal > 0 {
		sign := "<="
		met := r.figure <= r.goal
		if r.atLeast {
			sign, met = ">=", r.figure >= r.goal
		}
		goal = fmt.Sprintf("%s %g", sign, r.goal)
		if !met {
			verdict = "short"
		}
	}
	return fmt.Sprintf("%s\t%.4g\t%s\t%s\t%s", r.name, r.figure, r.unit, goal, verdict)
}

func main() {
	prepare.Child() // modules are prepared in processes of this command
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench-jobs:", err)
		os.Exit(1) //nolint:gocritic // the context ends with the process
	}
}

func run(ctx context.Context, names []string) error {
	var rows []row
	for _, p := range parts {
		if len(names) > 0 && !slices.Contains(names, p.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "measuring %s …\n", p.name)
		measured, err := p.measure(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		rows = append(rows, measured...)
	}
	for _, r := range rows {
		fmt.Println(r) //nolint:forbidigo // the table is what this command is for
	}
	return nil
}
