package runner_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities/quota"
	"github.com/airlock-run/airlock/runner"
)

// effects serves test.effect and tells when it was called.
func effects(c *cluster) func() []time.Time {
	var mu sync.Mutex
	var at []time.Time
	c.serve(bus.Action, "test.effect", func(_ context.Context, call *bus.Call) (json.RawMessage, error) {
		mu.Lock()
		defer mu.Unlock()
		at = append(at, time.Now())
		call.Tokens = 30
		return json.RawMessage("null"), nil
	})
	return func() []time.Time {
		mu.Lock()
		defer mu.Unlock()
		return at
	}
}

const effectOnce = `[{"method":"action:test.effect","payload":{}}]`

func effectTimes(n int) string {
	return "[" + strings.TrimSuffix(strings.Repeat(`{"method":"action:test.effect","payload":1},`, n), ",") + "]"
}

// Four workers with a connection each together let through what one extension may, and no more; one is gone in between.
func TestRateHoldsAcrossWorkers(t *testing.T) {
	t.Parallel()
	const limit, window = 40, 3 * time.Second
	c := newCluster(t)
	c.install(`{"methods":["action:test."],"rate_limits":{"requests_per_minute":40,"concurrent_jobs":50}}`, "")
	at := effects(c)
	var stops []func()
	for range 4 {
		stops = append(stops, c.work(runner.Config{Slots: 4}.WithRateWindow(window)))
	}
	var jobs []*bus.Job
	for range 60 {
		jobs = append(jobs, c.submit("call_many", effectTimes(10)))
		if len(jobs) == 30 {
			stops[0]()
		}
	}
	for _, job := range jobs {
		c.outcome(job)
	}
	times := at()
	for last := limit; last < len(times); last++ {
		// A call is served a moment after it was let through.
		if span := times[last].Sub(times[last-limit]); span < window-500*time.Millisecond {
			t.Fatalf("%d calls were served within %s, the limit is %d in %s", limit+1, span, limit, window)
		}
	}
	if len(times) < limit {
		t.Errorf("%d calls were served, at least %d might have been", len(times), limit)
	}
}

func TestAtTheLimit(t *testing.T) {
	t.Parallel()
	const window = 2 * time.Second
	for name, test := range map[string]struct {
		mode   string
		logged string
		yields int
	}{
		"refused":   {`"refuse"`, "resource_exhausted", 0},
		"waits":     {`"wait","max_wait_ms":20000`, `[null]`, 0},
		"set aside": {`"set_aside"`, `[null]`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			c.install(`{"methods":["action:test."],"rate_limits":{"requests_per_minute":1,"when_exceeded":`+test.mode+`}}`, "")
			at := effects(c)
			c.work(runner.Config{}.WithRateWindow(window))
			if run := c.outcome(c.submit("call_many", effectOnce)); run.State != bus.StateCompleted {
				t.Fatalf("the first job is %s: %+v", run.State, run.Errors)
			}
			run := c.outcome(c.submit("call_many", effectOnce))
			if run.State != bus.StateCompleted || run.Failures != 0 || min(run.Yields, 1) != test.yields {
				t.Errorf("the second job is %s after %d failures and %d yields: %+v", run.State, run.Failures, run.Yields, run.Errors)
			}
			if got := run.Report.Logs[0].Text; !strings.Contains(got, test.logged) {
				t.Errorf("the guest got %s, want %s", got, test.logged)
			}
			times := at()
			if want := map[string]int{"refused": 1, "waits": 2, "set aside": 2}[name]; len(times) != want {
				t.Fatalf("%d effects, want %d", len(times), want)
			}
			if len(times) == 2 && times[1].Sub(times[0]) < window {
				t.Errorf("both within %s", times[1].Sub(times[0]))
			}
		})
	}
}

// Budgets are of a library, count what is known only afterwards, warn once, and refuse until their period is over.
func TestBudgets(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bound  string
		served int
		said   string
	}{
		"calls":     {"calls: 10", 10, "after the 10 calls"},
		"bytes":     {"bytes: 50", 10, "after the 50 bytes"}, // a byte there and four back
		"ai tokens": {"ai_tokens: 300", 20, ""},              // no operation of AI models
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			c.install(`{"methods":["action:test."],"rate_limits":{"requests_per_minute":1000}}`, "")
			at := effects(c)
			set(t, c.conn, allowAll+`
budgets: [{name: small, extensions: ["*"], libraries: ["*"], per: month, `+test.bound+`}]`)
			c.work(runner.Config{})
			warned := c.events("airlock.budget.warning")
			var refusal string
			for range 20 { // one after the other
				run := c.outcome(c.submit("call_many", effectTimes(1)))
				if text := run.Report.Logs[0].Text; strings.Contains(text, "resource_exhausted") {
					refusal = text
				}
			}
			if n := len(at()); n != test.served {
				t.Errorf("%d calls were served, want %d", n, test.served)
			}
			if test.said != "" && (!strings.Contains(refusal, test.said) || !strings.Contains(refusal, "rule small of the operator's")) {
				t.Errorf("refused with %s", refusal)
			}
			select {
			case e := <-warned:
				if e.Subject != "test-extension" || e.Library != c.library || !strings.Contains(string(e.Data), `"limit":`) {
					t.Errorf("warned of %+v", e)
				}
			case <-time.After(10 * time.Second):
				t.Error("nobody was warned")
			}
			if len(warned) > 0 {
				t.Errorf("warned again: %+v", <-warned)
			}
			var usage []quota.Usage
			data, err := c.conn.Usage(t.Context(), bus.UsageFilter{Extension: "test-extension", Library: c.library.String(), Per: "month"})
			if err == nil {
				err = json.Unmarshal(data, &usage)
			}
			if err != nil || len(usage) != 1 {
				t.Fatalf("usage is %s, %v", data, err)
			}
			if u := usage[0]; u.Used < u.Limit || !u.Warned {
				t.Errorf("usage is %+v", u)
			}
		})
	}
}

// events hears the events of a type.
func (c *cluster) events(eventType string) <-chan *bus.Event {
	c.tb.Helper()
	heard := make(chan *bus.Event, 10)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- c.conn.FollowEvents(ctx, "quotas", func(_ context.Context, e *bus.Event) error {
			if e.Type == eventType {
				heard <- e
			}
			return nil
		})
	}()
	c.tb.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			c.tb.Error(err)
		}
	})
	return heard
}
