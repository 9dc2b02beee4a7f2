package capabilities

import (
	"sync"
	"time"
)

// Rate counts the requests of extensions. Implementations are safe for concurrent use.
type Rate interface {
	// Take takes one request of an extension that may make limit of them in any minute. When it may not make one now,
	// retryAfter is the time after which one is free, as long as nobody else takes it. What is refused does not count.
	Take(extension string, limit int) (ok bool, retryAfter time.Duration)
}

const (
	window = time.Minute
	// A step is what the window slides by: the finer, the more of the limit can be used. A limiter needs 8 bytes for each.
	steps = 120
	step  = window / steps
)

// Limiter lets no more than a limit pass in any window of one minute, wherever the window starts. (A token bucket would let
// twice the limit pass in the first one.) It counts by steps of half a second and keeps a step in the count until all of it
// is older than a minute, so at most 1 in 121 of what the limit allows stays unused when there is demand.
// It is safe for concurrent use.
type Limiter struct {
	mu     sync.Mutex
	limit  int
	start  time.Time
	newest int64
	// counts holds the step that runs and the whole window before it, at step % len.
	counts [steps + 1]int
	sum    int
}

// NewLimiter makes a limiter that lets limit requests pass in a minute; a limit below 1 lets none pass.
func NewLimiter(limit int) *Limiter { return &Limiter{limit: limit} }

// Take takes one request at the time now. When none is free it answers how long until one is, in whole milliseconds. A
// clock that goes backwards is taken to stand still.
func (l *Limiter) Take(now time.Time) (ok bool, retryAfter time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.take(now)
}

// takeOf takes one request of a limit that may have changed; what has passed stays counted.
func (l *Limiter) takeOf(limit int, now time.Time) (ok bool, retryAfter time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limit = limit
	return l.take(now)
}

func (l *Limiter) take(now time.Time) (ok bool, retryAfter time.Duration) {
	elapsed := l.advance(now)
	if l.sum < l.limit {
		l.counts[l.newest%int64(len(l.counts))]++
		l.sum++
		return true, 0
	}
	return false, l.wait(elapsed)
}

// advance moves the window so that it ends now, and returns the time since the first request.
func (l *Limiter) advance(now time.Time) time.Duration {
	if l.start.IsZero() {
		l.start = now
	}
	size := int64(len(l.counts))
	elapsed := max(now.Sub(l.start), time.Duration(l.newest)*step)
	current := int64(elapsed / step)
	for s := l.newest + 1; s <= min(current, l.newest+size); s++ {
		l.sum -= l.counts[s%size]
		l.counts[s%size] = 0
	}
	l.newest = current
	return elapsed
}

// wait finds the first step whose end of counting leaves room for a request.
func (l *Limiter) wait(elapsed time.Duration) time.Duration {
	size := int64(len(l.counts))
	left := l.sum
	for s := max(l.newest-size+1, 0); s <= l.newest; s++ {
		if left -= l.counts[s%size]; left < l.limit {
			return roundUp(time.Duration(s+size)*step - elapsed)
		}
	}
	return window
}

func roundUp(d time.Duration) time.Duration {
	return (d + time.Millisecond - 1).Truncate(time.Millisecond)
}

// Rates is the Rate of one process: each process that has its own allows each extension its whole limit.
// It keeps about a kilobyte for every extension it has seen, also for those that are gone, so that being installed
// again is no way to a fresh minute. It is safe for concurrent use.
type Rates struct {
	now func() time.Time

	mu       sync.RWMutex
	limiters map[string]*Limiter
}

var _ Rate = (*Rates)(nil)

// NewRates makes a Rates that reads the time from now; nil means time.Now.
func NewRates(now func() time.Time) *Rates {
	if now == nil {
		now = time.Now
	}
	return &Rates{now: now, limiters: make(map[string]*Limiter)}
}

// Take implements [Rate]. A limit that differs from the last one, as after an upgrade, holds from this request on.
func (r *Rates) Take(extension string, limit int) (ok bool, retryAfter time.Duration) {
	return r.limiter(extension).takeOf(limit, r.now())
}

func (r *Rates) limiter(extension string) *Limiter {
	r.mu.RLock()
	l := r.limiters[extension]
	r.mu.RUnlock()
	if l != nil {
		return l
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if l = r.limiters[extension]; l == nil {
		l = NewLimiter(0)
		r.limiters[extension] = l
	}
	return l
}
