package quota_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/capabilities/quota"
)

// plenty are a rate for all calls, one for some, and budgets of all that is counted.
func plenty() ([]quota.RateRule, []quota.BudgetRule) {
	all := []string{quota.All}
	rates := []quota.RateRule{
		{Name: "all", Extensions: all, RequestsPerMinute: 1 << 30},
		{Name: "ai", Extensions: all, Operations: []string{"ai."}, Libraries: all, RequestsPerMinute: 1 << 30},
	}
	return rates, []quota.BudgetRule{
		{Name: "daily", Extensions: all, Libraries: all, Per: quota.Day, Calls: 1 << 50, Bytes: 1 << 50, AITokens: 1 << 50, Fuel: 1 << 60},
	}
}

// running are purses that a ledger in this process keeps filled.
func running(tb testing.TB, rates []quota.RateRule, budgets []quota.BudgetRule) *quota.Meter {
	tb.Helper()
	r := &records{now: time.Now, stored: map[string]stored{}, fail: func() bool { return false }}
	ledger, err := quota.NewLedger(r, quota.LedgerConfig{})
	if err != nil {
		tb.Fatal(err)
	}
	purses, err := quota.NewPurses(quota.PursesConfig{})
	if err != nil {
		tb.Fatal(err)
	}
	allowance, err := quota.Compile("finance", rates, budgets)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		purses.Run(ctx, ledger)
	}()
	tb.Cleanup(func() {
		cancel()
		<-ended
	})
	return purses.Meter(allowance, library)
}

// decider decides by a policy that allows all that is asked.
func decider(tb testing.TB) *capabilities.Authority {
	tb.Helper()
	policy, err := capabilities.ParsePolicy([]byte("libraries: {unlisted: allow}\nrules:\n- {name: all, extensions: [\"*\"], allow: [\"query:\", \"action:\"]}\n"))
	if err != nil {
		tb.Fatal(err)
	}
	authority := capabilities.NewAuthority()
	authority.SetPolicy(policy, 1)
	authority.SetLibraries(map[uuid.UUID]*capabilities.Library{})
	return authority
}

