package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/airlock-run/airlock/internal/bench/cluster"
	"github.com/airlock-run/airlock/internal/bench/table"
	"github.com/airlock-run/airlock/runner"
)

const million = 1_000_000

// measureMillion fills the queue with a million jobs, and says what they take and how long a start takes with them.
func measureMillion(ctx context.Context) (rows []table.Row, err error) {
	c, err := cluster.Start(ctx, cluster.Config{Relaxed: true})
	if err != nil {
		return nil, err
	}
	defer func() { c.Close() }()
	ids := make([]string, 20)
	for i := range ids {
		ids[i] = fmt.Sprintf("guest%d", i)
	}
	if err := install(ctx, c.Conn, ids, 10); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if err := c.Conn.PauseExtension(ctx, id); err != nil {
			return nil, err
		}
	}
	empty := resident()
	for range million / 10_000 {
		if _, err := c.Conn.EnqueueMany(ctx, jobs(10_000, ids)); err != nil {
			return nil, err
		}
	}
	rows = append(rows,
		table.Row{Name: "1,000,000 queued jobs, disk", Figure: float64(size(c.Dir)) / 1e6, Unit: "MB"},
		table.Row{Name: "1,000,000 queued jobs, memory of the server", Figure: resident() - empty, Unit: "MB"})

	c.Stop()
	runtime.GC()
	start := time.Now()
	if err := c.Resume(ctx); err != nil {
		return nil, err
	}
	rows = append(rows, table.Row{Name: "1,000,000 queued jobs, server starts", Figure: time.Since(start).Seconds(), Unit: "s"})
	before := resident()
	start = time.Now()
	stop, err := c.Work(ctx, runner.Config{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for {
		status, err := c.Conn.QueueStatus(ctx)
		if err == nil && status.Waiting >= million {
			break
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	rows = append(rows,
		table.Row{Name: "1,000,000 queued jobs, the dealer knows them all", Figure: time.Since(start).Seconds(), Unit: "s"},
		table.Row{Name: "1,000,000 queued jobs, memory of the dealer", Figure: resident() - before, Unit: "MB"})
	return rows, nil
}

// resident is the resident memory of this process, in MB.
func resident() float64 {
	runtime.GC()
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		var kb float64
		if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &kb); err == nil {
			return kb / 1e3
		}
	}
	return 0
}

// size is what the files below a directory take.
func size(dir string) (total int64) {
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			if info, err := entry.Info(); err == nil {
				total += info.Size()
			}
		}
		return nil
	})
	return total
}
