// Command door measures what the airlock's door costs a call, and whether rates hold across worker processes, of which one is killed. It
// prints one tab-separated line a row: name, figure, unit, goal, and ok or short. Run it with `make bench-door`; parts can be named as arguments.
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
	{"allowed", measureAllowed},
	{"rate", measureRates},
}

// row is one line of the table.
type row struct {
	name   string
	figure float64
	unit   string
	// goal is what the figure is held against: at most, or at least when atLeast.
	goal    float64
	atLeast bool
}

func (r row) String() string {
	sign, met, verdict := "<=", r.figure <= r.goal, "ok"
	if r.atLeast {
		sign, met = ">=", r.figure >= r.goal
	}
	if !met {
		verdict = "short"
	}
	return fmt.Sprintf("%s\t%.4g\t%s\t%s %g\t%s", r.name, r.figure, r.unit, sign, r.goal, verdict)
}

func main() {
	prepare.Child() // modules are prepared in processes of this command
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	run := measure
	if len(os.Args) > 1 && os.Args[1] == workerArgument {
		run = work
	}
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench-door:", err)
		os.Exit(1) //nolint:gocritic // the context ends with the process
	}
}

func measure(ctx context.Context, names []string) error {
	for _, p := range parts {
		if len(names) > 0 && !slices.Contains(names, p.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "measuring %s …\n", p.name)
		rows, err := p.measure(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		for _, r := range rows {
			fmt.Println(r) //nolint:forbidigo // the table is what this command is for
		}
	}
	return nil
}
