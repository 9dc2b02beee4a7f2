package main

import (
	"context"
	"fmt"
	"time"

	"github.com/airlock-run/airlock/internal/bench/table"
)

// startBudget is how long each guest is measured.
const startBudget = 10 * time.Second

// measureStart measures a job in a sandbox of ours against one in a plain instance, and against the same job called once more
// in an instance that is there already: what a run takes beyond that is our own. That is a difference, and told in processor
// time, which does not count what other processes of the machine took.
func measureStart(ctx context.Context) ([]table.Row, error) {
	var rows []table.Row
	for _, m := range []struct {
		task        task
		faster, own table.Goal
	}{
		{task: wideWork, faster: table.AtLeast(10), own: table.AtMost(25)},
		{task: smallWork, own: table.AtMost(25)},
		{task: smallEmpty},
		{task: goEmpty, faster: table.AtLeast(30), own: table.AtMost(120)},
		{task: finance},
	} {
		times, err := startTimes(ctx, m.task)
		if err != nil {
			return nil, err
		}
		rows = append(rows,
			table.Row{Name: m.task.name + ": from snapshot, times as fast as plain wazero", Figure: ratio(times.plain, times.ours), Unit: "x", Goal: m.faster},
			table.Row{Name: m.task.name + ": of our own", Figure: us(times.own), Unit: "µs", Goal: m.own},
			table.Row{Name: m.task.name + ": from snapshot", Figure: us(times.ours), Unit: "µs"},
			table.Row{Name: m.task.name + ": plain wazero", Figure: us(times.plain), Unit: "µs"},
		)
	}
	return rows, nil
}

// startTime is how long a job takes: in a sandbox of ours, and in a plain instance made for it; and what of the former is
// not the job.
type startTime struct{ ours, plain, own time.Duration }

func startTimes(ctx context.Context, t task) (startTime, error) {
	table.Note("%s", t.name)
	return with(ctx, t, newOurs, oursCache, func(sandboxed *ours) (startTime, error) {
		return with(ctx, t, newPlain, plainCache, func(bare *plain) (startTime, error) {
			return t.startTimes(ctx, sandboxed, bare)
		})
	})
}

func (t task) startTimes(ctx context.Context, sandboxed *ours, bare *plain) (times startTime, err error) {
	input := t.runInput()
	tried := &host{}
	if err := sandboxed.do(ctx, input, tried); err != nil {
		return times, err
	}
	if tried.calls != t.calls {
		return times, fmt.Errorf("the job made %d calls, not %d: it does something else", tried.calls, t.calls)
	}
	warm, err := bare.start(ctx, t, input.Context)
	if err != nil {
		return times, fmt.Errorf("start: %w", err)
	}
	timings, err := compare(startBudget,
		contender{"plain wazero", func() error { return bare.job(ctx, t, input.Context) }},
		contender{"from snapshot", func() error { return sandboxed.do(ctx, input, &host{}) }},
		contender{"called again", func() error { return warm.run(ctx) }},
	)
	if err != nil {
		return times, err
	}
	fresh, ran, again := timings[0], timings[1], timings[2]
	return startTime{plain: fresh.median(), ours: ran.median(), own: ran.processor() - again.processor()}, nil
}
