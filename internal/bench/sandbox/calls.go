package main

import (
	"context"
	"path/filepath"
	"runtime"
	"time"

	"github.com/airlock-run/airlock/internal/bench/table"
)

// callsPerRun is how many calls each job of calls.wat makes.
const callsPerRun = 20000

// measureCalls measures calls of the host that need no bus: what the sandbox adds to a host that does nothing. A guest makes
// thousands of them in one run, from which the same run without them is taken away, both in processor time.
func measureCalls(ctx context.Context) ([]table.Row, error) {
	caller := task{file: filepath.Join(benchGuests, "calls.wasm")}
	return with(ctx, caller, newOurs, oursCache, func(guest *ours) ([]table.Row, error) { return callTimes(ctx, guest) })
}

func callTimes(ctx context.Context, guest *ours) (rows []table.Row, err error) {
	jobs := []string{"none", "log", "progress", "check"}
	var contenders []contender
	var allocations []float64
	for _, job := range jobs {
		input := task{job: job}.runInput()
		do := func() error { return guest.do(ctx, input, &host{}) }
		n, err := allocationsOf(do)
		if err != nil {
			return nil, err
		}
		allocations = append(allocations, n)
		contenders = append(contenders, contender{job, do})
	}
	timings, err := compare(5*time.Second, contenders...)
	if err != nil {
		return nil, err
	}
	most := 0.0
	for i, job := range jobs[1:] {
		each := (timings[i+1].processor() - timings[0].processor()).Seconds() * 1e9 / callsPerRun
		rows = append(rows, table.Row{Name: "host call that needs no bus, " + job, Figure: each, Unit: "ns", Goal: table.AtMost(200)})
		most = max(most, (allocations[i+1]-allocations[0])/callsPerRun)
	}
	// A run's own allocations differ by a few, which is nothing beside one for each call.
	most = float64(int(most*100+0.5)) / 100
	return append(rows, table.Row{Name: "host call that needs no bus, the most allocations", Figure: most, Unit: "each", Goal: table.AtMost(0)}), nil
}

// allocationsOf is how many objects something allocates, the least of some tries: others in this process allocate as well.
func allocationsOf(do func() error) (float64, error) {
	fewest := ^uint64(0)
	var before, after runtime.MemStats
	for range 10 {
		runtime.ReadMemStats(&before)
		if err := do(); err != nil {
			return 0, err
		}
		runtime.ReadMemStats(&after)
		fewest = min(fewest, after.Mallocs-before.Mallocs)
	}
	return float64(fewest), nil
}
