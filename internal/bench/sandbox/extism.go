package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/airlock-run/airlock/internal/bench/table"
)

// measureExtism measures the work of the small guest against the same work in a plug-in of Extism, both with a fresh instance
// for each call. Extism's host is a command of its own, with its own dependencies: internal/bench/extism.
func measureExtism(ctx context.Context) ([]table.Row, error) {
	return with(ctx, smallWork, newOurs, oursCache, func(guest *ours) ([]table.Row, error) { return extismTimes(ctx, guest) })
}

func extismTimes(ctx context.Context, guest *ours) (rows []table.Row, err error) {
	dir, err := os.MkdirTemp("", "airlock-bench")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	order := filepath.Join(dir, "order.json")
	if err := os.WriteFile(order, smallWork.input, 0o600); err != nil {
		return nil, err
	}
	for _, job := range []string{"work", "empty"} {
		t := smallWork
		t.job = job
		input := t.runInput()
		var ours, extism []float64
		for range 5 {
			timings, err := compare(time.Second, contender{"ours, " + job, func() error { return guest.do(ctx, input, &host{}) }})
			if err != nil {
				return nil, err
			}
			ours = append(ours, us(timings[0].median()))
			//nolint:gosec // our own
			took, err := figuresOf(exec.CommandContext(ctx, filepath.Join(benchGuests, "extism"), filepath.Join(benchGuests, "small-extism.wasm"), job, order))
			if err != nil {
				return nil, fmt.Errorf("extism: %w", err)
			}
			extism = append(extism, took...)
		}
		slices.Sort(ours)
		slices.Sort(extism)
		table.Note("  %s: ours %.1f µs, extism %.1f µs", job, ours, extism)
		rows = append(rows,
			table.Row{Name: "extism go-sdk, fresh instance a call, the small guest's job " + job, Figure: extism[2], Unit: "µs"},
			table.Row{Name: "times as fast as extism, job " + job, Figure: extism[2] / ours[2], Unit: "x"},
		)
	}
	return rows, nil
}
