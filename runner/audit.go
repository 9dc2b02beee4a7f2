package runner

import (
	"context"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// trail is what one attempt leaves in the audit. Actions, uses of credentials and denials have a record each; reads, and denials that repeat
// themselves, are counted. It is safe for concurrent use.
type trail struct {
	auditor *bus.Auditor
	// required tells whether an action waits for a record that announces it.
	required func() bool
	// each is how many reads one record stands for: 0 for all of the attempt that are alike.
	each uint64
	// about is what all records of the attempt say.
	about bus.AuditRecord

	mu      sync.Mutex
	counted map[countKey]*count
}

// passage is what the audit needs to know of one call.
type passage struct {
	// allowed tells that the door let it through: permissions, rates and budgets, and the audit itself. rule is that of the policy by which
	// it did, or the one that refused it.
	allowed bool
	rule    string
	// credential is the name of the one that the call uses, stores or reads; empty for none.
	credential string
	// intent is the record that announced it.
	intent uuid.UUID
}

// decided notes what the capabilities of the extension say of the call.
func (p *passage) decided(d capabilities.Decision, target *capabilities.Target) {
	p.allowed, p.rule, p.credential = d.Allowed, d.Rule, auditable(target.Credential)
	if d.Allowed {
		p.rule = capabilities.Operator.String() + ": " + d.Rules[capabilities.Operator]
	}
}

// refused notes that the call was not sent after all.
func (p *passage) refused(err error) error {
	p.allowed, p.rule = false, ruleOf(err)
	return err
}

// countKey is what calls have in common that are counted together.
type countKey struct {
	decision        bus.AuditDecision
	kind, operation string
	library         uuid.UUID
	code            bus.Code
	rule            string
}

// count is how many calls there were, and of how many of them no record tells yet.
type count struct {
	all, untold     uint64
	took            time.Duration
	request, answer int64
}

const (
	// firstDenials is how many denials that are alike have a record of their own.
	firstDenials = 16
	// untoldMost is how many calls are counted at most before a record tells of them.
	untoldMost = 10_000
	// maxCounted is how many kinds of calls are told apart. What a guest asks for is for it to choose.
	maxCounted = 256
)

// newTrail makes the trail of an attempt.
func (w *Worker) newTrail(job *bus.Job, attempt uint64) *trail {
	return &trail{
		auditor: w.auditor, required: w.auditRequired, each: w.config.AuditReads,
		about: bus.AuditRecord{Extension: job.Extension, Library: job.Library, Job: job.ID, JobName: job.Name, Attempt: attempt},
	}
}

// intend announces an action, if the operator demands that it is.
//
// # Errors
//
// unavailable: the action must not be sent.
func (t *trail) intend(ctx context.Context, method capabilities.Method, c *sandbox.Call, p *passage) (err error) {
	if method.Kind != capabilities.Action || t.required == nil || !t.required() {
		return nil
	}
	r := t.record(method, c, p)
	r.Decision, r.At = bus.AuditIntent, time.Now().UTC()
	if p.intent, err = t.auditor.Confirm(ctx, r); err != nil {
		refusal := bus.Errorf(bus.Unavailable, "the policy demands that each action is in the audit before it is sent, and %s: no action is sent until it can be",
			bus.AsError(err).Message)
		refusal.Rule = "policy: audit.required"
		return refusal
	}
	return nil
}

// called notes a call that has ended.
func (t *trail) called(ctx context.Context, method capabilities.Method, c *sandbox.Call, p *passage, start time.Time, took time.Duration, answer int, err error) {
	key := countKey{decision: bus.AuditAllowed, library: c.Library, code: bus.CodeOf(err), rule: p.rule}
	if method.Operation != "" {
		key.kind, key.operation = string(method.Kind), method.Operation
	}
	if !p.allowed {
		key.decision = bus.AuditDenied
	}
	alone := key.decision == bus.AuditAllowed && (method.Kind == capabilities.Action || p.credential != "" || isCredential(method))
	if !alone {
		if alone = t.count(ctx, key, took, len(c.Payload), answer); !alone {
			return
		}
	}
	r := t.record(method, c, p)
	r.Decision, r.Code, r.At, r.MS, r.AnswerBytes, r.Intent = key.decision, key.code, start.UTC(), milliseconds(took), int64(answer), p.intent
	t.auditor.Note(ctx, r)
}

// record is what is known of a call before it is made.
func (t *trail) record(method capabilities.Method, c *sandbox.Call, p *passage) bus.AuditRecord {
	r := t.about
	r.Rule, r.RequestBytes = p.rule, int64(len(c.Payload))
	if method.Operation != "" {
		r.Kind, r.Operation, r.Credential = string(method.Kind), method.Operation, p.credential
	}
	if c.Library != uuid.Nil && c.Library != r.Library {
		r.JobLibrary, r.Library = r.Library, c.Library
	}
	return r
}

// count counts a call, and tells whether it is to have a record of its own.
func (t *trail) count(ctx context.Context, key countKey, took time.Duration, request, answer int) (alone bool) {
	t.mu.Lock()
	n := t.counted[key]
	if n == nil {
		if len(t.counted) >= maxCounted {
			key = countKey{decision: key.decision} // the others
			n = t.counted[key]
		}
		if n == nil {
			if t.counted == nil {
				t.counted = map[countKey]*count{}
			}
			n = &count{}
			t.counted[key] = n
		}
	}
	n.all++
	if key.decision == bus.AuditDenied && n.all <= firstDenials {
		t.mu.Unlock()
		return true
	}
	n.untold++
	n.took, n.request, n.answer = n.took+took, n.request+int64(request), n.answer+int64(answer)
	most := uint64(untoldMost)
	if t.each > 0 && key.decision == bus.AuditAllowed {
		most = t.each
	}
	full := n.untold >= most
	var r bus.AuditRecord
	if full {
		r = t.tell(key, n)
	}
	t.mu.Unlock()
	if full {
		t.auditor.Note(ctx, r)
	}
	return false
}

// tell makes the record of what was counted. It needs mu.
func (t *trail) tell(key countKey, n *count) bus.AuditRecord {
	r := t.about
	r.Decision, r.Kind, r.Operation, r.Code, r.Rule = key.decision, key.kind, key.operation, key.code, key.rule
	if key.library != uuid.Nil && key.library != r.Library {
		r.JobLibrary, r.Library = r.Library, key.library
	}
	r.Count, r.MS, r.RequestBytes, r.AnswerBytes = n.untold, milliseconds(n.took), n.request, n.answer
	*n = count{all: n.all}
	return r
}

// end notes what was counted. Nothing may be called after it.
func (t *trail) end(ctx context.Context) {
	t.mu.Lock()
	var records []bus.AuditRecord
	for key, n := range t.counted {
		if n.untold > 0 {
			records = append(records, t.tell(key, n))
		}
	}
	t.mu.Unlock()
	for i := range records {
		t.auditor.Note(ctx, records[i])
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }

// isCredential tells whether a method is about credentials alone, so that each call of it has a record, also one that names none.
func isCredential(method capabilities.Method) bool {
	return strings.HasPrefix(method.Operation, "credentials.")
}

// maxCredential is the longest name of a credential that the audit has, in bytes.
const maxCredential = 256

// auditable is the name of a credential as the audit has it: empty when it could be none.
func auditable(credential string) string {
	if len(credential) > maxCredential || strings.ContainsFunc(credential, unicode.IsControl) {
		return ""
	}
	return credential
}

// auditRequired tells whether the operator demands now that each action is in the audit before it is sent.
func (w *Worker) auditRequired() bool {
	if required := w.config.AuditRequired; required != nil {
		return required()
	}
	policy, _ := w.authority.Policy()
	return policy == nil || policy.Audit.Required
}