func grant(tb testing.TB) *capabilities.Grant {
	tb.Helper()
	g, err := capabilities.NewGrant("finance", capabilities.Permissions{Methods: []string{"query:ai.ocr", "vdfs."}})
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// BenchmarkAllowed is the whole way of a call that is allowed: decision, two rates, three budgets.
func BenchmarkAllowed(b *testing.B) {
	rates, budgets := plenty()
	meter, g := running(b, rates, budgets), grant(b)
	authority, request := decider(b), &capabilities.Request{Method: ocr, JobLibrary: library}
	b.ReportAllocs()
	for b.Loop() {
		if !authority.Decide(g, request).Allowed {
			b.Fatal("denied")
		}
		if refusal := meter.Take(b.Context(), ocr, 100); refusal.Refused() {
			b.Fatalf("refused: %+v", refusal)
		}
	}
}

// TestTakingAllocatesNothing does not run in parallel, or it would count what others allocate.
func TestTakingAllocatesNothing(t *testing.T) { //nolint:paralleltest // as said
	rates, budgets := plenty()
	meter := running(t, rates, budgets)
	for range 10000 { // until what is in hand has grown
		meter.Take(t.Context(), ocr, 100)
	}
	allocations := testing.AllocsPerRun(1000, func() {
		if refusal := meter.Take(t.Context(), ocr, 100); refusal.Refused() {
			t.Errorf("refused: %+v", refusal)
		}
	})
	if allocations >= 1 {
		t.Errorf("%v allocations", allocations)
	}
}

// A ledger that does not answer lets nothing through, and holds nobody up for longer than the patience.
func TestUnreachableLedger(t *testing.T) {
	t.Parallel()
	purses, err := quota.NewPurses(quota.PursesConfig{Patience: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	allowance, err := quota.Compile("finance", perMinute(1000), nil)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	refusal := purses.Meter(allowance, library).Take(t.Context(), ocr, 1)
	if !refusal.Refused() || !refusal.Unknown || refusal.RetryAfter <= 0 {
		t.Errorf("got %+v", refusal)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

// What a guest asks for without end is refused from memory, and others do not notice.
func TestFloodConcernsItselfAlone(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 1, perMinute(10), nil)
	other, err := quota.Compile("other", perMinute(6000), nil)
	if err != nil {
		t.Fatal(err)
	}
	w := c.workers[0]
	meter := w.purses.Meter(other, library)
	requests, passed := 0, 0
	for range 60 * 100 { // a minute
		c.now = c.now.Add(10 * time.Millisecond)
		for range 100 {
			c.take(w)
		}
		if meter.Try(ocr, 1) {
			passed++
		}
		c.carry(w, func() time.Duration { return time.Millisecond }, func() *quota.Ledger {
			requests++
			return c.ledgers[0]
		})
	}
	c.checkWindows(10)
	if passed < 5000 {
		t.Errorf("%d of 6000 calls of the other passed", passed)
	}
	if requests > 600 {
		t.Errorf("%d requests to the ledger in a minute", requests)
	}
}

func TestCompile(t *testing.T) {
	t.Parallel()
	all := []string{quota.All}
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		for want, rule := range map[string]quota.RateRule{
			`rate "a": requests_per_minute is 0, want 1 to 2147483647`:                            {Name: "a", Extensions: all},
			`rate "a": it names no extensions: list ids, or "*"`:                                  {Name: "a", RequestsPerMinute: 1},
			`rate "A b": the name is not 1 to 64 of a-z 0-9 _ -`:                                  {Name: "A b", Extensions: all, RequestsPerMinute: 1},
			`rate of finance: one that names operations needs a name`:                             {Extensions: all, Operations: []string{"ai."}, RequestsPerMinute: 1},
			`rate "a": library "x": not a UUID; write "*" for every library, or the library's id`: {Name: "a", Extensions: all, Libraries: []string{"x"}, RequestsPerMinute: 1},
		} {
			_, err := quota.Compile("finance", []quota.RateRule{rule}, nil)
			if err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}
		for want, rule := range map[string]quota.BudgetRule{
			`budget "b": "" is no period of a budget: write "hour", "day" or "month"`: {Name: "b", Extensions: all, Calls: 1},
			`budget "b": it bounds nothing: write calls, bytes, ai_tokens or fuel`:    {Name: "b", Extensions: all, Per: quota.Day},
			`budget "b": calls is -1, want at least 1`:                                {Name: "b", Extensions: all, Per: quota.Day, Calls: -1},
		} {
			_, err := quota.Compile("finance", nil, []quota.BudgetRule{rule})
			if err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	})
	t.Run("the smallest holds", func(t *testing.T) {
		t.Parallel()
		elsewhere := uuid.MustParse("1b8f1d5e-6a43-4c7e-9f21-6f1c0c1e6d2b")
		c := newCluster(t, 1, []quota.RateRule{
			{Extensions: all, RequestsPerMinute: 9},
			{Name: "smaller", Extensions: []string{"finance"}, RequestsPerMinute: 6},
			{Name: "another", Extensions: []string{"photos"}, RequestsPerMinute: 1},
			{Name: "pictures", Extensions: all, Operations: []string{"pictures."}, RequestsPerMinute: 1},
			{Name: "elsewhere", Extensions: all, Libraries: []string{elsewhere.String()}, RequestsPerMinute: 2},
		}, nil)
		got := map[string]int{"here": c.all(c.workers[0].meter)}
		c.now = c.now.Add(2 * time.Minute)
		got["elsewhere"] = c.all(c.workers[0].purses.Meter(c.allowance, elsewhere))
		if diff := cmp.Diff(map[string]int{"here": 6, "elsewhere": 2}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// all is how many calls pass at once.
func (c *cluster) all(meter *quota.Meter) int {
	passed := 0
	for range 100 {
		if meter.Try(ocr, 1) {
			passed++
		}
		c.carry(c.workers[0], func() time.Duration { return 0 }, func() *quota.Ledger { return c.ledgers[0] })
	}
	return passed
}
