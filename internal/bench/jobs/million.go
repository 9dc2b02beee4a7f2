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

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/bench/table"
)

const million = 1_000_000

// measureMillion fills the queue with a million jobs, and says what they take and how long a start takes with them.
func measureMillion(ctx context.Context) (rows []table.Row, err error) {
	c, err := newCluster(ctx, true)
	if err != nil {
		return nil, err
	}
	defer func() { c.close() }()
	ids := make([]string, 20)
	for i := range ids {
		ids[i] = fmt.Sprintf("guest%d", i)
	}
	if err := c.install(ctx, ids, 10); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if err := c.conn.PauseExtension(ctx, id); err != nil {
			return nil, err
		}
	}
	empty := resident()
	for range million / 10_000 {
		if _, err := c.conn.EnqueueMany(ctx, jobs(10_000, ids)); err != nil {
			return nil, err
		}
	}
	rows = append(rows,
		table.Row{Name: "1,000,000 queued jobs, disk", Figure: float64(size(c.dir)) / 1e6, Unit: "MB"},
		table.Row{Name: "1,000,000 queued jobs, memory of the server", Figure: resident() - empty, Unit: "MB"})

	c.conn.Close()
	c.server.Stop()
	runtime.GC()
	start := time.Now()
	if c.server, err = bus.StartServer(ctx, bus.ServerConfig{Dir: c.dir}); err != nil {
		return nil, err
	}
	if c.conn, err = bus.Connect(bus.Config{Server: c.server}); err != nil {
		return nil, err
	}
	if err := c.conn.Setup(ctx); err != nil {
		return nil, err
	}
	rows = append(rows, table.Row{Name: "1,000,000 queued jobs, server starts", Figure: time.Since(start).Seconds(), Unit: "s"})
	before := resident()
	start = time.Now()
	stop, err := c.work(ctx, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for {
		status, err := c.conn.QueueStatus(ctx)
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
