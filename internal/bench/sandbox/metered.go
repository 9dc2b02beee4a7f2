package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/airlock-run/airlock/internal/bench/table"
	"github.com/airlock-run/airlock/runner/sandbox/meter"
	"github.com/airlock-run/airlock/runner/sandbox/validate"
)

// meteredTasks is the fixed list.
var meteredTasks = []task{goJSON, finance, smallWork, loop, recursion, memory}

// measureMetered measures guests as they are against the same guests metered, in plain wazero both, job after job in one
// instance: what the injected code costs, and nothing else. It is told in processor time, which does not count what other
// processes of the machine took.
func measureMetered(ctx context.Context) ([]table.Row, error) {
	var rows []table.Row
	worst, logs := 0.0, 0.0
	for _, t := range meteredTasks {
		overhead, err := meteredTimes(ctx, t)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
		rows = append(rows, table.Row{Name: "metered vs unmetered, " + t.name, Figure: overhead, Unit: "x"})
		worst, logs = max(worst, overhead), logs+math.Log(overhead)
	}
	return append(rows,
		table.Row{Name: "metered vs unmetered, geometric mean", Figure: math.Exp(logs / float64(len(meteredTasks))), Unit: "x", Goal: table.AtMost(1.10)},
		table.Row{Name: "metered vs unmetered, worst", Figure: worst, Unit: "x", Goal: table.AtMost(1.30)},
	), nil
}

// meteredTimes returns how many times as long a task takes when it is metered.
func meteredTimes(ctx context.Context, t task) (overhead float64, err error) {
	table.Note("%s", t.name)
	wasm, err := t.module()
	if err != nil {
		return 0, err
	}
	metered, err := rewritten(wasm)
	if err != nil {
		return 0, err
	}
	var contenders []contender
	for _, version := range []struct {
		name string
		wasm []byte
	}{{"unmetered", wasm}, {"metered", metered}} {
		p, err := newPlain(ctx, version.wasm, plainCache)
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, p.close(ctx)) }()
		s, err := p.start(ctx, t, t.context())
		if err != nil {
			return 0, err
		}
		contenders = append(contenders, contender{version.name, func() error { return s.run(ctx) }})
	}
	timings, err := compare(15*time.Second, contenders...)
	if err != nil {
		return 0, err
	}
	unmeteredTime, meteredTime := timings[0], timings[1]
	overhead = ratio(meteredTime.processor(), unmeteredTime.processor())
	table.Note("  metered vs unmetered: processor time %.3f, wall medians %.3f, wall least %.3f", overhead,
		ratio(meteredTime.median(), unmeteredTime.median()), ratio(meteredTime.least(), unmeteredTime.least()))
	return overhead, nil
}

// rewritten is a guest with the metering in it.
func rewritten(wasm []byte) ([]byte, error) {
	checked, err := validate.Validate(wasm)
	if err != nil {
		return nil, fmt.Errorf("validate: %w", err)
	}
	metered, err := meter.Rewrite(checked)
	if err != nil {
		return nil, fmt.Errorf("meter: %w", err)
	}
	table.Note("  %d bytes, metered %d", len(wasm), len(metered.Wasm))
	return metered.Wasm, nil
}
