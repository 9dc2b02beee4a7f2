// Command jobs measures how durable jobs are enqueued, dealt, run and recorded, beside the same work on the bus alone. It prints one
// tab-separated line a row: name, figure, unit, goal, and ok or short. Rows without a goal are stated. Run it with
// `make bench-jobs`; parts can be named as arguments.
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
	{Name: "drain", Measure: measureDrain},
	{Name: "enqueue", Measure: measureEnqueue},
	{Name: "latency", Measure: measureLatency},
	{Name: "delayed", Measure: measureDelayed},
	{Name: "million", Measure: measureMillion},
}

func main() {
	prepare.Child() // modules are prepared in processes of this command
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	if err := table.Measure(ctx, parts, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench-jobs:", err)
		os.Exit(1) //nolint:gocritic // the context ends with the process
	}
}
