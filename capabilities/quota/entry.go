package quota

import (
	"encoding/json"
	"fmt"
	"math"
	"sync"
	"time"
)

// counter counts what was used of an account. Times are those of the ledger.
type counter interface {
	// advance drops what counts no more.
	advance(now time.Duration)
	// add counts n more, or less, as used at a time.
	add(at time.Duration, n int64)
	total() int64
	// free is how long it takes until at most so many are counted.
	free(now time.Duration, count int64) time.Duration
}

func (w *window) total() int64 { return w.sum }

// period counts what was used in one period of a budget.
type period struct {
	start time.Time
	ends  time.Duration
	used  int64
}

func (p *period) advance(time.Duration)                         {}
func (p *period) add(_ time.Duration, n int64)                  { p.used += n }
func (p *period) total() int64                                  { return p.used }
func (p *period) free(now time.Duration, _ int64) time.Duration { return p.ends - now }

// entry is what the ledger knows of an account.
type entry struct {
	mu      sync.Mutex
	account Account
	limit   int64
	// counter is nil until the record has been read.
	counter  counter
	revision uint64
	// room is how many the newest record counts beyond what is counted here, and until when they may be lent.
	room     int64
	roomEnds time.Duration
	warned   bool
	leases   map[uint64]lent
	// order are the leases by when they end, also those that are closed.
	order   []uint64
	touched time.Duration
}

// lent is a lease that is not closed.
type lent struct {
	count int64
	ends  time.Duration
}

// warnAt is the share of a budget at which somebody is told.
const warnAt = 0.8

// warns tells whether it is time to tell.
func (e *entry) warns() bool {
	return e.counter != nil && !e.warned && e.account.Resource != Requests && float64(e.counter.total()) >= warnAt*float64(e.limit)
}

// advance brings the entry up to now. A lease that ended long ago will not be closed any more: it stays counted as used.
func (e *entry) advance(now, late time.Duration) {
	e.touched = max(e.touched, now)
	e.counter.advance(now)
	if e.roomEnds <= now {
		e.room = 0
	}
	for len(e.order) > 0 {
		l, open := e.leases[e.order[0]]
		if open && l.ends+late > now {
			break
		}
		delete(e.leases, e.order[0])
		e.order = e.order[1:]
	}
}

// lend lends count tokens until a time, or what is left of them; none if the newest record has no room for so many.
func (e *entry) lend(id uint64, count int64, ends time.Duration) int64 {
	n := min(count, e.limit-e.counter.total())
	if n <= 0 || n > e.room {
		return 0
	}
	e.room -= n
	e.counter.add(ends, n)
	e.leases[id] = lent{n, ends}
	e.order = append(e.order, id)
	return n
}

// settle takes what a worker says of a lease: what it used counts from now on, and what it did not is free. A token that is used after
// all is one more.
func (e *entry) settle(id uint64, used int64, now time.Duration) {
	l, ok := e.leases[id]
	if !ok {
		return
	}
	delete(e.leases, id)
	e.counter.add(l.ends, -l.count)
	e.counter.add(min(now, l.ends), used)
	// A budget's record counts what was lent and the room: what is given back is room again, what was used beyond the lease is not.
	// That of a rate counts it as used earlier than it could be now.
	if e.account.Resource != Requests {
		e.room = max(0, e.room+l.count-used)
	}
}

// wait is when it is worth asking again for so many.
func (e *entry) wait(now time.Duration, count int64, lease time.Duration) time.Duration {
	wait := e.counter.free(now, max(0, e.limit-count))
	if len(e.leases) > 0 { // of which some may be given back
		wait = min(wait, lease)
	}
	return max(wait, time.Millisecond)
}

// record is the record of the entry with room for so many that will be used until a time.
func (e *entry) record(now time.Duration, room int64, until time.Duration) ([]byte, error) {
	r := Record{Account: e.account, Limit: e.limit, Warned: e.warned}
	switch c := e.counter.(type) {
	case *period:
		r.Start, r.Used = c.start, c.used+room
	case *window:
		r.Counts = c.counted(now)
		if room > 0 {
			r.Counts = append(r.Counts, Count{ceilMS(until - now), room})
		}
	}
	data, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	return data, nil
}

// restore takes over what a record, written so long ago, counts.
func (e *entry) restore(data []byte, revision uint64, now, age time.Duration) error {
	e.revision, e.room, e.leases, e.order = revision, 0, map[uint64]lent{}, nil
	if len(data) == 0 {
		return nil
	}
	var r Record
	if err := json.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("decode record of %s: %w", e.account, err)
	}
	e.warned = r.Warned
	if p, ok := e.counter.(*period); ok {
		p.used = r.Used
		return nil
	}
	for _, c := range r.Counts {
		e.counter.add(now-max(age, 0)+time.Duration(c.AfterMS)*time.Millisecond, c.Tokens)
	}
	return nil
}

// coarse is how many steps go together in a record.
const coarse = 8

// counted are the counts for a record. Steps that go together count as the last of them.
func (w *window) counted(now time.Duration) []Count {
	var counts []Count
	first := w.now - w.steps
	last := first + int64(len(w.counts)) - 1
	for s := first; s <= last; s += coarse {
		n, end := int64(0), min(s+coarse-1, last)
		for t := s; t <= end; t++ {
			n += *w.place(t)
		}
		if n != 0 {
			counts = append(counts, Count{ceilMS(time.Duration(end+1)*w.step - now), n})
		}
	}
	return counts
}

func ceilMS(d time.Duration) int64 { return int64(math.Ceil(float64(d) / float64(time.Millisecond))) }
