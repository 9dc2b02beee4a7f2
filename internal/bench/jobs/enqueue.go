package main

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/airlock-run/airlock/internal/bench/cluster"
	"github.com/airlock-run/airlock/internal/bench/table"
)

// measureEnqueue enqueues in batches of 1,000, in turns with raw atomic batches of messages of the same size on a stream of the same kind.
func measureEnqueue(ctx context.Context) ([]table.Row, error) {
	c, err := cluster.Start(ctx, cluster.Config{})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	nc, err := c.Raw()
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	if _, err := js.CreateStream(ctx, jetstream.StreamConfig{
		Name: "RAW", Subjects: []string{"raw.>"}, AllowAtomicPublish: true, AllowMsgTTL: true, AllowMsgSchedules: true, AllowDirect: true, MaxMsgsPerSubject: 1,
	}); err != nil {
		return nil, err
	}
	const n = 10_000
	var ours, raw time.Duration
	for range 5 {
		batch := jobs(n, []string{"guest"})
		start := time.Now()
		if _, err := c.Conn.EnqueueMany(ctx, batch); err != nil {
			return nil, err
		}
		ours += time.Since(start)
		start = time.Now()
		if err := publish(ctx, js, "raw.", n, 230); err != nil {
			return nil, err
		}
		raw += time.Since(start)
	}
	return []table.Row{
		{Name: "enqueue, batches of 1,000", Figure: 5 * n / ours.Seconds(), Unit: "jobs/s"},
		{Name: "raw atomic batches of 1,000", Figure: 5 * n / raw.Seconds(), Unit: "messages/s"},
		{Name: "enqueue, of raw", Figure: raw.Seconds() / ours.Seconds(), Unit: "x", Goal: table.AtLeast(0.8)},
	}, nil
}
