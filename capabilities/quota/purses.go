package quota

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
)

// PursesConfig describes Purses. The zero value is ready to use.
type PursesConfig struct {
	// Patience is how long a call waits for the ledger to answer when there is nothing in hand. Default: ten seconds, in which another
	// process takes over a ledger whose process has died.
	Patience time.Duration
	// Rest is after how long what nobody used is given back. Default: 250 ms.
	Rest time.Duration
	// Timeout bounds one request to the ledger. Default: 500 ms.
	Timeout time.Duration
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Logger defaults to one that discards.
	Logger *slog.Logger
}

func (c PursesConfig) withDefaults() PursesConfig {
	if c.Patience == 0 {
		c.Patience = 10 * time.Second
	}
	if c.Rest == 0 {
		c.Rest = 250 * time.Millisecond
	}
	if c.Timeout == 0 {
		c.Timeout = 500 * time.Millisecond
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Purses has the purses of a worker and keeps them filled. It is safe for concurrent use.
type Purses struct {
	config PursesConfig
	// needs has something when a purse is to be looked at.
	needs chan struct{}

	mu     sync.Mutex
	purses map[Account]*Purse
	number uint64
	dirty  []*Purse
	// flight are the purses of which the request on its way tells.
	flight []flight
}

type flight struct {
	purse *Purse
	// closed is how many closed leases it tells of, wanted how many tokens it asks for.
	closed int
	wanted int64
}

// NewPurses makes purses that are empty until Run keeps them filled.
func NewPurses(config PursesConfig) (*Purses, error) {
	if config.Patience < 0 || config.Rest < 0 || config.Timeout < 0 {
		return nil, errors.New("purses: times must not be negative")
	}
	return &Purses{config: config.withDefaults(), needs: make(chan struct{}, 1), purses: map[Account]*Purse{}}, nil
}

// Meter is the door's counter for calls of an extension in a library. End it with Close.
func (ps *Purses) Meter(allowance *Allowance, library uuid.UUID) *Meter {
	m := &Meter{purses: ps, allowance: allowance}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for i := range allowance.lines {
		if account, ok := allowance.lines[i].in(library); ok {
			m.add(&allowance.lines[i], ps.purse(account))
		}
	}
	m.sort()
	return m
}

func (ps *Purses) purse(account Account) *Purse {
	p := ps.purses[account]
	if p == nil {
		ps.number++
		p = &Purse{account: account, number: ps.number, since: ps.config.Now()}
		ps.purses[account] = p
	}
	p.meters++
	return p
}

// need has a purse looked at soon. The purse must not be locked.
func (ps *Purses) need(p *Purse) {
	ps.mu.Lock()
	ps.dirty = append(ps.dirty, p)
	ps.mu.Unlock()
	select {
	case ps.needs <- struct{}{}:
	default:
	}
}

// Run asks the lender for what is needed until ctx ends. Then it gives back what is left.
func (ps *Purses) Run(ctx context.Context, lender Lender) {
	rest := time.NewTicker(ps.config.Rest)
	defer rest.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), ps.config.Timeout)
			defer cancel()
			ps.giveBack()
			_ = ps.ask(last, lender)
			return
		case <-rest.C:
			ps.Rest()
		case <-ps.needs:
		}
		if err := ps.ask(ctx, lender); err != nil && ctx.Err() == nil {
			ps.config.Logger.DebugContext(ctx, "ledger does not answer", "error", err)
			select { // and then again, whatever is needed by then
			case <-ctx.Done():
			case <-time.After(ps.config.Timeout / 10):
			}
		}
	}
}

// ask makes requests until nothing is needed.
func (ps *Purses) ask(ctx context.Context, lender Lender) error {
	for {
		request, sent, ok := ps.Collect()
		if !ok {
			return nil
		}
		asking, cancel := context.WithTimeout(ctx, ps.config.Timeout)
		response, err := lender.Lend(asking, request)
		cancel()
		ps.Apply(response, sent, err)
		if err != nil {
			return err
		}
	}
}

// Collect makes the request that the purses need. One at a time is on its way, until Apply takes its answer.
func (ps *Purses) Collect() (request Request, sent time.Time, ok bool) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	now := ps.config.Now()
	rest := ps.dirty[:0]
	for _, p := range ps.dirty {
		if len(request.Wants) == maxWants || len(request.Closed) >= maxClosed/2 {
			rest = append(rest, p)
			continue
		}
		if f, use := p.collect(now, &request); use {
			ps.flight = append(ps.flight, f)
		}
	}
	clear(ps.dirty[len(rest):])
	ps.dirty = rest
	return request, now, len(ps.flight) > 0
}

// collect adds to a request what the purse needs.
func (p *Purse) collect(now time.Time, request *Request) (f flight, use bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked { // it was twice on the list
		return f, false
	}
	p.drop(now)
	f = flight{purse: p, closed: min(len(p.closed), maxClosed/2)}
	request.Closed = append(request.Closed, p.closed[:f.closed]...)
	if !now.Before(p.refused) {
		if f.wanted = p.want(now); f.wanted > 0 {
			request.Wants = append(request.Wants, Want{p.account, p.limit, f.wanted})
		}
	} else if p.short > 0 {
		p.wake() // they came before it was refused
	}
	if f.wanted > 0 || f.closed > 0 {
		p.asked = true
		return f, true
	}
	return f, false
}

// Apply takes the answer to the request of the last Collect, or that there was none.
func (ps *Purses) Apply(response Response, sent time.Time, err error) {
	ps.mu.Lock()
	inFlight := ps.flight
	ps.flight = nil
	if err != nil {
		for _, f := range inFlight {
			ps.dirty = append(ps.dirty, f.purse)
		}
	}
	ps.mu.Unlock()
	now, next := ps.config.Now(), 0
	for _, f := range inFlight {
		f.purse.mu.Lock()
		if err == nil {
			f.purse.closed = append(f.purse.closed[:0], f.purse.closed[f.closed:]...)
			if f.wanted > 0 && next < len(response.Leases) {
				f.purse.add(response.Leases[next], f.wanted, sent, now)
				next++
			}
		}
		f.purse.wake()
		f.purse.mu.Unlock()
	}
}

// Rest gives back what nobody used since it was last called, and forgets purses that nobody has.
func (ps *Purses) Rest() {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	now := ps.config.Now()
	for account, p := range ps.purses {
		p.mu.Lock()
		p.rest(now)
		if len(p.closed) > 0 {
			ps.dirty = append(ps.dirty, p)
		} else if p.meters == 0 && !p.asked && len(p.leases) == 0 && p.debt == 0 && !now.Before(p.refused) {
			delete(ps.purses, account)
		}
		p.mu.Unlock()
	}
}

// giveBack gives back everything.
func (ps *Purses) giveBack() {
	ps.Rest()
	ps.Rest()
}
