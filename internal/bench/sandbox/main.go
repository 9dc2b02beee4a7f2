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
	"time"

	"github.com/airlock-run/airlock/internal/bench/table"
	"github.com/airlock-run/airlock/runner/prepare"
)

var parts = []table.Part{
	{Name: "start", Measure: measureStart},
	{Name: "metered", Measure: measureMetered},
	{Name: "hostile", Measure: measureHostile},
	{Name: "preparing", Measure: measurePreparing},
	{Name: "alive", Measure: measureAlive},
	{Name: "first", Measure: measureFirst},
	{Name: "calls", Measure: measureCalls},
	{Name: "extism", Measure: measureExtism},
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
	return table.Measure(ctx, parts, args)
}
