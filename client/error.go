package client

import (
	"errors"

	"github.com/airlock-run/airlock/bus"
)

// What errors are told apart by, with errors.Is.
var (
	// ErrNotReachable is returned by Connect when nothing answers.
	ErrNotReachable = bus.ErrNotReachable
	// ErrNotFound is returned for a job that is not there: it never was, was deleted, or its record is not kept any more.
	ErrNotFound = errors.New("no such job")
	// ErrUnknownExtension and ErrUnknownJob are returned by Enqueue for what is not installed.
	ErrUnknownExtension = errors.New("unknown extension")
	ErrUnknownJob       = errors.New("unknown job")
	// ErrNotAllowed is returned by Enqueue for a library in which the extension may not run.
	ErrNotAllowed = errors.New("not allowed")
	// ErrQueueFull is returned by Enqueue while too many jobs wait. The *Error in its chain says when to try again.
	ErrQueueFull = errors.New("queue is full")
	// ErrInvalid is returned for a job that cannot be. Trying again does not help.
	ErrInvalid = errors.New("invalid")
	// ErrState is returned for what the state of a job does not allow, such as to cancel one that has ended.
	ErrState = errors.New("not in this state")
	// ErrUnavailable is returned when the bus did not answer, or not in time: what was asked for may have been done or not. It may be
	// repeated, a job with the same id.
	ErrUnavailable = errors.New("unavailable")
)

// DuplicateError is returned by Enqueue for a unique job when another holds its key. It names that one.
type DuplicateError = bus.DuplicateError

// Error is what the bus and the services on it answer: a code, a sentence, and when to try again.
type Error = bus.Error

// kindError is an error that is of one of the kinds above.
type kindError struct{ kind, cause error }

func (e *kindError) Error() string   { return e.cause.Error() }
func (e *kindError) Unwrap() []error { return []error{e.kind, e.cause} }

// refuse makes an error of a kind with a sentence.
func refuse(kind error, code bus.Code, format string, args ...any) error {
	return &kindError{kind, bus.Errorf(code, format, args...)}
}

// typed gives an error of the bus its kind.
func typed(err error) error {
	if _, ok := errors.AsType[*DuplicateError](err); ok || err == nil {
		return err
	}
	wire, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	switch wire.Code {
	case bus.NotFound:
		return &kindError{ErrNotFound, err}
	case bus.ResourceExhausted:
		return &kindError{ErrQueueFull, err}
	case bus.InvalidArgument:
		return &kindError{ErrInvalid, err}
	case bus.FailedPrecondition:
		return &kindError{ErrState, err}
	case bus.Unavailable, bus.DeadlineExceeded:
		return &kindError{ErrUnavailable, err}
	default:
		return err
	}
}
