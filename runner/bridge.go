package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/capabilities/quota"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// bridge is the door of one attempt: each call of the guest is authorised, counted against the extension's rate, given its
// key, and sent to an operation. It is safe for concurrent use.
type bridge struct {
	conn *bus.Conn
	// authority decides about what the extension asks for by its grant.
	authority *capabilities.Authority
	grant     *capabilities.Grant
	// quotas, meter and execution are for what is counted: meter counts what happens in the job's library.
	quotas    *quotas
	meter     *quota.Meter
	execution *execution
	timeout   time.Duration
	job       *bus.Job
	attempt   uint64
	report    *reporter
	metrics   *Metrics
	trail     *trail

	mu sync.Mutex
	// occurrences counts the actions of this job by hash: with them one called again after a restart has the key it had.
	occurrences map[string]uint32
	// wake is when the guest wants to be run again, if it returns interrupted; the zero time when it did not say.
	wake time.Time
}

// call takes one call through the door and returns what the guest gets, at most so many bytes.
func (b *bridge) call(ctx context.Context, c sandbox.Call, most int64) json.RawMessage {
	start := time.Now()
	method, err := capabilities.ParseMethod(c.Method)
	ctx, span := startCall(ctx, method)
	var answer json.RawMessage
	var p passage
	if err != nil {
		err = bus.Errorf(bus.InvalidArgument, "%v", err)
	} else {
		answer, err = b.pass(ctx, c, method, most, &p)
	}
	bus.EndSpan(span, err)
	took := time.Since(start)
	b.metrics.called(method.Operation, err, took)
	b.report.called(bus.CallNote{Method: cut(c.Method, maxMethod), At: start.UTC(), MS: float64(took.Microseconds()) / 1e3, Code: bus.CodeOf(err), Rule: ruleOf(err)})
	b.trail.called(ctx, method, &c, &p, start, took, len(answer), err)
	if err == nil {
		return answer
	}
	refusal, _ := bus.AsError(err).MarshalJSON()
	return refusal
}

func (b *bridge) pass(ctx context.Context, c sandbox.Call, method capabilities.Method, most int64, p *passage) (json.RawMessage, error) {
	target, err := capabilities.TargetOf(b.job.Extension, method, c.Payload)
	if err != nil {
		return nil, bus.Errorf(bus.InvalidArgument, "%v", err)
	}
	decision := b.authority.Decide(b.grant, &capabilities.Request{Method: method, JobLibrary: b.job.Library, Library: c.Library, Target: target})
	p.decided(decision, &target)
	if !decision.Allowed {
		return nil, refusal(decision)
	}
	library := c.Library
	if library == uuid.Nil {
		library = b.job.Library
	}
	mayWait := b.execution.permissions().MaxWait
	ctx, cancel := context.WithTimeout(ctx, b.timeout+mayWait)
	defer cancel()
	meter, err := b.admit(ctx, method, library, len(c.Payload))
	if err != nil {
		return nil, p.refused(err)
	}
	if isSnooze(method) {
		return b.snooze(c.Payload)
	}
	call := &bus.Call{
		Extension: b.job.Extension, Kind: bus.Kind(method.Kind), Operation: method.Operation, Version: method.Version,
		Library: library, Job: b.job.ID, Attempt: b.attempt, Payload: c.Payload, MaxAnswer: most,
	}
	if len(call.Payload) == 0 {
		call.Payload = json.RawMessage("null")
	}
	if call.Key, err = b.key(call, c.Key); err != nil {
		return nil, p.refused(err)
	}
	if mayWait > 0 { // what it waited for its turn does not count
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, b.timeout)
		defer stop()
	}
	if err := b.trail.intend(ctx, method, &c, p); err != nil {
		return nil, p.refused(err)
	}
	answer, err := b.conn.Call(ctx, call)
	meter.Spend(quota.Bytes, int64(len(answer)))
	meter.Spend(quota.AITokens, call.Tokens)
	return answer, err
}

// refusal is the error of what was not allowed.
func refusal(d capabilities.Decision) *bus.Error {
	return &bus.Error{Code: bus.Code(d.Code), Message: d.Reason, RetryAfter: d.RetryAfter, Rule: d.Rule}
}

// ruleOf is the rule that an error names.
func ruleOf(err error) string {
	if refused, ok := errors.AsType[*bus.Error](err); ok {
		return refused.Rule
	}
	return ""
}

// maxKey is the longest key a guest may give a call, in bytes.
const maxKey = 128

// key names the effect of a call. What reads has none, and so none to count: a job may ask a million different things.
func (b *bridge) key(call *bus.Call, own string) (string, error) {
	if own != "" {
		if len(own) > maxKey || strings.ContainsFunc(own, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return "", bus.Errorf(bus.InvalidArgument, "key of a call is %d bytes, want 1 to %d visible ASCII characters", len(own), maxKey)
		}
		return call.Job.String() + "/k/" + own, nil
	}
	if call.Kind == bus.Query {
		return "", nil
	}
	hash := call.Hash()
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.occurrences[hash]
	b.occurrences[hash] = n + 1
	return fmt.Sprintf("%s/%s/%d", call.Job, hash, n), nil
}

// counted returns the counters for a checkpoint.
func (b *bridge) counted() map[string]uint32 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.occurrences)
}
