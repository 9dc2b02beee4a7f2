package capabilities

import (
	"time"

	"github.com/google/uuid"
)

// The wire codes a Decision can carry.
const (
	CodeInvalidArgument   = "invalid_argument"
	CodePermissionDenied  = "permission_denied"
	CodeResourceExhausted = "resource_exhausted"
	CodeUnavailable       = "unavailable"
)

// Request is a call that waits for a decision.
type Request struct {
	Method Method
	// JobLibrary is the library of the job that calls.
	JobLibrary uuid.UUID
	// Library is the library the call names; the nil UUID means the job's own.
	Library uuid.UUID
	// Target is what the call is aimed at. Make it with [TargetOf].
	Target Target
}

// library is the library that the call is about.
func (r *Request) library() uuid.UUID {
	if r.Library == uuid.Nil {
		return r.JobLibrary
	}
	return r.Library
}

// Decision answers a Request. The zero Decision is a denial.
type Decision struct {
	Allowed bool
	// Code is the wire code of a denial.
	Code string
	// Reason is a sentence for people: what was asked, why not, and what would change that. It may be handed to the guest. Empty
	// when allowed.
	Reason string
	// Rules are the rules that allowed the call, by source.
	Rules [sources]string
	// Rule names the rule that denied it, with its source, such as "policy: no-bank". Where nothing allowed it, it names the place
	// where a rule is missing, such as "manifest: permissions.methods".
	Rule string
	// RetryAfter is how long to wait where waiting helps.
	RetryAfter time.Duration
}
