// Command operations measures what the framework of operations costs. It prints one tab-separated line a row: name, figure, unit, goal, and
// ok or short. Run it with `make bench-operations`; parts can be named as arguments.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/airlock-run/airlock/internal/bench/table"
)

var parts = []table.Part{
	{Name: "framework", Measure: measureFramework},
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	if err := table.Measure(ctx, parts, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench-operations:", err)
		os.Exit(1) //nolint:gocritic // the context ends with the process
	}
}
