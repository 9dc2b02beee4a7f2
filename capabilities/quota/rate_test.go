package quota_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/airlock-run/airlock/capabilities/quota"
)

func perMinute(limit int) []quota.RateRule {
	return []quota.RateRule{{Extensions: []string{quota.All}, RequestsPerMinute: int64(limit)}}
}

// Whatever happens to workers, ledgers, records and messages between them, no more than the limit passes in any minute.
func TestNoMinuteExceedsTheLimit(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			r := random(seed)
			limit := []int{1, 3, 17, 60, 300, 1000}[r.IntN(6)]
			c := newCluster(t, 1+r.IntN(8), perMinute(limit), nil)
			trouble := r.IntN(3) // none, some, much
			c.records.fail = func() bool { return r.IntN(40) < trouble }
			delay := func() time.Duration {
				if r.IntN(50) < trouble {
					return time.Duration(r.Int64N(int64(5 * time.Second)))
				}
				return time.Duration(r.Int64N(int64(30 * time.Millisecond)))
			}
			reach := func() *quota.Ledger { return reachSome(c, r) }
			busy := 1 + r.IntN(len(c.workers))
			end := epoch.Add(4 * time.Minute)
			for c.now.Before(end) {
				c.now = c.now.Add(time.Duration(r.Int64N(int64(40 * time.Millisecond))))
				if r.IntN(1000) < trouble {
					c.now = c.now.Add(time.Duration(r.Int64N(int64(20 * time.Second)))) // everybody sleeps
				}
				shake(c, r, trouble)
				for i, w := range c.workers {
					for range r.IntN(2 + limit/20) {
						if i < busy && !c.take(w) {
							break
						}
					}
					c.carry(w, delay, reach)
					if r.IntN(10) == 0 {
						w.purses.Rest()
					}
				}
			}
			c.checkWindows(limit)
			if trouble == 0 && len(c.passed) < limit {
				t.Errorf("only %d calls passed in 4 minutes, the limit is %d a minute", len(c.passed), limit)
			}
		})
	}
}

// reachSome is most often the newest ledger, and sometimes one that was thought dead.
func reachSome(c *cluster, r *rand.Rand) *quota.Ledger {
	if len(c.ledgers) == 0 {
		return nil
	}
	if r.IntN(20) == 0 {
		return c.ledgers[r.IntN(len(c.ledgers))]
	}
	return c.ledgers[len(c.ledgers)-1]
}

// shake kills, and parts, and has others take over.
func shake(c *cluster, r *rand.Rand, trouble int) {
	if r.IntN(2000) < trouble { // a worker dies, with all it has, and another comes
		c.workers[r.IntN(len(c.workers))] = c.worker()
	}
	if r.IntN(1000) < trouble {
		w := c.workers[r.IntN(len(c.workers))]
		w.apart = !w.apart
	}
	if r.IntN(1000) < trouble {
		c.takeOver()
	}
	if r.IntN(1500) < trouble && len(c.ledgers) > 1 {
		c.ledgers = c.ledgers[1:]
	}
	if r.IntN(2000) < trouble { // it is gone, and nobody has it for a while
		_ = c.ledgers[len(c.ledgers)-1].Close(c.t.Context())
		c.takeOver()
	}
	if r.IntN(300) == 0 {
		c.ledgers[len(c.ledgers)-1].Rest(c.t.Context())
	}
}

// With demand for it, nearly all of the limit is used: whoever has the demand, and however many they are.
func TestNearlyAllOfTheLimitIsUsed(t *testing.T) {
	t.Parallel()
	const minutes = 3
	for _, limit := range []int{10, 100, 1000, 12000} {
		for _, shape := range []struct{ workers, busy int }{{1, 1}, {4, 4}, {20, 20}, {20, 1}} {
			for name, share := range map[string]float64{"greedy": 5, "just": 1} {
				t.Run(fmt.Sprintf("%d/%d of %d %s", limit, shape.busy, shape.workers, name), func(t *testing.T) {
					t.Parallel()
					c := newCluster(t, shape.workers, perMinute(limit), nil)
					used := share * 1.05 * float64(limit*minutes)
					drive(c, shape.busy, used, minutes*time.Minute)
					c.checkWindows(limit)
					if got := float64(len(c.passed)) / float64(limit*minutes); got < 0.9 {
						t.Errorf("%d of %d were used, %.3f", len(c.passed), limit*minutes, got)
					}
				})
			}
		}
	}
}

// drive has some workers make calls, evenly spread over a time, on a network that takes a millisecond.
func drive(c *cluster, busy int, calls float64, duration time.Duration) {
	const step = 5 * time.Millisecond
	r := random(1)
	ms := func() time.Duration { return time.Millisecond }
	newest := func() *quota.Ledger { return c.ledgers[len(c.ledgers)-1] }
	each := calls / float64(duration/step)
	backlog := 0.0
	for n := range int(duration / step) {
		c.now = c.now.Add(step)
		backlog = min(backlog+each, 20+10*each)
		for ; backlog >= 1; backlog-- {
			if !c.take(c.workers[r.IntN(busy)]) {
				break
			}
		}
		for _, w := range c.workers {
			c.carry(w, ms, newest)
			if n%50 == 0 {
				w.purses.Rest()
			}
		}
	}
}

// A ledger that is killed costs little more than the time until there is another.
func TestTakeoverCostsLittle(t *testing.T) {
	t.Parallel()
	const limit = 1000
	c := newCluster(t, 4, perMinute(limit), nil)
	drive(c, 4, 1.05*limit, time.Minute)
	for range 5 {
		before := len(c.passed)
		c.ledgers = nil
		c.takeOver()
		drive(c, 4, 1.05*limit, time.Minute)
		if n := len(c.passed) - before; n < limit*85/100 {
			t.Errorf("%d of %d passed in the minute after a takeover", n, limit)
		}
	}
	c.checkWindows(limit)
}
