package quota_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/capabilities/quota"
)

var (
	epoch   = time.Date(2026, 11, 23, 10, 30, 0, 123, time.UTC)
	library = uuid.MustParse("0b8f1d5e-6a43-4c7e-9f21-6f1c0c1e6d2b")
	ocr     = capabilities.Method{Kind: capabilities.Query, Operation: "ai.ocr"}
)

// cluster is workers and ledgers on a clock that stands still between steps. Messages between them take as long as the test says.
type cluster struct {
	t         *testing.T
	now       time.Time
	records   *records
	allowance *quota.Allowance
	workers   []*worker
	// ledgers are those that run. The last one is the one that workers reach, but for messages that are astray.
	ledgers []*quota.Ledger
	epochs  uint32
	passed  []time.Time
}

type worker struct {
	purses *quota.Purses
	meter  *quota.Meter
	// apart says that no message reaches it.
	apart bool
	// call is what is on its way.
	call *call
}

type call struct {
	request  quota.Request
	sent     time.Time
	arrives  time.Time
	asked    bool
	response quota.Response
	err      error
}

func newCluster(t *testing.T, workers int, rates []quota.RateRule, budgets []quota.BudgetRule) *cluster {
	t.Helper()
	c := &cluster{t: t, now: epoch}
	c.records = &records{now: c.clock, stored: map[string]stored{}, fail: func() bool { return false }}
	var err error
	if c.allowance, err = quota.Compile("finance", rates, budgets); err != nil {
		t.Fatal(err)
	}
	for range workers {
		c.workers = append(c.workers, c.worker())
	}
	c.takeOver()
	return c
}

func (c *cluster) clock() time.Time { return c.now }

func (c *cluster) worker() *worker {
	purses, err := quota.NewPurses(quota.PursesConfig{Now: c.clock})
	if err != nil {
		c.t.Fatal(err)
	}
	return &worker{purses: purses, meter: purses.Meter(c.allowance, library)}
}

// takeOver starts another ledger. Those before go on, until they are killed.
func (c *cluster) takeOver() {
	c.epochs++
	l, err := quota.NewLedger(c.records, quota.LedgerConfig{Epoch: c.epochs, Now: c.clock})
	if err != nil {
		c.t.Fatal(err)
	}
	c.ledgers = append(c.ledgers, l)
}

// take has a worker make a call.
func (c *cluster) take(w *worker) bool {
	if !w.meter.Try(ocr, 10) {
		return false
	}
	c.passed = append(c.passed, c.now)
	return true
}

// carry sends and delivers what there is. delay is how long a message takes; ledger is whom a request reaches, nil for nobody.
func (c *cluster) carry(w *worker, delay func() time.Duration, ledger func() *quota.Ledger) {
	for range 10 {
		if w.call == nil {
			request, sent, ok := w.purses.Collect()
			if !ok {
				return
			}
			w.call = &call{request: request, sent: sent, arrives: c.now.Add(delay())}
		}
		if c.now.Before(w.call.arrives) {
			return
		}
		if !w.call.asked {
			w.call.asked = true
			w.call.arrives = c.now.Add(delay())
			w.call.err = errors.New("nobody answers")
			if l := ledger(); l != nil && !w.apart {
				w.call.response, w.call.err = l.Lend(c.t.Context(), w.call.request)
			}
			continue
		}
		if w.apart {
			w.call.err = errors.New("the answer is lost")
		}
		w.purses.Apply(w.call.response, w.call.sent, w.call.err)
		w.call = nil
	}
}

// checkWindows looks at every minute that begins with a call that passed.
func (c *cluster) checkWindows(limit int) {
	c.t.Helper()
	for last := limit; last < len(c.passed); last++ {
		if span := c.passed[last].Sub(c.passed[last-limit]); span <= time.Minute {
			c.t.Fatalf("%d calls passed within %s, the limit is %d a minute", limit+1, span, limit)
		}
	}
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 11)) }
