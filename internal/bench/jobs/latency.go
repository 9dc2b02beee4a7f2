package main

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/bench/cluster"
	"github.com/airlock-run/airlock/internal/bench/table"
	"github.com/airlock-run/airlock/runner"
)

// measureLatency measures from submitting a job to knowing its outcome: of a lonely job, and at half of the load that one process takes.
// Beside it is the floor: two synced publishes.
func measureLatency(ctx context.Context) ([]table.Row, error) {
	c, err := cluster.Start(ctx, cluster.Config{})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	ids := []string{"guest"}
	if err := install(ctx, c.Conn, ids, 1000); err != nil {
		return nil, err
	}
	stop, err := c.Work(ctx, runner.Config{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = stop() }()
	w, err := watchOutcomes(ctx, c.Conn)
	if err != nil {
		return nil, err
	}
	defer w.close()

	var idle []time.Duration
	for i := range 1050 {
		took, err := w.job(ctx, c.Conn, &bus.Job{Extension: "guest", Name: emptyJob, Library: uuid.New(), Input: json.RawMessage(`{"n":1}`)})
		if err != nil {
			return nil, err
		}
		if i >= 50 { // the first ones prepare the module
			idle = append(idle, took)
		}
	}

	const rate, seconds = 5000, 4
	var busy []time.Duration
	var mu sync.Mutex
	var wg sync.WaitGroup
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range seconds * 50 {
		<-tick.C
		batch := jobs(rate/50, ids)
		done := make([]<-chan time.Time, len(batch))
		for i, job := range batch {
			job.ID = uuid.Must(uuid.NewV7())
			done[i] = w.expect(job.ID)
		}
		start := time.Now()
		wg.Go(func() {
			if _, err := c.Conn.EnqueueMany(ctx, batch); err != nil {
				return
			}
			for _, d := range done {
				at := <-d
				mu.Lock()
				busy = append(busy, at.Sub(start))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return []table.Row{
		{Name: "submit to outcome, idle, p50", Figure: table.Milliseconds(table.Quantile(idle, 0.5)), Unit: "ms", Goal: table.AtMost(2)},
		{Name: "submit to outcome, idle, p99", Figure: table.Milliseconds(table.Quantile(idle, 0.99)), Unit: "ms", Goal: table.AtMost(10)},
		{Name: "submit to outcome, 5,000 jobs/s in batches of 100, p99", Figure: table.Milliseconds(table.Quantile(busy, 0.99)), Unit: "ms"},
	}, nil
}

// outcomes are told as they come.
type outcomes struct {
	mu       sync.Mutex
	expected map[uuid.UUID]chan time.Time
	close    context.CancelFunc
}

func watchOutcomes(ctx context.Context, conn *bus.Conn) (*outcomes, error) {
	ctx, cancel := context.WithCancel(ctx)
	o := &outcomes{expected: map[uuid.UUID]chan time.Time{}, close: cancel}
	runs, err := conn.WatchOutcomes(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	go func() {
		for run := range runs {
			if !run.State.Ended() {
				continue
			}
			o.mu.Lock()
			if done, ok := o.expected[run.Job]; ok {
				delete(o.expected, run.Job)
				done <- time.Now()
			}
			o.mu.Unlock()
		}
	}()
	return o, nil
}

func (o *outcomes) expect(job uuid.UUID) <-chan time.Time {
	done := make(chan time.Time, 1)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.expected[job] = done
	return done
}

func (o *outcomes) job(ctx context.Context, conn *bus.Conn, job *bus.Job) (time.Duration, error) {
	job.ID = uuid.Must(uuid.NewV7())
	done := o.expect(job.ID)
	start := time.Now()
	if err := conn.Enqueue(ctx, job); err != nil {
		return 0, err
	}
	select {
	case at := <-done:
		return at.Sub(start), nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
