package quota

import (
	"context"
	"fmt"
	"time"
)

// Request is what a worker asks of the ledger.
type Request struct {
	Wants []Want `json:"wants,omitempty"`
	// Closed are leases of which no more will be used. Saying it twice changes nothing.
	Closed []Closed `json:"closed,omitempty"`
}

// Want asks for tokens of an account.
type Want struct {
	Account Account `json:"account"`
	// Limit is the smallest of the limits that hold for the account.
	Limit int64 `json:"limit"`
	Count int64 `json:"count"`
}

// Closed says how many tokens of a lease were used: more than there were, when that was known only afterwards.
type Closed struct {
	Account Account `json:"account"`
	Lease   uint64  `json:"lease"`
	Used    int64   `json:"used"`
}

// Response answers the wants of a Request, in their order.
type Response struct {
	Leases []Lease `json:"leases"`
}

// Lease is some tokens lent for a time, or the reason why there are none.
type Lease struct {
	ID uint64 `json:"lease,omitempty"`
	// Count is how many tokens were lent, at most as many as were asked for.
	Count int64 `json:"count"`
	// ForMS is how long they are good, from when they were asked for.
	ForMS int64 `json:"for_ms,omitempty"`
	// RetryAfterMS is when it is worth asking again, when none were lent.
	RetryAfterMS int64 `json:"retry_after_ms,omitempty"`
	// Resets is when the period of a budget ends.
	Resets time.Time `json:"resets,omitzero"`
	// Unknown says that the ledger could not find out what is left: ask again.
	Unknown bool `json:"unknown,omitempty"`
}

// maxWants bounds what one request asks for.
const maxWants = 256

// validate refuses what no worker asks.
func (r *Request) validate() error {
	if len(r.Wants) > maxWants || len(r.Closed) > maxClosed {
		return fmt.Errorf("%d wants and %d closed leases, at most %d and %d are possible", len(r.Wants), len(r.Closed), maxWants, maxClosed)
	}
	for _, w := range r.Wants {
		if err := w.Account.validate(); err != nil {
			return err
		}
		if w.Limit < 0 || w.Count < 1 {
			return fmt.Errorf("want of %s: limit %d and count %d, want at least 0 and 1", w.Account, w.Limit, w.Count)
		}
	}
	for _, c := range r.Closed {
		if err := c.Account.validate(); err != nil {
			return err
		}
		if c.Used < 0 {
			return fmt.Errorf("closed lease of %s: %d were used", c.Account, c.Used)
		}
	}
	return nil
}

// Lender is the ledger as a worker sees it, perhaps far away.
type Lender interface {
	// Lend answers a request. After an error it may or may not have been taken.
	Lend(ctx context.Context, request Request) (Response, error)
}
