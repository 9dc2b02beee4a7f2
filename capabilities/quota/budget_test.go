package quota_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/airlock-run/airlock/capabilities/quota"
)

func hourly(calls, bytes int64) []quota.BudgetRule {
	return []quota.BudgetRule{{Name: "hourly", Extensions: []string{quota.All}, Libraries: []string{quota.All}, Per: quota.Hour, Calls: calls, Bytes: bytes}}
}

// Whatever happens to workers, ledgers, records and messages between them, no hour passes its budget of calls, or of bytes of payloads.
func TestNoHourPassesItsBudget(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			r := random(seed)
			calls := int64(1 + r.IntN(500))
			c := newCluster(t, 1+r.IntN(6), nil, hourly(calls, 10*calls-5)) // a call has ten bytes
			c.now = epoch.Truncate(time.Hour).Add(58 * time.Minute)
			trouble := r.IntN(3)
			c.records.fail = func() bool { return r.IntN(40) < trouble }
			delay := func() time.Duration {
				return time.Duration(r.Int64N(int64(time.Duration(1+trouble*20) * 30 * time.Millisecond)))
			}
			for end := c.now.Add(4 * time.Minute); c.now.Before(end); {
				c.now = c.now.Add(time.Duration(r.Int64N(int64(40 * time.Millisecond))))
				shake(c, r, trouble)
				for _, w := range c.workers {
					for range r.IntN(3) {
						c.take(w)
					}
					c.carry(w, delay, func() *quota.Ledger { return reachSome(c, r) })
					if r.IntN(10) == 0 {
						w.purses.Rest()
					}
				}
			}
			hours := map[time.Time]int64{}
			for _, at := range c.passed {
				hours[at.Truncate(time.Hour)]++
			}
			for hour, n := range hours {
				if n > calls-1 { // the bytes are one call less
					t.Errorf("%d calls passed in the hour from %s, the budget is %d", n, hour, calls-1)
				}
				if trouble == 0 && calls > 1 && n < (calls-1)*9/10 {
					t.Errorf("%d calls passed in the hour from %s, the budget is %d", n, hour, calls-1)
				}
			}
		})
	}
}

// Somebody is told once for each period, and again if telling failed.
func TestWarning(t *testing.T) {
	t.Parallel()
	now := epoch
	r := &records{now: func() time.Time { return now }, stored: map[string]stored{}, fail: func() bool { return false }}
	var told []quota.Usage
	fails := true
	account := quota.Account{Extension: "finance", Library: library, Resource: quota.Calls, Period: quota.Hour}
	for term := range 2 { // the second ledger knows what the first one has told
		ledger, err := quota.NewLedger(r, quota.LedgerConfig{
			Epoch: uint32(term + 1), Now: func() time.Time { return now },
			Warn: func(_ context.Context, u quota.Usage) error {
				if fails {
					fails = false
					return errors.New("nobody listens")
				}
				told = append(told, u)
				return nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 60 {
			if _, err := ledger.Lend(t.Context(), quota.Request{Wants: []quota.Want{{Account: account, Limit: 100, Count: 1}}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(told) != 1 || told[0].Used < 80 || told[0].Limit != 100 || !told[0].Start.Equal(epoch.Truncate(time.Hour)) {
		t.Errorf("told %+v", told)
	}
	now = now.Add(time.Hour)
	later := told[0]
	later.Start = later.Start.Add(time.Hour)
	if later.ID() == told[0].ID() {
		t.Error("two periods have one id")
	}
}

// What is known only afterwards is counted, also beyond the budget, and then nothing is let in.
func TestSpentAfterwards(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2, nil, []quota.BudgetRule{{Name: "tokens", Extensions: []string{quota.All}, Per: quota.Day, AITokens: 1000}})
	passed := 0
	for n := range 400 {
		c.now = c.now.Add(50 * time.Millisecond)
		w := c.workers[n%2]
		if c.take(w) {
			passed++
			w.meter.Spend(quota.AITokens, 90)
		}
		for _, w := range c.workers {
			c.carry(w, func() time.Duration { return 0 }, func() *quota.Ledger { return c.ledgers[0] })
			if n%10 == 0 {
				w.purses.Rest()
			}
		}
	}
	if passed < 10 || passed > 14 { // 12 reach the budget, and each worker may have one more under way
		t.Errorf("%d calls of 90 tokens passed a budget of 1000", passed)
	}
	for _, u := range c.ledgers[0].Usage() {
		if u.Used < 900 {
			t.Errorf("usage is %+v after %d calls", u, passed)
		}
	}
}

// Requests that no worker makes are refused whole.
func FuzzLend(f *testing.F) {
	f.Add("finance", "calls", "day", "", int64(1), int64(1), uint64(1), int64(0))
	f.Add("a.b", "requests", "minute", "rule", int64(1), int64(1), uint64(1), int64(1))
	f.Add("*", "requests", "minute", "a.b", int64(-1), int64(0), uint64(0), int64(-1))
	f.Fuzz(func(t *testing.T, extension, resource, period, scope string, limit, count int64, lease uint64, used int64) {
		r := &records{now: time.Now, stored: map[string]stored{}, fail: func() bool { return false }}
		ledger, err := quota.NewLedger(r, quota.LedgerConfig{})
		if err != nil {
			t.Fatal(err)
		}
		a := quota.Account{Extension: extension, Library: library, Resource: quota.Resource(resource), Period: quota.Period(period), Scope: scope}
		response, err := ledger.Lend(t.Context(), quota.Request{
			Wants: []quota.Want{{Account: a, Limit: limit, Count: count}}, Closed: []quota.Closed{{Account: a, Lease: lease, Used: used}},
		})
		if err != nil {
			if len(r.stored) > 0 {
				t.Errorf("refused with %v, and written", err)
			}
			return
		}
		if n := response.Leases[0].Count; n < 0 || n > limit || n > count {
			t.Errorf("lent %d of %d, %d were wanted", n, limit, count)
		}
		for name := range r.stored {
			for _, c := range name {
				if c <= ' ' || c == '*' || c == '>' || c > '~' {
					t.Errorf("a record is named %q", name)
				}
			}
		}
	})
}
