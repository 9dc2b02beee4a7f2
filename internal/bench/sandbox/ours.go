package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/airlock-run/airlock/internal/bench/table"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// ours is a guest prepared as the worker has it.
type ours struct {
	engine *sandbox.Engine
	module *sandbox.Module
}

// newOurs prepares a guest. Machine code is kept in cacheDir.
func newOurs(ctx context.Context, wasm []byte, cacheDir string) (*ours, error) {
	engine, err := sandbox.NewEngine(sandbox.Config{CacheDir: cacheDir})
	if err != nil {
		return nil, fmt.Errorf("make engine: %w", err)
	}
	module, err := engine.Prepare(ctx, wasm, sandbox.Options{MaxMemory: maxMemory})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare guest: %w", err), engine.Close(ctx))
	}
	if facts := module.Facts(); facts.Reason != "" {
		table.Note("  restore: %s, for %s", facts.Restore, facts.Reason)
	}
	return &ours{engine, module}, nil
}

// with prepares a task's guest, by newOurs or newPlain, and closes it once use has done with it.
func with[G interface{ close(context.Context) error }, T any](
	ctx context.Context, t task, prepare func(ctx context.Context, wasm []byte, cacheDir string) (G, error), cacheDir string, use func(G) (T, error),
) (result T, err error) {
	wasm, err := t.module()
	if err != nil {
		return result, err
	}
	guest, err := prepare(ctx, wasm, cacheDir)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, guest.close(ctx)) }()
	return use(guest)
}

func (o *ours) close(ctx context.Context) error {
	return errors.Join(o.module.Close(ctx), o.engine.Close(ctx))
}

// runInput is what a run of the task starts with.
func (t task) runInput() sandbox.Input {
	return sandbox.Input{JobID: jobID, Job: t.job, Context: t.context(), State: t.input}
}

// do runs a job in a sandbox of its own.
//
// # Errors
//
// Those of the sandbox, and a job that answers another exit code than 0.
func (o *ours) do(ctx context.Context, input sandbox.Input, host *host) error {
	result, err := o.module.Run(ctx, input, host)
	if err != nil {
		return fmt.Errorf("run job %s: %w", input.Job, err)
	}
	if result.ExitCode != 0 {
		return fmt.Errorf("job %s ended with exit code %d: %q", input.Job, result.ExitCode, host.said)
	}
	return nil
}
