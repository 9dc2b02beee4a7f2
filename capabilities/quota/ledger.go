package quota

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// LedgerConfig describes a Ledger. The zero value is ready to use.
type LedgerConfig struct {
	// Epoch is one that no ledger before had: leases are told apart by it.
	Epoch uint32
	// Window is what a rate's limit is about. Default: a minute.
	Window time.Duration
	// Lease is how long what is lent is good. Default: a thirtieth of the window.
	Lease time.Duration
	// Warn tells somebody that most of a budget is used. It is called again after an error, and, if the ledger was lost
	// meanwhile, perhaps once more. Default: nobody is told.
	Warn func(ctx context.Context, usage Usage) error
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Logger defaults to one that discards.
	Logger *slog.Logger
}

func (c LedgerConfig) withDefaults() LedgerConfig {
	if c.Window == 0 {
		c.Window = time.Minute
	}
	if c.Lease == 0 {
		c.Lease = c.Window / 30
	}
	if c.Warn == nil {
		c.Warn = func(context.Context, Usage) error { return nil }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Validate reports the first setting that cannot be.
func (c LedgerConfig) Validate() error {
	if c.Window < 0 || c.Lease < 0 || c.Lease > c.Window {
		return fmt.Errorf("ledger: a lease of %s in a window of %s, want a part of it", c.Lease, c.Window)
	}
	return nil
}

// Ledger lends what the accounts of a cluster have left. One process at a time should have it; that two have it for a moment is safe.
// It is safe for concurrent use.
type Ledger struct {
	config  LedgerConfig
	records Records
	base    time.Time
	leases  atomic.Uint32

	mu      sync.Mutex
	stopped bool
	entries map[string]*entry // by the name of their record
}

var _ Lender = (*Ledger)(nil)

// NewLedger makes a ledger that takes over what is in the records.
func NewLedger(records Records, config LedgerConfig) (*Ledger, error) {
	config = config.withDefaults()
	if err := config.Validate(); err != nil {
		return nil, err
	}
	base := config.Now().Add(-4 * config.Window) // what counts still was used after that
	return &Ledger{config: config, records: records, base: base, entries: map[string]*entry{}}, nil
}

// Lend implements [Lender].
//
// # Errors
//
// For a request that no worker makes, and when the ledger is stopped. What an account's record has to do with is said in its lease.
func (l *Ledger) Lend(ctx context.Context, request Request) (Response, error) {
	if err := request.validate(); err != nil {
		return Response{}, err
	}
	l.settle(request.Closed)
	response := Response{Leases: make([]Lease, len(request.Wants))}
	var wg sync.WaitGroup
	for i, want := range request.Wants {
		e, err := l.entry(want.Account)
		if err != nil {
			wg.Wait()
			return Response{}, err
		}
		if e.mu.TryLock() {
			lease, ok := l.lend(e, want)
			e.mu.Unlock()
			if ok {
				response.Leases[i] = lease
				continue
			}
		}
		wg.Go(func() { response.Leases[i] = l.lendAnew(ctx, e, want) })
	}
	wg.Wait()
	return response, nil
}

func (l *Ledger) since(at time.Time) time.Duration { return at.Sub(l.base) }

// errStopped says that another process has, or will have, the ledger.
var errStopped = errors.New("this ledger is closed")

// entry is that of an account; in another period it is another one.
func (l *Ledger) entry(a Account) (*entry, error) {
	name := a.name(a.Period.Start(l.config.Now()))
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return nil, errStopped
	}
	e := l.entries[name]
	if e == nil {
		e = &entry{account: a, touched: l.since(l.config.Now())}
		l.entries[name] = e
	}
	return e, nil
}

// settle takes what workers say of leases.
func (l *Ledger) settle(closed []Closed) {
	for _, c := range closed {
		at := l.config.Now()
		for _, start := range []time.Time{at, at.Add(-2 * l.config.Lease)} { // it may be of the period before
			l.mu.Lock()
			e := l.entries[c.Account.name(c.Account.Period.Start(start))]
			l.mu.Unlock()
			if e == nil {
				continue
			}
			e.mu.Lock()
			if e.counter != nil {
				now := l.since(l.config.Now())
				e.counter.advance(now)
				e.settle(c.Lease, c.Used, now)
			}
			e.mu.Unlock()
			if c.Account.Period == Minute {
				break
			}
		}
	}
}

// lend answers a want out of what is in memory, if that says it.
func (l *Ledger) lend(e *entry, want Want) (lease Lease, ok bool) {
	if e.counter == nil {
		return Lease{}, false
	}
	now := l.since(l.config.Now())
	e.advance(now, l.config.Lease)
	e.limit = want.Limit
	if e.warns() {
		return Lease{}, false
	}
	good := l.config.Lease
	if p, budget := e.counter.(*period); budget {
		lease.Resets = e.account.Period.End(p.start)
		good = min(good, p.ends-now)
	}
	if e.limit-e.counter.total() <= 0 {
		lease.RetryAfterMS = ceilMS(e.wait(now, want.Count, l.config.Lease))
		return lease, true
	}
	if good < time.Millisecond { // the period is over as good as
		lease.RetryAfterMS = 1
		return lease, true
	}
	id := uint64(l.config.Epoch)<<32 | uint64(l.leases.Add(1))
	if lease.Count = e.lend(id, want.Count, now+good); lease.Count == 0 {
		return Lease{}, false
	}
	lease.ID, lease.ForMS = id, good.Milliseconds()
	return lease, true
}

// lendAnew is lend that reads and writes records as it needs.
func (l *Ledger) lendAnew(ctx context.Context, e *entry, want Want) Lease {
	e.mu.Lock()
	defer e.mu.Unlock()
	for range 3 {
		if lease, ok := l.lend(e, want); ok {
			return lease
		}
		if err := l.refresh(ctx, e, want); err != nil {
			l.config.Logger.WarnContext(ctx, "account not known", "account", e.account.String(), "error", err)
			break
		}
	}
	return Lease{Unknown: true}
}

// refresh does what keeps an entry from lending: reads its record, tells that most is used, or makes room.
func (l *Ledger) refresh(ctx context.Context, e *entry, want Want) error {
	if e.counter == nil {
		return l.load(ctx, e)
	}
	if e.warns() {
		if err := l.config.Warn(ctx, e.usage()); err != nil {
			return fmt.Errorf("tell of a budget: %w", err)
		}
		e.warned = true
	}
	room := min(max(want.Count, e.limit/e.share()), e.limit-e.counter.total())
	return l.save(ctx, e, max(room, 0))
}

// share is which part of the limit a record makes room for: what is lost with a ledger.
func (e *entry) share() int64 {
	if e.account.Resource == Requests {
		return 16
	}
	return 100
}

func (l *Ledger) load(ctx context.Context, e *entry) error {
	at := l.config.Now()
	start := e.account.Period.Start(at)
	data, revision, age, err := l.records.Load(ctx, e.account.name(start))
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	now := l.since(l.config.Now())
	if e.account.Period == Minute {
		w := newWindow(l.config.Window, 2*l.config.Lease)
		w.advance(now)
		e.counter = w
	} else {
		e.counter = &period{start: start, ends: l.since(e.account.Period.End(at))}
	}
	if err := e.restore(data, revision, now, age); err != nil {
		e.counter = nil
		return err
	}
	return nil
}

// save writes the entry's record with room for so many. When that fails it is not known what the record says, and it is read again.
func (l *Ledger) save(ctx context.Context, e *entry, room int64) error {
	now := l.since(l.config.Now())
	e.counter.advance(now)
	roomEnds, used := now+l.config.Lease, now+2*l.config.Lease
	start := e.account.Period.Start(l.config.Now())
	if p, ok := e.counter.(*period); ok {
		roomEnds, start = p.ends, p.start
	}
	data, err := e.record(now, room, used)
	if err != nil {
		return err
	}
	revision, err := l.records.Save(ctx, e.account.name(start), data, e.revision, e.account.Period.keep())
	if err != nil {
		e.counter = nil
		return fmt.Errorf("save: %w", err)
	}
	e.revision, e.room, e.roomEnds = revision, room, roomEnds
	return nil
}

// Rest writes what is exact of budgets that nobody used for a moment, so that less is lost with the ledger, and forgets accounts that
// nobody used for long. Call it every few seconds.
func (l *Ledger) Rest(ctx context.Context) {
	for name, e := range l.all() {
		e.mu.Lock()
		now := l.since(l.config.Now())
		idle := now - e.touched
		p, budget := e.counter.(*period)
		if budget && e.room > 0 && (idle > 2*l.config.Lease || p.ends < now) {
			if err := l.save(ctx, e, 0); err != nil {
				l.config.Logger.WarnContext(ctx, "account not saved", "account", e.account.String(), "error", err)
			}
		}
		if idle > l.config.Window+4*l.config.Lease && (!budget || e.room == 0) {
			e.counter = nil // whoever has it still reads the record
			l.mu.Lock()
			delete(l.entries, name)
			l.mu.Unlock()
		}
		e.mu.Unlock()
	}
}

// Close lends no more, and writes what is exact for whoever has the ledger next.
func (l *Ledger) Close(ctx context.Context) error {
	l.mu.Lock()
	l.stopped = true
	l.mu.Unlock()
	var wg sync.WaitGroup
	var failed atomic.Int64
	for _, e := range l.all() {
		wg.Go(func() {
			e.mu.Lock()
			defer e.mu.Unlock()
			if e.counter != nil && e.room > 0 && l.save(ctx, e, 0) != nil {
				failed.Add(1)
			}
			e.counter = nil
		})
	}
	wg.Wait()
	if n := failed.Load(); n > 0 {
		return fmt.Errorf("close ledger: %d accounts were not saved: what they had set aside counts as used", n)
	}
	return nil
}

func (l *Ledger) all() map[string]*entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.entries)
}

// Usage is how an account stands.
type Usage struct {
	Account Account `json:"account"`
	Limit   int64   `json:"limit"`
	// Used counts what is lent as used.
	Used int64 `json:"used"`
	// Start and End are those of a budget's period.
	Start  time.Time `json:"start,omitzero"`
	End    time.Time `json:"end,omitzero"`
	Warned bool      `json:"warned,omitempty"`
}

// ID names the account's period: the same wherever it is made.
func (u Usage) ID() string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(u.Account.name(u.Start))).String()
}

func (e *entry) usage() Usage {
	u := Usage{Account: e.account, Limit: e.limit, Used: e.counter.total(), Warned: e.warned}
	if p, ok := e.counter.(*period); ok {
		u.Start, u.End = p.start, e.account.Period.End(p.start)
	}
	return u
}

// Usage is how the accounts stand that the ledger has in memory, by the name of their record.
func (l *Ledger) Usage() map[string]Usage {
	usage := map[string]Usage{}
	for name, e := range l.all() {
		e.mu.Lock()
		if e.counter != nil {
			e.counter.advance(l.since(l.config.Now()))
			usage[name] = e.usage()
		}
		e.mu.Unlock()
	}
	return usage
}
