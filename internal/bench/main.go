// Command bench measures Airlock and prints one tab-separated line a row: name, figure, unit, goal, and ok or short. Rows
// without a goal are stated. Run it with `make bench`, which builds what it needs.
package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

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
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // the context ends with the process
	}
}

func run(ctx context.Context) error {
	var rows []row
	for _, part := range []struct {
		name    string
		measure func(context.Context) ([]row, error)
	}{
		{"start", measureStart},
		{"jobs, calls and receipts", measureUp},
	} {
		fmt.Fprintf(os.Stderr, "measuring %s …\n", part.name)
		measured, err := part.measure(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		rows = append(rows, measured...)
	}
	for _, r := range rows {
		fmt.Println(r) //nolint:forbidigo // the table is what this command is for
	}
	return nil
}
