package extensions

import (
	"fmt"
	"slices"
	"time"

	"github.com/airlock-run/airlock/capabilities/quota"
)

// WhenExceeded is what becomes of a call when a rate or a budget has nothing left.
type WhenExceeded string

// The ways to go on.
const (
	// Refuse answers resource_exhausted, with the time after which trying again may help. It is the default.
	Refuse WhenExceeded = "refuse"
	// Wait waits until there is something left, at most MaxWait, and refuses after that.
	Wait WhenExceeded = "wait"
	// SetAside ends the attempt without a failure. The job goes on from its checkpoint when there is something left.
	SetAside WhenExceeded = "set_aside"
)

const (
	// DefaultMaxWait is how long a call waits whose manifest does not say.
	DefaultMaxWait = 10 * time.Second
	// longestWait is how long one may wait: a call is no place to sleep in.
	longestWait = 10 * 60 * 1000
)

func (d *decoder) whenExceeded(p *Permissions) func(*node) {
	return d.checked(func(text string) error {
		p.WhenExceeded = WhenExceeded(text)
		if !slices.Contains([]WhenExceeded{Refuse, Wait, SetAside}, p.WhenExceeded) {
			return fmt.Errorf(`%s is no way to go on: write "refuse", "wait" or "set_aside"`, quote(text))
		}
		return nil
	})
}

func (d *decoder) maxWait(p *Permissions) func(*node) {
	return func(n *node) {
		ms := 0
		if d.integer(&ms, longestWait, "milliseconds")(n); ms > 0 {
			p.MaxWait = time.Duration(ms) * time.Millisecond
		}
	}
}

// budgets reads {"day": {"calls": 1000, "ai_tokens": 50000}, …}.
func (d *decoder) budgets(p *Permissions) func(*node) {
	return func(n *node) {
		known := fields{}
		for _, per := range []quota.Period{quota.Hour, quota.Day, quota.Month} {
			known[string(per)] = func(n *node) { d.budget(n, per, p) }
		}
		d.object(n, known)
	}
}

func (d *decoder) budget(n *node, per quota.Period, p *Permissions) {
	var calls, bytes, tokens, fuel int
	d.object(n, fields{
		"calls":     d.integer(&calls, maxInt, "calls"),
		"bytes":     d.integer(&bytes, maxInt, "bytes"),
		"ai_tokens": d.integer(&tokens, maxInt, "tokens"),
		"fuel":      d.integer(&fuel, maxInt, "units"),
	})
	if n.kind == isObject && calls+bytes+tokens+fuel == 0 {
		d.warn(n.start, n.path(), "it bounds nothing: write calls, bytes, ai_tokens or fuel")
		return
	}
	p.Budgets = append(p.Budgets, quota.BudgetRule{
		Extensions: []string{quota.All}, Libraries: []string{quota.All}, Per: per,
		Calls: int64(calls), Bytes: int64(bytes), AITokens: int64(tokens), Fuel: int64(fuel),
	})
}

// Allowance is what the extension may use by its manifest and by the operator's rules, whichever is less. The manifest's rate is for all
// libraries together, its budgets are for each library.
//
// # Errors
//
// An operator's rule that is malformed, by its name.
func (m *Manifest) Allowance(rates []quota.RateRule, budgets []quota.BudgetRule) (*quota.Allowance, error) {
	own := quota.RateRule{Extensions: []string{quota.All}, RequestsPerMinute: int64(m.Permissions.RequestsPerMinute)}
	return quota.Compile(string(m.ID), append([]quota.RateRule{own}, rates...), append(slices.Clone(m.Permissions.Budgets), budgets...))
}
