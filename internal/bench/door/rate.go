package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/bench/cluster"
	"github.com/airlock-run/airlock/internal/bench/table"
)

const (
	// rateLimit is the limit, in a minute; rateMinutes is for how many minutes it is measured.
	rateLimit   = 6000
	rateMinutes = 2
	// demand is what is asked for, in percent of the limit: evenly, so that each minute can be looked at.
	demand = 110
	// callsOfJob is how many calls each job makes.
	callsOfJob = 20
)

// measureRates measures one extension's rate with 1, 4 and 20 worker processes. Of several the first one, which has the ledger, is
// killed in the middle.
func measureRates(ctx context.Context) ([]table.Row, error) {
	var rows []table.Row
	for _, workers := range []int{1, 4, 20} {
		measured, err := measureRate(ctx, workers)
		if err != nil {
			return nil, fmt.Errorf("%d workers: %w", workers, err)
		}
		rows = append(rows, measured...)
	}
	return rows, nil
}

func measureRate(ctx context.Context, workers int) ([]table.Row, error) {
	c, err := cluster.Start(ctx, cluster.Config{})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	conn := c.Conn
	if err := install(ctx, conn); err != nil {
		return nil, err
	}
	served, stop, err := count(conn)
	if err != nil {
		return nil, err
	}
	defer stop()
	processes, end, err := startWorkers(ctx, c.Dir, workers)
	defer end()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	if workers > 1 {
		kill := time.AfterFunc(rateMinutes*time.Minute/2, func() { _ = processes[0].Process.Kill() })
		defer kill.Stop()
	}
	if err := ask(ctx, conn, start); err != nil {
		return nil, err
	}
	return rateRows(served(), start, workers), nil
}

// count serves what the guests call and notes when.
func count(conn *bus.Conn) (served func() []time.Time, stop func(), err error) {
	var mu sync.Mutex
	var times []time.Time
	service, err := conn.Serve(bus.ServiceConfig{
		Name: "count", Concurrency: 10000,
		Endpoints: []bus.Endpoint{bus.CallEndpoint(bus.Query, "test.count", nil, func(context.Context, *bus.Call) (json.RawMessage, error) {
			mu.Lock()
			defer mu.Unlock()
			times = append(times, time.Now())
			return json.RawMessage("null"), nil
		})},
	})
	if err != nil {
		return nil, nil, err
	}
	served = func() []time.Time {
		mu.Lock()
		defer mu.Unlock()
		return times
	}
	return served, func() { _ = service.Stop() }, nil
}

// startWorkers starts worker processes and waits until they take jobs. end ends those that are left.
func startWorkers(ctx context.Context, dir string, n int) (processes []*exec.Cmd, end func(), err error) {
	var inputs []io.Closer
	end = func() {
		for _, in := range inputs {
			_ = in.Close()
		}
		for _, p := range processes {
			_ = p.Wait()
		}
	}
	self, err := os.Executable()
	if err != nil {
		return nil, end, err
	}
	for range n {
		p := exec.CommandContext(ctx, self, workerArgument, dir) //nolint:gosec // this command itself
		p.Stderr = os.Stderr
		in, err := p.StdinPipe()
		if err != nil {
			return processes, end, err
		}
		out, err := p.StdoutPipe()
		if err != nil {
			return processes, end, err
		}
		if err := p.Start(); err != nil {
			return processes, end, err
		}
		processes, inputs = append(processes, p), append(inputs, in)
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			return processes, end, fmt.Errorf("start a worker: %w", err)
		}
	}
	return processes, end, nil
}

// ask enqueues jobs evenly.
func ask(ctx context.Context, conn *bus.Conn, start time.Time) error {
	calls := "[" + strings.TrimSuffix(strings.Repeat(`{"method":"query:test.count","payload":1},`, callsOfJob), ",") + "]"
	pause := time.Minute * callsOfJob * 100 / (demand * rateLimit)
	library := uuid.New()
	for at := start; at.Before(start.Add(rateMinutes * time.Minute)); at = at.Add(pause) {
		select {
		case <-time.After(time.Until(at)):
		case <-ctx.Done():
			return ctx.Err()
		}
		job := &bus.Job{Extension: "guest", Name: "call_many", Library: library, Input: json.RawMessage(calls)}
		if err := conn.Enqueue(ctx, job); err != nil {
			return err
		}
	}
	return nil
}

// rateRows are the most in any minute, and how much of the limit each minute used.
func rateRows(times []time.Time, start time.Time, workers int) []table.Row {
	most, first := 0, 0
	for last := range times {
		for times[last].Sub(times[first]) > time.Minute {
			first++
		}
		most = max(most, last-first+1)
	}
	name := fmt.Sprintf("rate of %d a minute, %d worker processes", rateLimit, workers)
	if workers > 1 {
		name += ", the one with the ledger killed"
	}
	rows := []table.Row{{Name: name + ": most in any minute", Figure: float64(most), Unit: "calls", Goal: table.AtMost(rateLimit)}}
	for minute := range rateMinutes {
		n := 0
		for _, at := range times {
			if since := at.Sub(start); since >= time.Duration(minute)*time.Minute && since < time.Duration(minute+1)*time.Minute {
				n++
			}
		}
		rows = append(rows, table.Row{
			Name: fmt.Sprintf("%s: minute %d", name, minute+1), Figure: 100 * float64(n) / rateLimit, Unit: "% of the limit", Goal: table.AtLeast(90),
		})
	}
	return rows
}
