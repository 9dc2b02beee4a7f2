package airlock

import (
	"errors"
	"fmt"
	"time"
)

// ErrInterrupted is what Run returns when it stopped because [JobContext.Interrupted] said so.
var ErrInterrupted = errors.New("interrupted")

// ErrWaiting is what Run returns after a checkpoint to be called again when the job's sub-jobs have ended.
var ErrWaiting = errors.New("waiting for sub-jobs")

// Code says what kind of error a call ended in. Programs act on the code, people read the message.
type Code string

// The codes of the protocol.
const (
	InvalidArgument    Code = "invalid_argument"
	NotFound           Code = "not_found"
	AlreadyExists      Code = "already_exists"
	PermissionDenied   Code = "permission_denied"
	Unauthenticated    Code = "unauthenticated"
	ResourceExhausted  Code = "resource_exhausted"
	FailedPrecondition Code = "failed_precondition"
	DeadlineExceeded   Code = "deadline_exceeded"
	Unavailable        Code = "unavailable"
	Cancelled          Code = "cancelled"
	Unimplemented      Code = "unimplemented"
	Internal           Code = "internal"
)

// Error is a call the host or an operation refused.
type Error struct {
	// Code is the kind of refusal. A host that sends none counts as [Internal].
	Code Code
	// Message is a sentence for people.
	Message string
	// RetryAfter is how long to wait before the same call may succeed. Zero where waiting is not known to help.
	RetryAfter time.Duration
}

// Error returns the code and the message.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// ErrorCode returns the code of the [Error] in err's chain, and "" if there is none.
func ErrorCode(err error) Code {
	if call, ok := errors.AsType[*Error](err); ok {
		return call.Code
	}
	return ""
}

// Permanent marks err as one that a retry will not cure: the job fails for good. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

// Permanentf is [Permanent] of a formatted error.
func Permanentf(format string, args ...any) error {
	return &permanentError{fmt.Errorf(format, args...)}
}

type permanentError struct{ error }

func (e *permanentError) Unwrap() error { return e.error }

// The numbers an export answers.
const (
	exitCompleted   = 0
	exitInterrupted = 1
	exitFailed      = 2
	exitPermanent   = 3
	exitWaiting     = 4
)

func exitCode(err error) int32 {
	var permanent *permanentError
	switch {
	case err == nil:
		return exitCompleted
	case errors.Is(err, ErrInterrupted):
		return exitInterrupted
	case errors.Is(err, ErrWaiting):
		return exitWaiting
	case errors.As(err, &permanent):
		return exitPermanent
	default:
		return exitFailed
	}
}
