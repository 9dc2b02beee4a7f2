package mail

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	// maxIdle is how many connections of an account wait for the next call, and for how long.
	maxIdle  = 2
	idleTime = time.Minute
	// maxOpen is how many connections an account has at a time in this process: servers allow about ten to a user.
	maxOpen = 4
)

// accountKey names an account, and how it is reached: one that was changed gets new connections.
type accountKey struct {
	library  uuid.UUID
	id       string
	settings Settings
}

func (a *Account) key() accountKey { return accountKey{a.Library, a.ID, a.Settings} }

// pool has the connections that nobody uses. It is safe for concurrent use.
type pool struct {
	mu     sync.Mutex
	idle   map[accountKey][]*idler
	places map[accountKey]*places
	closed bool
}

// idler is a connection with the timer that ends it.
type idler struct {
	*session
	timer *time.Timer
}

// places bounds the connections of an account; it goes when nobody has or wants one.
type places struct {
	free  chan struct{}
	users int
}

func newPool() *pool { return &pool{idle: map[accountKey][]*idler{}, places: map[accountKey]*places{}} }

// enter waits for a place.
func (p *pool) enter(ctx context.Context, key accountKey) (leave func(), err error) {
	p.mu.Lock()
	of := p.places[key]
	if of == nil {
		of = &places{free: make(chan struct{}, maxOpen)}
		p.places[key] = of
	}
	of.users++
	p.mu.Unlock()
	gone := func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if of.users--; of.users == 0 {
			delete(p.places, key)
		}
	}
	select {
	case of.free <- struct{}{}:
		return func() { <-of.free; gone() }, nil
	case <-ctx.Done():
		gone()
		return nil, ctx.Err()
	}
}

// take takes a connection, or nil.
func (p *pool) take(key accountKey) *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n := len(p.idle[key]); n > 0; n = len(p.idle[key]) {
		i := p.idle[key][n-1]
		p.idle[key] = p.idle[key][:n-1]
		if len(p.idle[key]) == 0 {
			delete(p.idle, key)
		}
		if i.timer.Stop() {
			return i.session
		}
	}
	return nil
}

// put keeps a connection for the next call.
func (p *pool) put(key accountKey, c *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle[key]) >= maxIdle {
		go func() { _ = c.Close() }()
		return
	}
	i := &idler{session: c}
	i.timer = time.AfterFunc(idleTime, func() {
		p.drop(key, i)
		_ = c.Close()
	})
	p.idle[key] = append(p.idle[key], i)
}

func (p *pool) drop(key accountKey, gone *idler) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rest := p.idle[key][:0]
	for _, i := range p.idle[key] {
		if i != gone {
			rest = append(rest, i)
		}
	}
	if p.idle[key] = rest; len(rest) == 0 {
		delete(p.idle, key)
	}
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, all := range p.idle {
		for _, i := range all {
			if i.timer.Stop() {
				_ = i.Close()
			}
		}
	}
	p.idle = map[accountKey][]*idler{}
}

// with does something on a connection of an account. A connection that was idle may be dead: then it is done once more on a new one, if
// nothing was answered yet.
func (s *Service) with(ctx context.Context, a *Account, do func(c *session) error) error {
	key := a.key()
	leave, err := s.idle.enter(ctx, key)
	if err != nil {
		return err //nolint:wrapcheck // ctx's
	}
	defer leave()
	c := s.idle.take(key)
	if c != nil && c.Noop().Wait() != nil {
		_ = c.Close()
		c = nil
	}
	if c == nil {
		if c, err = s.connect(ctx, a); err != nil {
			return err
		}
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	c.wire.allow(0)
	err = do(c)
	if !stop() || err != nil {
		_ = c.Close()
		if err != nil {
			return c.failure(ctx, err)
		}
		return nil
	}
	s.idle.put(key, c)
	return nil
}
