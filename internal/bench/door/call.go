package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/bench/cluster"
	"github.com/airlock-run/airlock/internal/bench/guests"
	"github.com/airlock-run/airlock/internal/bench/table"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/ping"
	"github.com/airlock-run/airlock/runner"
)

// callRounds is how often guests and raw requests take turns.
const callRounds = 21

// measureCall measures a call from guest to guest, with all that is in between, over a micro request with the same headers: with caller,
// server and service in one process, and with connections to a server by TCP.
func measureCall(ctx context.Context) ([]table.Row, error) {
	var rows []table.Row
	for _, m := range []struct {
		name   string
		config cluster.Config
		ratio  float64
		more   float64 // µs; 0 for no goal
	}{
		{"in process", cluster.Config{}, 1.5, 10},
		{"by TCP", cluster.Config{TCP: true}, 1.2, 0},
	} {
		guest, raw, err := callTimes(ctx, m.config)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		ratios, more := make([]float64, len(guest)), make([]float64, len(guest))
		for i := range guest {
			ratios[i], more[i] = guest[i]/raw[i], guest[i]-raw[i]
		}
		difference := table.Row{Name: "spacedrive_call more than the micro request, " + m.name, Figure: median(more), Unit: "µs"}
		if m.more > 0 {
			difference.Goal = table.AtMost(m.more)
		}
		rows = append(rows,
			table.Row{Name: "spacedrive_call from guest to guest, " + m.name, Figure: median(guest), Unit: "µs"},
			table.Row{Name: "floor: micro request with the same headers, " + m.name, Figure: median(raw), Unit: "µs"},
			table.Row{Name: "spacedrive_call over the micro request, " + m.name, Figure: median(ratios), Unit: "x", Goal: table.AtMost(m.ratio)},
			difference,
		)
	}
	return rows, nil
}

// callTimes measures guests and raw requests in turns, in microseconds a call. Both have a connection for who calls and one for who answers.
func callTimes(ctx context.Context, config cluster.Config) (guest, raw []float64, err error) {
	c, stop, err := serving(ctx, config, `["query:test.ping"]`, ping.Operations()...)
	if err != nil {
		return nil, nil, err
	}
	defer stop()
	asking, err := c.Raw()
	if err != nil {
		return nil, nil, err
	}
	defer asking.Close()
	answering, err := c.Raw()
	if err != nil {
		return nil, nil, err
	}
	defer answering.Close()
	if err := cluster.ServePing(answering); err != nil {
		return nil, nil, err
	}
	if err := answering.Flush(); err != nil {
		return nil, nil, err
	}
	for round := range callRounds + 1 {
		floor, err := cluster.RawPings(ctx, asking)
		if err != nil {
			return nil, nil, err
		}
		run, err := outcome(ctx, c.Conn, "pings", nil)
		if err != nil {
			return nil, nil, err
		}
		if run.Report.Calls != cluster.Pings || run.Report.Denied > 0 {
			return nil, nil, fmt.Errorf("the guest made %d calls, %d refused", run.Report.Calls, run.Report.Denied)
		}
		if round > 0 { // the first one warms up
			guest = append(guest, (run.Report.GuestMS+run.Report.CallMS)*1000/cluster.Pings)
			raw = append(raw, floor)
		}
	}
	return guest, raw, nil
}

const (
	// slowTime is how long the slow operation takes, slowCalls how many of it are called at once, slowRounds how often.
	slowTime   = 5 * time.Millisecond
	slowCalls  = 20
	slowRounds = 51
)

// measureMany measures spacedrive_call_many over one call.
func measureMany(ctx context.Context) ([]table.Row, error) {
	slow := operations.Query("test.slow", func(ctx context.Context, _ *bus.Call, _ json.RawMessage) (struct{}, error) {
		select {
		case <-time.After(slowTime):
		case <-ctx.Done():
		}
		return struct{}{}, nil
	})
	c, stop, err := serving(ctx, cluster.Config{}, `["query:test.slow"]`, slow)
	if err != nil {
		return nil, err
	}
	defer stop()
	times := map[int][]float64{}
	for range slowRounds {
		for _, n := range []int{1, slowCalls} {
			calls, err := json.Marshal(slices.Repeat([]any{map[string]any{"method": "query:test.slow", "payload": 1}}, n))
			if err != nil {
				return nil, err
			}
			run, err := outcome(ctx, c.Conn, "call_many", calls)
			if err != nil {
				return nil, err
			}
			if run.Report.Calls != n || run.Report.Denied > 0 {
				return nil, fmt.Errorf("the guest made %d calls, %d refused", run.Report.Calls, run.Report.Denied)
			}
			times[n] = append(times[n], run.Report.GuestMS+run.Report.CallMS)
		}
	}
	one, many := median(times[1]), median(times[slowCalls])
	return []table.Row{
		{Name: "spacedrive_call_many with one call of 5 ms", Figure: one, Unit: "ms"},
		{Name: "spacedrive_call_many with 20 calls of 5 ms", Figure: many, Unit: "ms"},
		{Name: "20 calls at once over one", Figure: many / one, Unit: "x", Goal: table.AtMost(1.5)},
	}, nil
}

// serving starts a cluster with a worker, whose guest may call what methods say, and a service of operations on a connection of its own.
func serving(ctx context.Context, config cluster.Config, methods string, served ...operations.Operation) (c *cluster.Cluster, stop func(), err error) {
	if c, err = cluster.Start(ctx, config); err != nil {
		return nil, nil, err
	}
	ends := []func(){c.Close}
	stop = func() {
		for _, end := range slices.Backward(ends) {
			end()
		}
	}
	defer func() {
		if err != nil {
			stop()
		}
	}()
	p, err := guests.Written("guest", fmt.Sprintf(`{"methods":%s,"max_memory_mb":2,"rate_limits":{"requests_per_minute":100000000}}`, methods))
	if err != nil {
		return nil, nil, err
	}
	if err = guests.Install(ctx, c.Conn, p); err != nil {
		return nil, nil, err
	}
	conn, err := c.Connect()
	if err != nil {
		return nil, nil, err
	}
	ends = append(ends, conn.Close)
	service, err := operations.Serve(conn, operations.Config{Name: "test", Concurrency: 2 * slowCalls}, served...)
	if err != nil {
		return nil, nil, err
	}
	ends = append(ends, func() { _ = service.Stop() })
	end, err := c.Work(ctx, runner.Config{})
	if err != nil {
		return nil, nil, err
	}
	ends = append(ends, func() { _ = end() })
	return c, stop, nil
}

// outcome runs a job of the guest and returns its record.
func outcome(ctx context.Context, conn *bus.Conn, name string, input json.RawMessage) (*bus.Run, error) {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	job := &bus.Job{ID: uuid.New(), Extension: "guest", Name: name, Library: uuid.New(), Input: input}
	runs, err := conn.WatchRun(watching, job.ID)
	if err != nil {
		return nil, err
	}
	if err := conn.Enqueue(ctx, job); err != nil {
		return nil, err
	}
	for run := range runs {
		switch {
		case run.State == bus.StateCompleted:
			return run, nil
		case run.State.Ended():
			return nil, fmt.Errorf("job %s is %s: %+v", name, run.State, run.Errors)
		}
	}
	return nil, fmt.Errorf("job %s did not end in time", name)
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
