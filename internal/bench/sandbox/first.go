package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/airlock-run/airlock/internal/bench/table"
	"github.com/airlock-run/airlock/runner/prepare"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// measureFirst measures the first job of a worker that has just started and finds the extension in its cache: a process that
// has done nothing else, from opening the cache to the end of the job.
func measureFirst(ctx context.Context) ([]table.Row, error) {
	dir, err := os.MkdirTemp("", "airlock-bench")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	const runs = 9
	var times []float64
	for i := range runs + 1 {
		took, err := inProcess(ctx, "first", dir)
		if err != nil {
			return nil, err
		}
		if i > 0 { // the first fills the cache
			times = append(times, took...)
		}
	}
	table.Note("  first job: %.1f ms", times)
	slices.Sort(times)
	return []table.Row{{Name: "first job of a Go extension on a worker just started, cache warm, median of 9", Figure: times[runs/2], Unit: "ms", Goal: table.AtMost(60)}}, nil
}

func first(ctx context.Context, args []string) (took []float64, err error) {
	wasm, err := goCounter.module()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	preparer, err := prepare.New(prepare.Config{Dir: args[0]})
	if err != nil {
		return nil, err
	}
	prepared, err := preparer.Prepare(ctx, wasm, sandbox.Options{MaxMemory: maxMemory})
	if err != nil {
		return nil, fmt.Errorf("prepare guest: %w", err)
	}
	defer func() { err = errors.Join(err, prepared.Close()) }()
	found := time.Since(start)
	engine, err := sandbox.NewEngine(sandbox.Config{CacheDir: prepared.CacheDir})
	if err != nil {
		return nil, fmt.Errorf("make engine: %w", err)
	}
	module, err := engine.Load(ctx, prepared.Prepared)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("load guest: %w", err), engine.Close(ctx))
	}
	guest := &ours{engine, module}
	defer func() { err = errors.Join(err, guest.close(ctx)) }()
	loaded := time.Since(start)
	if err := guest.do(ctx, goCounter.runInput(), &host{}); err != nil {
		return nil, err
	}
	ended := time.Since(start)
	table.Note("  prepared %s, loaded after %s, the job ended after %s", found, loaded, ended)
	return []float64{table.Milliseconds(ended)}, nil
}
