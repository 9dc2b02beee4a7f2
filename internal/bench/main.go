// Command bench measures Airlock and prints one tab-separated line a row: name, figure, unit, goal, and ok or short. Rows
// without a goal are stated. Run it with `make bench`, which builds what it needs.
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
	{Name: "up", Measure: measureUp},
}

func main() {
	prepare.Child() // modules are prepared in processes of this command
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	if err := table.Measure(ctx, parts, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // the context ends with the process
	}
}
