package quota

import (
	"sync"
	"time"
)

// Purse has what this worker may use of an account. Nothing in it needs the network.
type Purse struct {
	account Account
	// number is the order in which purses are locked.
	number uint64

	mu     sync.Mutex
	limit  int64
	leases []held // in the order in which they came
	closed []Closed
	// refused is until when it is no use to ask, and why is what the ledger answered.
	refused time.Time
	resets  time.Time
	// asked says that an answer is on its way; answered is closed when it is there.
	asked    bool
	answered chan struct{}
	// short is what somebody waits for; debt was used when there was no lease to count it against.
	short, debt int64
	// taken is what was used since, chunk what was asked for last.
	taken, chunk int64
	since        time.Time
	idle         bool
	meters       int
}

// held is a lease in a purse.
type held struct {
	id          uint64
	count, used int64
	ends        time.Time
}

// maxClosed bounds the closed leases that wait to be reported. Those beyond count as used, which is what happens to a lease of which
// nobody says anything.
const maxClosed = 1024

// drop closes leases that have ended, and those that are used up.
func (p *Purse) drop(now time.Time) {
	keep := p.leases[:0]
	for _, l := range p.leases {
		if l.used < l.count && now.Before(l.ends) {
			keep = append(keep, l)
			continue
		}
		p.report(l)
	}
	p.leases = keep
}

func (p *Purse) report(l held) {
	if len(p.closed) < maxClosed {
		p.closed = append(p.closed, Closed{p.account, l.id, l.used})
	}
}

// left is what can be used now.
func (p *Purse) left(now time.Time) int64 {
	left := -p.debt
	for i := range p.leases {
		if l := &p.leases[i]; now.Before(l.ends) {
			left += l.count - l.used
		}
	}
	return left
}

// use uses n, of leases that have so many left. What they have not is counted against the last one, or is a debt.
func (p *Purse) use(now time.Time, n int64) {
	p.taken += n
	p.idle = false
	for i := range p.leases {
		l := &p.leases[i]
		if n == 0 || !now.Before(l.ends) {
			continue
		}
		m := max(0, min(n, l.count-l.used))
		l.used += m
		n -= m
	}
	p.debt += n
}

// low tells whether it is time to ask for more.
func (p *Purse) low(now time.Time, left int64) bool {
	return !p.asked && left*2 < p.chunk && p.chunk > 1 && !now.Before(p.refused)
}

const (
	// ahead is for how much time of use a worker asks.
	ahead = 500 * time.Millisecond
	// largest is the part of a limit that a worker asks for at most at a time.
	largest = 32
)

// want is how many to ask for; 0 for none. It goes by what was used lately, and doubles while that is not enough.
func (p *Purse) want(now time.Time) int64 {
	left := p.left(now)
	need := max(p.short, 0) - max(left, 0)
	if left < 0 {
		need = max(need, 1-left)
	}
	if need <= 0 && !p.low(now, left) {
		return 0
	}
	elapsed := max(now.Sub(p.since), ahead/16)
	lately := int64(float64(p.taken) * float64(ahead) / float64(elapsed))
	if lately >= p.chunk { // it went faster than it was thought
		lately = max(lately, 2*p.chunk)
	}
	p.taken, p.since = 0, now
	p.chunk = max(1, min(lately, p.limit/largest))
	return max(need, p.chunk-max(left, 0))
}

// add takes what the ledger answered to a want of so many, sent at a time.
func (p *Purse) add(lease Lease, wanted int64, sent, now time.Time) {
	p.resets = lease.Resets
	switch {
	case lease.Unknown:
	case lease.Count <= 0:
		p.refused = now.Add(time.Duration(lease.RetryAfterMS) * time.Millisecond)
	default:
		l := held{id: lease.ID, count: lease.Count, ends: sent.Add(time.Duration(lease.ForMS) * time.Millisecond)}
		l.used, p.debt = p.debt, 0
		p.leases = append(p.leases, l)
		if lease.Count < wanted && p.left(now) < p.short { // it is all there is
			p.refused = now.Add(retryPart)
		}
	}
}

// retryPart is when to ask again for more than was left.
const retryPart = 250 * time.Millisecond

// rest gives back what nobody used since it was last called.
func (p *Purse) rest(now time.Time) {
	p.drop(now)
	if p.idle && p.short == 0 {
		for _, l := range p.leases {
			p.report(l)
		}
		p.leases = p.leases[:0]
		p.chunk = 0
	}
	p.idle = true
}

// wake lets those go on who wait for the answer.
func (p *Purse) wake() {
	p.asked, p.short = false, 0
	if p.answered != nil {
		close(p.answered)
		p.answered = nil
	}
}

// await has somebody wait for n. The channel is closed when there is an answer.
func (p *Purse) await(n int64) <-chan struct{} {
	p.short += n
	if p.answered == nil {
		p.answered = make(chan struct{})
	}
	return p.answered
}
