package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// hostileModules are the guests that mean harm. Each job of each is run; those that end by themselves do not count.
var hostileModules = []string{"hostile", "stop"}

const (
	hostileDeadline = 20 * time.Millisecond
	hostileRounds   = 20
)

// measureHostile measures how long after its deadline a guest is still there. The floor is a loop of this process that looks
// at the clock all the time: when the machine has other things to do, that is late as well.
func measureHostile(ctx context.Context) ([]row, error) {
	var late, floor []time.Duration
	for _, name := range hostileModules {
		measured, err := lateness(ctx, filepath.Join(hostileGuests, name+".wasm"))
		if err != nil {
			return nil, err
		}
		late = append(late, measured...)
	}
	if len(late) == 0 {
		return nil, errors.New("no hostile guest met its deadline")
	}
	for range late {
		floor = append(floor, spin())
	}
	return []row{
		{"ending a hostile guest after its deadline, p99", ms(quantile(late, 0.99)), "ms", atMost(10)},
		{"ending a hostile guest after its deadline, max", ms(slices.Max(late)), "ms", atMost(50)},
		{"floor: a loop that looks at the clock, after its deadline, p99", ms(quantile(floor, 0.99)), "ms", goal{}},
		{"floor: a loop that looks at the clock, after its deadline, max", ms(slices.Max(floor)), "ms", goal{}},
	}, nil
}

// lateness runs the jobs of a module, each some rounds, and returns how late they ended.
func lateness(ctx context.Context, file string) (late []time.Duration, err error) {
	wasm, err := os.ReadFile(file) //nolint:gosec // of this repository
	if err != nil {
		return nil, err
	}
	guest, err := newOurs(ctx, wasm, oursCache)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, guest.close(ctx)) }()
	for _, job := range guest.module.Jobs() {
		var worst time.Duration
		counted := 0
		for range hostileRounds {
			over, met := guest.overrun(ctx, task{job: job.Name})
			if !met {
				break
			}
			counted++
			late, worst = append(late, over), max(worst, over)
		}
		note("  %s %s: %d ended at the deadline, the last %s after it", filepath.Base(file), job.Name, counted, worst)
	}
	return late, nil
}

// overrun runs a job up to its deadline. It returns how late it ended, and whether it met the deadline at all.
func (o *ours) overrun(ctx context.Context, t task) (over time.Duration, met bool) {
	deadline := time.Now().Add(hostileDeadline)
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	_, err := o.module.Run(ctx, t.runInput(), &host{})
	over = time.Since(deadline)
	return over, errors.Is(err, context.DeadlineExceeded) || over > 0
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
