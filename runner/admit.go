package runner

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/capabilities/quota"
	"github.com/airlock-run/airlock/extensions"
)

// admission by quota: what becomes of a call, or of a job, when nothing is left.

// admit takes a call's share of the rates and budgets that concern it, and returns what counts the rest of it.
func (b *bridge) admit(ctx context.Context, method capabilities.Method, library uuid.UUID, bytes int) (*quota.Meter, error) {
	meter := b.meter
	if library != b.job.Library {
		other, err := b.quotas.meter(b.execution, library)
		if err != nil {
			return nil, err
		}
		defer other.Close()
		meter = other
	}
	refusal := meter.Take(ctx, method, bytes)
	if b.execution.permissions().WhenExceeded == extensions.Wait && refusal.Refused() {
		refusal = b.await(ctx, meter, method, bytes, refusal)
	}
	if !refusal.Refused() {
		return meter, nil
	}
	if b.execution.permissions().WhenExceeded == extensions.SetAside && !refusal.Unknown && refusal.RetryAfter > 0 {
		b.execution.deadline.setAside(wakeAfter(refusal.RetryAfter))
	}
	return nil, refused(refusal, b.job.Extension, method.String())
}

// await waits until there is room, at most as long as the manifest says.
func (b *bridge) await(ctx context.Context, meter *quota.Meter, method capabilities.Method, bytes int, refusal quota.Refusal) quota.Refusal {
	until := time.Now().Add(b.execution.permissions().MaxWait)
	for refusal.Refused() {
		left := time.Until(until)
		if refusal.RetryAfter <= 0 || left < min(refusal.RetryAfter, time.Minute) {
			break
		}
		select {
		case <-time.After(refusal.RetryAfter):
		case <-ctx.Done():
			return refusal
		}
		refusal = meter.Take(ctx, method, bytes)
	}
	return refusal
}

// wakeAfter is when a job that was set aside goes on: not all of them at once.
func wakeAfter(wait time.Duration) time.Time {
	wait += rand.N(wait/10 + 100*time.Millisecond) //nolint:gosec // jitter needs no secret
	return time.Now().Add(min(wait, maxSnooze))
}

// refused says what has nothing left, until when, and what would change that.
func refused(r quota.Refusal, extension, asked string) error {
	if r.Unknown {
		e := bus.Errorf(bus.Unavailable, "%s asked for %s, and what it has left of its %s is not known: the cluster's ledger does not answer", extension, asked, noun(r.Account))
		e.RetryAfter, e.Rule = r.RetryAfter, "ledger: not known"
		return e
	}
	raise := "permissions.rate_limits.requests_per_minute"
	if r.Account.Resource != quota.Requests {
		raise = fmt.Sprintf("permissions.budgets.%s.%s", r.Account.Period, r.Account.Resource)
	}
	rule := "manifest: " + raise
	if r.Rule != "" {
		raise, rule = "rule "+r.Rule+" of the operator's", "policy: "+r.Rule
	}
	scope, when := "", ""
	if r.Account.Library != uuid.Nil {
		scope = " of library " + r.Account.Library.String()
	}
	if r.RetryAfter > 0 {
		when = fmt.Sprintf("wait %s, or ", r.RetryAfter.Round(time.Millisecond))
	}
	if !r.Resets.IsZero() {
		when = fmt.Sprintf("wait until %s, or ", r.Resets.Format(time.RFC3339))
	}
	e := bus.Errorf(bus.ResourceExhausted, "%s asked for %s after the %d %s%s that it may use in a %s: %sraise %s",
		extension, asked, r.Limit, noun(r.Account), scope, r.Account.Period, when, raise)
	e.RetryAfter, e.Rule = r.RetryAfter, rule
	return e
}

func noun(a quota.Account) string {
	switch a.Resource {
	case quota.AITokens:
		return "AI tokens"
	case quota.Fuel:
		return "units of fuel"
	default:
		return string(a.Resource)
	}
}

// begin has a job begin only if there is fuel left for it; otherwise it is set aside, whatever the manifest says: there is no guest yet
// that could be answered.
func (e *execution) begin(ctx context.Context, meter *quota.Meter) error {
	refusal := meter.Begin(ctx)
	if !refusal.Refused() {
		return nil
	}
	e.deadline.setAside(wakeAfter(max(refusal.RetryAfter, time.Second)))
	return errAsked
}

// permissions are those of the manifest.
func (e *execution) permissions() *extensions.Permissions { return &e.extension.Manifest.Permissions }
