package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/internal/bench/guests"
	"github.com/airlock-run/airlock/internal/bench/table"
	"github.com/airlock-run/airlock/internal/node"
)

// bench is everything in this process, synced, as `airlock up` runs it.
type bench struct {
	conn    *bus.Conn
	library uuid.UUID

	mu    sync.Mutex
	ended map[uuid.UUID]chan *bus.Run
}

func measureUp(ctx context.Context) (rows []table.Row, err error) {
	dir, err := os.MkdirTemp("", "airlock-bench")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	config, err := node.FromEnvironment()
	if err != nil {
		return nil, err
	}
	config.DataDir, config.NATSURL, config.DatabaseURL = dir, "", ""
	up, stop := context.WithCancel(ctx)
	ready, stopped := make(chan struct{}), make(chan error, 1)
	logger := slog.New(slog.DiscardHandler)
	go func() { stopped <- node.Up(up, config, logger, func() { close(ready) }) }()
	defer func() {
		stop()
		err = errors.Join(err, <-stopped)
	}()
	select {
	case <-ready:
	case err := <-stopped:
		stopped <- nil
		return nil, err
	}
	conn, err := bus.Connect(bus.Config{Socket: filepath.Join(dir, bus.SocketName)})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	b := &bench{conn: conn, library: uuid.New(), ended: map[uuid.UUID]chan *bus.Run{}}
	following, stopFollowing := context.WithCancel(ctx)
	defer stopFollowing()
	go func() { _ = conn.FollowRuns(following, "bench", b.follow) }()
	if err := b.install(ctx); err != nil {
		return nil, err
	}
	for _, measure := range []func(context.Context) ([]table.Row, error){b.emptyJobs, b.calls, b.receipts, b.mails} {
		measured, err := measure(ctx)
		if err != nil {
			return nil, err
		}
		rows = append(rows, measured...)
	}
	return rows, nil
}

func (b *bench) follow(_ context.Context, run *bus.Run) error {
	if run.State.Ended() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if done, ok := b.ended[run.Job]; ok {
			delete(b.ended, run.Job)
			done <- run
		}
	}
	return nil
}

// expect makes the channel the outcome of a job comes on.
func (b *bench) expect(job uuid.UUID) <-chan *bus.Run {
	done := make(chan *bus.Run, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended[job] = done
	return done
}

// install installs the hand-written guest of the sandbox's tests, and the shipped extensions.
func (b *bench) install(ctx context.Context) error {
	written, err := guests.Written("guest", `{"methods":["query:test.ping"],"rate_limits":{"requests_per_minute":10000000}}`)
	if err != nil {
		return err
	}
	packages := []*extensions.Package{written}
	for _, name := range []string{"counter", "finance"} {
		p, err := extensions.Load(filepath.Join(".build", "guests", name))
		if err != nil {
			return err
		}
		packages = append(packages, p)
	}
	return guests.Install(ctx, b.conn, packages...)
}

// job runs one job and returns its outcome and how long it took from submitting to knowing it.
func (b *bench) job(ctx context.Context, extension, name, input string) (*bus.Run, time.Duration, error) {
	job := &bus.Job{ID: uuid.Must(uuid.NewV7()), Extension: extension, Name: name, Library: b.library, Input: json.RawMessage(input)}
	done := b.expect(job.ID)
	start := time.Now()
	if err := b.conn.Enqueue(ctx, job); err != nil {
		return nil, 0, err
	}
	select {
	case run := <-done:
		took := time.Since(start)
		if run.State != bus.StateCompleted {
			return nil, 0, fmt.Errorf("job %s:%s is %s: %+v", extension, name, run.State, run.Errors)
		}
		return run, took, nil
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
}

// emptyJobs measures jobs that do nothing, one after the other.
func (b *bench) emptyJobs(ctx context.Context) ([]table.Row, error) {
	measure := func(n int, extension, name, input string) ([]time.Duration, error) {
		var times []time.Duration
		for i := range n + n/10 {
			_, took, err := b.job(ctx, extension, name, input)
			if err != nil {
				return nil, err
			}
			if i >= n/10 { // the first ones warm up
				times = append(times, took)
			}
		}
		slices.Sort(times)
		return times, nil
	}
	written, err := measure(1000, "guest", "empty", "")
	if err != nil {
		return nil, err
	}
	goGuest, err := measure(300, "counter", "counter", `{"current":0,"target":0,"processed":[]}`)
	if err != nil {
		return nil, err
	}
	floor, err := b.floor(ctx, 1000)
	if err != nil {
		return nil, err
	}
	return []table.Row{
		{Name: "empty job, hand-written guest, submit to outcome, synced, p50", Figure: table.Milliseconds(written[len(written)/2]), Unit: "ms", Goal: table.AtMost(5)},
		{Name: "empty job, hand-written guest, p99", Figure: table.Milliseconds(written[len(written)*99/100]), Unit: "ms"},
		{Name: "empty job, Go guest, p50", Figure: table.Milliseconds(goGuest[len(goGuest)/2]), Unit: "ms"},
		{Name: "floor: two synced publishes of that size, p50", Figure: table.Milliseconds(floor[len(floor)/2]), Unit: "ms"},
	}, nil
}
