package bus

import (
	"context"
	"sync/atomic"

	"golang.org/x/time/rate"
)

// The rules by which a service refuses a call for who makes it, as the audit names them.
const (
	// RuleForged is that of a request that no worker makes: where it wants its answer, its headers, and what they say beside its subject.
	RuleForged = "service: request"
	// RuleCaller is that of a call that is not of the newest attempt of a job of the extension.
	RuleCaller = "service: caller"
)

// refusalRate is how many calls a second, and refusalBurst how many at once, have a record each of having been refused by a service; those beyond
// are counted in the next one. Who can send them chooses what they say, so what they cost is bounded.
const refusalRate, refusalBurst = 20, 200

// refusals are what the services of a connection refuse.
type refusals struct {
	auditor *Auditor
	limit   *rate.Limiter
	untold  atomic.Uint64
}

// AuditRefusals has the services of this connection write into the audit which calls they refuse for who makes them. Workers have denied before
// what extensions may not do, so these are of somebody else, or of an attempt that is over, or are denied by what only a service knows.
func (c *Conn) AuditRefusals(a *Auditor) {
	c.refused.Store(&refusals{auditor: a, limit: rate.NewLimiter(refusalRate, refusalBurst)})
}

// refuse notes that a call is refused, and returns why. Of what the call says of itself only what cannot grow the number of subjects is kept.
func (c *Conn) refuse(ctx context.Context, call *Call, rule string, why error) error {
	record := AuditRecord{Decision: AuditDenied, Rule: rule, Code: CodeOf(why)}
	if call != nil && (call.Kind == Query || call.Kind == Action) && validExtension(call.Extension) {
		record.Extension, record.Kind, record.Operation = call.Extension, string(call.Kind), call.Operation
		record.Job, record.Attempt = call.Job, call.Attempt
	}
	c.noteRefusal(ctx, record)
	return why
}

// AuditDenial notes that a service denies a call by a rule that only it could ask about: it knows where a redirect leads.
func (c *Conn) AuditDenial(ctx context.Context, call *Call, denial *Error) {
	c.noteRefusal(ctx, AuditRecord{
		Decision: AuditDenied, Rule: denial.Rule, Code: denial.Code, Extension: call.Extension, Kind: string(call.Kind), Operation: call.Operation,
		Library: call.Library, Job: call.Job, Attempt: call.Attempt,
	})
}

func (c *Conn) noteRefusal(ctx context.Context, record AuditRecord) {
	r := c.refused.Load()
	if r == nil {
		return
	}
	if !r.limit.Allow() {
		r.untold.Add(1)
		return
	}
	if untold := r.untold.Swap(0); untold > 0 {
		record.Count = untold + 1
	}
	r.auditor.Note(ctx, record)
}

// forged is refuse for a request of which no more is known than its subject.
func (c *Conn) forged(ctx context.Context, subject string, why error) error {
	call := &Call{}
	call.Extension, call.Kind, call.Operation, _ = parseCallSubject(subject)
	return c.refuse(ctx, call, RuleForged, why)
}
