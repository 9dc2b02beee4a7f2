// Command sandbox measures what a sandbox costs and what it holds, and prints one tab-separated line a row: name, figure,
// unit, goal, and ok or short. Rows without a goal are stated. Beside each figure of ours stands what it is measured
// against, taken in the same run: plain wazero, the same code unmetered, Extism. Standard error gets what the figures were
// made from.
//
// Run it with `make bench-sandbox`, which builds the guests it needs. Names of parts, as in
//
//	go run ./internal/bench/sandbox start metered
//
// measure those alone.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/airlock-run/airlock/runner/prepare"
)

// part is some rows that are measured together.
type part struct {
	name    string
	measure func(context.Context) ([]row, error)
}

var parts = []part{
	{"start", measureStart},
	{"metered", measureMetered},
	{"hostile", measureHostile},
	{"preparing", measurePreparing},
	{"alive", measureAlive},
	{"first", measureFirst},
	{"calls", measureCalls},
	{"extism", measureExtism},
}

func main() {
	prepare.Child() // modules are prepared in processes of this command
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench-sandbox:", err)
		os.Exit(1) //nolint:gocritic // the context ends with the process
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 1 && args[0] == childArgument {
		return child(ctx, args[1], args[2:])
	}
	for _, name := range args {
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == name }) {
			return fmt.Errorf("there is no part %q", name)
		}
	}
	var rows []row
	for _, p := range parts {
		if len(args) > 0 && !slices.Contains(args, p.name) {
			continue
		}
		note("measuring %s …", p.name)
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

// note tells what a figure was made from.
func note(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
