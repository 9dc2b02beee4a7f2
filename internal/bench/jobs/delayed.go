package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/bench/cluster"
	"github.com/airlock-run/airlock/internal/bench/table"
	"github.com/airlock-run/airlock/runner"
)

// measureDelayed measures how late delayed jobs begin, with 20 that become due each second. Begins are told by the run record.
func measureDelayed(ctx context.Context) ([]table.Row, error) {
	c, err := cluster.Start(ctx, cluster.Config{})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := install(ctx, c.Conn, []string{"guest"}, 100); err != nil {
		return nil, err
	}
	stop, err := c.Work(ctx, runner.Config{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = stop() }()
	runs, err := c.Conn.WatchOutcomes(ctx)
	if err != nil {
		return nil, err
	}
	const n = 200
	due := map[uuid.UUID]time.Time{}
	first := time.Now().Add(4 * time.Second)
	for i := range n {
		at := first.Add(time.Duration(i) * 50 * time.Millisecond)
		job := &bus.Job{
			ID: uuid.Must(uuid.NewV7()), Extension: "guest", Name: emptyJob, Library: uuid.New(), Input: json.RawMessage(`{"n":1}`), Due: &at,
		}
		due[job.ID] = at
		if err := c.Conn.Enqueue(ctx, job); err != nil {
			return nil, err
		}
	}
	var late []time.Duration
	for run := range runs {
		if at, ok := due[run.Job]; ok && run.State.Ended() {
			late = append(late, run.StartedAt.Sub(at))
			if len(late) == n {
				break
			}
		}
	}
	early := 0
	for _, d := range late {
		if d < 0 {
			early++
		}
	}
	return []table.Row{
		{Name: "delayed job begins after due, p50", Figure: table.Milliseconds(table.Quantile(late, 0.5)), Unit: "ms", Goal: table.AtMost(5)},
		{Name: "delayed job begins after due, p99", Figure: table.Milliseconds(table.Quantile(late, 0.99)), Unit: "ms", Goal: table.AtMost(20)},
		{Name: "delayed jobs that began early", Figure: float64(early), Unit: "jobs"},
	}, nil
}
