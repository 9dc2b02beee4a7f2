package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/bench/cluster"
	"github.com/airlock-run/airlock/internal/bench/guests"
	"github.com/airlock-run/airlock/internal/bench/table"
)

const (
	// policyWorkers are worker processes that call all the while, policyChanges is how often the policy takes that from them.
	policyWorkers, policyChanges = 4, 20
	// policyPause is how long each of the policies is in force.
	policyPause = time.Second
)

// measurePolicy measures for how long after a policy that denies an operation was set the operation is still called, by several worker
// processes that call it all the while.
func measurePolicy(ctx context.Context) (rows []table.Row, err error) {
	c, err := cluster.Start(ctx, cluster.Config{})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	p, err := guests.Written("guest", `{"methods":["query:test.count"],"max_memory_mb":1,"rate_limits":{"requests_per_minute":100000000,"concurrent_jobs":16}}`)
	if err != nil {
		return nil, err
	}
	if err := guests.Install(ctx, c.Conn, p); err != nil {
		return nil, err
	}
	served, stop, err := count(c.Conn)
	if err != nil {
		return nil, err
	}
	defer stop()
	_, end, err := startWorkers(ctx, c.Dir, policyWorkers)
	defer end()
	if err != nil {
		return nil, err
	}
	denied := strings.Replace(guests.Policy, "rules: [", `rules: [{name: none, extensions: ["*"], deny: ["query:test.count"]}, `, 1)
	asking, stopAsking := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { askForever(asking, c.Conn) })
	defer wg.Wait()
	defer stopAsking()

	var worst time.Duration
	least := -1
	for range policyChanges {
		before := len(served())
		select {
		case <-time.After(policyPause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		least = max(least, 0)
		if n := len(served()) - before; least == 0 || n < least {
			least = n
		}
		if _, err := c.Conn.SetPolicy(ctx, []byte(denied), nil); err != nil {
			return nil, err
		}
		changed := time.Now()
		<-time.After(policyPause)
		if times := served(); len(times) > 0 {
			worst = max(worst, times[len(times)-1].Sub(changed))
		}
		if _, err := c.Conn.SetPolicy(ctx, []byte(guests.Policy), nil); err != nil {
			return nil, err
		}
	}
	table.Note("at least %d calls a second before each change", least)
	if least == 0 {
		return nil, errors.New("no calls were made while they were allowed")
	}
	return []table.Row{{
		Name:   fmt.Sprintf("a change of the policy holds on %d worker processes, worst of %d", policyWorkers, policyChanges),
		Figure: table.Milliseconds(worst), Unit: "ms", Goal: table.AtMost(1000),
	}}, nil
}

// askForever keeps every worker calling until ctx ends.
func askForever(ctx context.Context, conn *bus.Conn) {
	calls := json.RawMessage("[" + strings.TrimSuffix(strings.Repeat(`{"method":"query:test.count","payload":1},`, callsOfJob), ",") + "]")
	library := uuid.New()
	for ctx.Err() == nil {
		_ = conn.Enqueue(ctx, &bus.Job{Extension: "guest", Name: "call_many", Library: library, Input: calls})
		<-time.After(2 * time.Millisecond)
	}
}
