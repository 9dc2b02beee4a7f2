// Command door measures what the airlock's door costs a call, how soon a change of the policy holds, and whether rates hold across worker
// processes, of which one is killed. It
// prints one tab-separated line a row: name, figure, unit, goal, and ok or short. Run it with `make bench-door`; parts can be named as arguments.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/airlock-run/airlock/internal/bench/table"
	"github.com/airlock-run/airlock/internal/telemetry"
	"github.com/airlock-run/airlock/runner/prepare"
)

var parts = []table.Part{
	{Name: "allowed", Measure: measureAllowed},
	{Name: "call", Measure: measureCall},
	{Name: "many", Measure: measureMany},
	{Name: "policy", Measure: measurePolicy},
	{Name: "rate", Measure: measureRates},
}

func main() {
	prepare.Child() // modules are prepared in processes of this command
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench-door:", err)
		os.Exit(1) //nolint:gocritic // the context ends with the process
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == workerArgument {
		return work(ctx, args)
	}
	if _, err := telemetry.Start(ctx, telemetry.Config{Service: "airlock-bench"}); err != nil { // as every process of Airlock does
		return err
	}
	return table.Measure(ctx, parts, args)
}
