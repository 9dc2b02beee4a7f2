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
)

// Request is a call that waits for a decision.
type Request struct {
	Extension string
	Method    Method
	// JobLibrary is the library of the job that calls.
	JobLibrary uuid.UUID
	// Library is the library the call names; the nil UUID means the job's own.
	Library uuid.UUID
}

// Decision answers a Request. The zero Decision is a denial.
type Decision struct {
	Allowed bool
	// Code is the wire code of a denial.
	Code string
	// Reason is a sentence for the extension's author: what was asked, why not, and what to add to the manifest. It may be
	// handed to the guest. Empty when allowed.
	Reason string
	// Rule is the pattern that granted the method.
	Rule string
	// RetryAfter is how long to wait where waiting helps.
	RetryAfter time.Duration
}
