package main

import (
	"context"
	"fmt"
	"os"
	"runtime/pprof"
	"syscall"
	"time"

	"github.com/airlock-run/airlock/internal/bench/cluster"
	"github.com/airlock-run/airlock/internal/bench/table"
	"github.com/airlock-run/airlock/runner"
)

const drained = 50_000

// measureDrain fills the queue and then runs it empty, synced and relaxed, beside the floor.
func measureDrain(ctx context.Context) (rows []table.Row, err error) {
	many := make([]string, 50)
	for i := range many {
		many[i] = fmt.Sprintf("guest%d", i)
	}
	for _, relaxed := range []bool{false, true} {
		goal, mode := 15_000.0, "synced"
		if relaxed {
			goal, mode = 25_000, "relaxed"
		}
		floor, err := floor(ctx, relaxed, drained)
		if err != nil {
			return nil, err
		}
		rows = append(rows, table.Row{Name: "floor, " + mode, Figure: floor, Unit: "jobs/s"})
		for _, c := range []struct {
			name       string
			ids        []string
			concurrent int
			slots      int
		}{
			{"50 extensions, default slots", many, 10, 0},
			{"one extension, 1,000 slots", many[:1], 1000, 1000},
		} {
			rate, err := drain(ctx, relaxed, c.ids, c.concurrent, c.slots)
			if err != nil {
				return nil, err
			}
			rows = append(rows,
				table.Row{Name: "drain, " + c.name + ", " + mode, Figure: rate, Unit: "jobs/s", Goal: table.AtLeast(goal)},
				table.Row{Name: "of the floor", Figure: rate / floor, Unit: "x", Goal: table.AtLeast(0.5)},
			)
		}
	}
	return rows, nil
}

func drain(ctx context.Context, relaxed bool, ids []string, concurrent, slots int) (rate float64, err error) {
	c, err := cluster.Start(ctx, cluster.Config{Relaxed: relaxed})
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if err := install(ctx, c.Conn, ids, concurrent); err != nil {
		return 0, err
	}
	for _, id := range ids {
		if err := c.Conn.PauseExtension(ctx, id); err != nil {
			return 0, err
		}
	}
	stop, err := c.Work(ctx, runner.Config{Slots: slots})
	if err != nil {
		return 0, err
	}
	defer func() {
		if stopErr := stop(); err == nil {
			err = stopErr
		}
	}()
	if _, err := c.Conn.EnqueueMany(ctx, jobs(drained, ids)); err != nil {
		return 0, err
	}
	for { // until the dealer has them all
		status, err := c.Conn.QueueStatus(ctx)
		if err == nil && status.Waiting == drained {
			break
		}
		<-time.After(50 * time.Millisecond)
	}
	if path := os.Getenv("CPUPROFILE"); path != "" {
		f, err := os.Create(path) //nolint:gosec // named by who measures
		if err != nil {
			return 0, err
		}
		defer func() { _ = f.Close() }()
		if err := pprof.StartCPUProfile(f); err != nil {
			return 0, err
		}
		defer pprof.StopCPUProfile()
	}
	start, cpu := time.Now(), processTime()
	for _, id := range ids {
		if err := c.Conn.ResumeExtension(ctx, id); err != nil {
			return 0, err
		}
	}
	if err := ended(ctx, c.Conn); err != nil {
		return 0, err
	}
	fmt.Fprintf(os.Stderr, "%.1f us of processor time a job\n", float64((processTime()-cpu).Microseconds())/drained)
	return drained / time.Since(start).Seconds(), nil
}

// processTime is the processor time this process has had.
func processTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
