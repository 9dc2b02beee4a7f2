package quota

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/airlock-run/airlock/capabilities"
)

// Meter counts the calls of an extension in one library. It is safe for concurrent use.
type Meter struct {
	purses    *Purses
	allowance *Allowance
	lines     []counted
}

// counted is a purse with the smallest of the limits that lead to it.
type counted struct {
	purse *Purse
	line  *line
}

func (m *Meter) add(l *line, p *Purse) {
	for i := range m.lines {
		if m.lines[i].purse == p {
			p.meters--
			if l.limit < m.lines[i].line.limit {
				m.lines[i].line = l
			}
			return
		}
	}
	m.lines = append(m.lines, counted{p, l})
}

// sort orders the purses as they are locked.
func (m *Meter) sort() {
	slices.SortFunc(m.lines, func(a, b counted) int { return cmp.Compare(a.purse.number, b.purse.number) })
}

// Close says that the meter is not used any more.
func (m *Meter) Close() {
	m.purses.mu.Lock()
	defer m.purses.mu.Unlock()
	for _, c := range m.lines {
		c.purse.meters--
	}
}

// Refusal says why a call may not be made now. The zero Refusal is none.
type Refusal struct {
	// Account is what has nothing left, and Limit what it may have; Rule is the name of the rule that says so, "" for the
	// extension's own manifest.
	Account Account
	Limit   int64
	Rule    string
	// RetryAfter is when it is worth trying again; Resets, of a budget, when its period ends.
	RetryAfter time.Duration
	Resets     time.Time
	// Unknown says that it is not known what is left: the ledger does not answer.
	Unknown bool
}

// Refused tells whether it is one.
func (r *Refusal) Refused() bool { return r.Account.Extension != "" }

// retryUnknown is when to try again when the ledger did not answer.
const retryUnknown = time.Second

// Take lets a call through, with a payload of so many bytes, if all accounts that it concerns have something left: a request, a call, its
// bytes, and for an operation of AI models some tokens. Otherwise nothing is counted. It allocates nothing while there is something in hand. If there is not, it
// waits until the ledger has answered, at most for the patience of the configuration.
func (m *Meter) Take(ctx context.Context, method capabilities.Method, bytes int) Refusal {
	c := charge{method: method, bytes: int64(bytes)}
	refusal, short := m.try(&c)
	if short == nil {
		return refusal
	}
	return m.wait(ctx, &c, short)
}

// Begin lets a job begin, if there is fuel left.
func (m *Meter) Begin(ctx context.Context) Refusal {
	c := charge{job: true}
	refusal, short := m.try(&c)
	if short == nil {
		return refusal
	}
	return m.wait(ctx, &c, short)
}

// Spend counts what is known only after a call or a job.
func (m *Meter) Spend(resource Resource, n int64) {
	if n <= 0 {
		return
	}
	now := m.purses.config.Now()
	for _, c := range m.lines {
		if c.purse.account.Resource != resource {
			continue
		}
		c.purse.mu.Lock()
		c.purse.limit = c.line.limit
		c.purse.use(now, n)
		low := c.purse.debt > 0 || c.purse.low(now, c.purse.left(now))
		c.purse.mu.Unlock()
		if low {
			m.purses.need(c.purse)
		}
	}
}

// charge is what a call, or the beginning of a job, asks for.
type charge struct {
	method capabilities.Method
	bytes  int64
	job    bool
}

// of is how much of an account a charge takes, and how much has to be there: both 0 when it does not concern the account.
func (c *charge) of(l *line) (take, needs int64) {
	if c.job {
		if l.account.Resource == Fuel {
			return 0, 1
		}
		return 0, 0
	}
	switch l.account.Resource {
	case Requests:
		if len(l.operations) > 0 && !l.operations.Covers(c.method) {
			return 0, 0
		}
		return 1, 1
	case Calls:
		return 1, 1
	case Bytes:
		return c.bytes, max(c.bytes, 1)
	case AITokens:
		if strings.HasPrefix(c.method.Operation, "ai.") {
			return 0, 1
		}
	case Fuel:
	}
	return 0, 0
}

// try takes what is in hand. If that is not enough it returns what is short, if asking may help.
func (m *Meter) try(c *charge) (refusal Refusal, short *counted) {
	now := m.purses.config.Now()
	var due [maxLines]struct{ take, needs, left int64 }
	for i := range m.lines {
		d := &due[i]
		if d.take, d.needs = c.of(m.lines[i].line); d.needs > 0 {
			p := m.lines[i].purse
			p.mu.Lock()
			p.limit = m.lines[i].line.limit
			d.left = p.left(now)
		}
	}
	enough := true
	for i := range m.lines {
		if d := &due[i]; d.left < d.needs {
			enough = false
			if now.Before(m.lines[i].purse.refused) || d.needs > m.lines[i].line.limit {
				refusal, short = m.lines[i].refusal(now), nil
				break
			}
			short = &m.lines[i]
		}
	}
	var low [maxLines]*Purse
	lows := 0
	for i := range m.lines {
		d, p := &due[i], m.lines[i].purse
		if d.needs == 0 {
			continue
		}
		if enough {
			p.use(now, d.take)
			if p.low(now, d.left-d.take) {
				low[lows] = p
				lows++
			}
		}
		p.mu.Unlock()
	}
	for _, p := range low[:lows] {
		m.purses.need(p)
	}
	return refusal, short
}

// refusal is that of a purse that has nothing.
func (c *counted) refusal(now time.Time) Refusal {
	r := Refusal{Account: c.purse.account, Limit: c.line.limit, Rule: c.line.rule, Resets: c.purse.resets, RetryAfter: c.purse.refused.Sub(now)}
	if r.RetryAfter <= 0 { // more than the limit at once
		r.RetryAfter = 0
	}
	return r
}

// wait waits for the ledger to fill what is short.
func (m *Meter) wait(ctx context.Context, c *charge, short *counted) (refusal Refusal) {
	patience := time.NewTimer(m.purses.config.Patience)
	defer patience.Stop()
	for {
		_, needs := c.of(short.line)
		short.purse.mu.Lock()
		answered := short.purse.await(needs)
		short.purse.mu.Unlock()
		m.purses.need(short.purse)
		over := false
		select {
		case <-answered:
		case <-patience.C:
			over = true
		case <-ctx.Done():
			over = true
		}
		last := *short
		if refusal, short = m.try(c); short == nil {
			return refusal
		}
		if over {
			return Refusal{Account: last.purse.account, Limit: last.line.limit, Rule: last.line.rule, RetryAfter: retryUnknown, Unknown: true}
		}
	}
}
