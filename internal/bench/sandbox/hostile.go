package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/airlock-run/airlock/internal/bench/table"
	"github.com/airlock-run/airlock/runner/sandbox"
	"github.com/airlock-run/airlock/runner/sandbox/sandboxtest"
)

const (
	hostileDeadline = 20 * time.Millisecond
	hostileRounds   = 20
)

// measureHostile measures how long after its deadline a guest that means harm is still there, for all of them; those that
// come to another end before do not count. The floor is a loop of this process that looks at the clock all the time, in turns
// with them: when the machine has other things to do, that is late as well.
func measureHostile(ctx context.Context) (rows []table.Row, err error) {
	engine, err := sandbox.NewEngine(sandbox.Config{CacheDir: oursCache})
	if err != nil {
		return nil, fmt.Errorf("make engine: %w", err)
	}
	defer func() { err = errors.Join(err, engine.Close(ctx)) }()
	idle := runtime.NumGoroutine()
	var late, floor []time.Duration
	for _, g := range sandboxtest.Hostile() {
		guest, loop, err := lateness(ctx, engine, &g, idle)
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", g.Class, g.Name, err)
		}
		late, floor = append(late, guest...), append(floor, loop...)
	}
	return []table.Row{
		{Name: "ending a hostile guest after its deadline, p99", Figure: table.Milliseconds(table.Quantile(late, 0.99)), Unit: "ms", Goal: table.AtMost(10)},
		{Name: "ending a hostile guest after its deadline, max", Figure: table.Milliseconds(slices.Max(late)), Unit: "ms", Goal: table.AtMost(50)},
		{Name: "floor: a loop that looks at the clock, after its deadline, p99", Figure: table.Milliseconds(table.Quantile(floor, 0.99)), Unit: "ms"},
		{Name: "floor: a loop that looks at the clock, after its deadline, max", Figure: table.Milliseconds(slices.Max(floor)), Unit: "ms"},
	}, nil
}

// lateness runs a guest some rounds, and returns how late it ended in each, and how late a loop did. Idle is how many
// goroutines there are while nothing is going on.
func lateness(ctx context.Context, engine *sandbox.Engine, g *sandboxtest.Guest, idle int) (late, floor []time.Duration, err error) {
	module, err := engine.Prepare(ctx, g.Wasm(), g.Options)
	if err != nil {
		return nil, nil, fmt.Errorf("prepare guest: %w", err)
	}
	defer func() { err = errors.Join(err, module.Close(ctx)) }()
	for range hostileRounds {
		settle(idle)
		over, err := overrun(ctx, module, g.Input())
		if !errors.Is(err, context.DeadlineExceeded) {
			if g.Error == "" {
				return nil, nil, fmt.Errorf("it ended before its deadline: %w", err)
			}
			break
		}
		settle(idle)
		late, floor = append(late, over), append(floor, spin())
	}
	if len(late) > 0 {
		table.Note("  %s, %s: %d ended at the deadline, the last %s after it", g.Class, g.Name, len(late), slices.Max(late))
	}
	return late, floor, nil
}

// settle waits until what a run left behind is done: JSON that was being read for it, and its garbage.
func settle(idle int) {
	for runtime.NumGoroutine() > idle {
		<-time.After(time.Millisecond)
	}
	runtime.GC()
}

// overrun runs a job up to its deadline, and returns how late it ended and with which error.
func overrun(ctx context.Context, module *sandbox.Module, input sandbox.Input) (time.Duration, error) {
	deadline := time.Now().Add(hostileDeadline)
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	_, err := module.Run(ctx, input, sandboxtest.Host{})
	return time.Since(deadline), err //nolint:wrapcheck // told apart by who called
}

// spin works up to a deadline, and returns how late it ended.
func spin() time.Duration {
	deadline := time.Now().Add(hostileDeadline)
	for {
		if over := time.Since(deadline); over > 0 {
			return over
		}
	}
}
