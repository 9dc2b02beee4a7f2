package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/airlock-run/airlock/internal/bench/table"
	"github.com/airlock-run/airlock/runner/prepare"
	"github.com/airlock-run/airlock/runner/sandbox"
	"github.com/airlock-run/airlock/runner/sandbox/sandboxtest"
)

// bombs are modules that hold a compiler for minutes, or gigabytes, unless somebody stops it.
var bombs = []struct {
	name   string
	module []byte
}{
	{"a thousand loops with a thousand locals", sandboxtest.TimeBomb(1000)},
	{"4000 conditions with 4000 locals", sandboxtest.MemoryBomb(4000)},
}

// bombLimits are those the child has: the defaults of package prepare.
var bombLimits = prepare.Limits{Memory: 2 << 30, CPU: time.Minute, Wall: 90 * time.Second}

// measurePreparing measures how preparing the worst modules ends: how long it takes, what the child holds, and what of it
// the process that asked notices, which has no other children.
func measurePreparing(ctx context.Context) ([]table.Row, error) {
	figures, err := inProcess(ctx, "preparing")
	if err != nil {
		return nil, err
	}
	const name = "preparing the worst hostile module, "
	ends := bombLimits.Wall + time.Second // the child is killed when it is over
	return []table.Row{
		{Name: name + "wall", Figure: figures[0], Unit: "s", Goal: table.AtMost(ends.Seconds())},
		{Name: name + "memory of the child", Figure: figures[1], Unit: "MB", Goal: table.AtMost(float64(bombLimits.Memory >> 20))},
		{Name: name + "memory of the worker", Figure: figures[2], Unit: "MB"},
		{Name: name + "a timer of the worker late, p99", Figure: figures[3], Unit: "ms"},
	}, nil
}

// preparing prepares the bombs, and returns the longest time it took, the memory of a child and of this process, and how
// late a timer was.
func preparing(ctx context.Context, _ []string) ([]float64, error) {
	dir, err := os.MkdirTemp("", "airlock-bench")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	preparer, err := prepare.New(prepare.Config{Dir: dir, Limits: bombLimits})
	if err != nil {
		return nil, err
	}
	before, err := proportional()
	if err != nil {
		return nil, err
	}
	late := watchTicks()
	var longest time.Duration
	for _, b := range bombs {
		start := time.Now()
		prepared, err := preparer.Prepare(ctx, b.module, sandbox.Options{MaxMemory: maxMemory})
		took := time.Since(start)
		if _, refused := errors.AsType[*sandbox.StageError](err); err != nil && !refused {
			return nil, fmt.Errorf("%s: %w", b.name, err)
		}
		if err == nil {
			_ = prepared.Close()
		}
		table.Note("  %s, %d bytes: %s, %v", b.name, len(b.module), took, err)
		longest = max(longest, took)
	}
	worst := late()
	after, err := proportional()
	if err != nil {
		return nil, err
	}
	child, err := childrenMemory()
	return []float64{longest.Seconds(), child, after - before, table.Milliseconds(worst)}, err
}

// childrenMemory is the most that any child of this process that ended had in memory, in MB.
func childrenMemory() (float64, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &usage); err != nil {
		return 0, fmt.Errorf("read memory of children: %w", err)
	}
	if runtime.GOOS == "darwin" { // which counts bytes
		return float64(usage.Maxrss) / (1 << 20), nil
	}
	return float64(usage.Maxrss) / (1 << 10), nil
}

// watchTicks watches a timer of this process until the function it returns is called, which tells how late it was at worst
// but for one time in a hundred.
func watchTicks() (late func() time.Duration) {
	const every = 10 * time.Millisecond
	stop, stopped := make(chan struct{}), make(chan []time.Duration)
	go func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		var delays []time.Duration
		for {
			select {
			case due := <-ticker.C:
				delays = append(delays, time.Since(due))
			case <-stop:
				stopped <- delays
				return
			}
		}
	}()
	return func() time.Duration {
		close(stop)
		return table.Quantile(<-stopped, 0.99)
	}
}
