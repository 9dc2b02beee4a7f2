package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Code says what kind of failure an Error is. Programs act on the code, people read the message. The codes are those of
// docs/protocol.md and mean what the gRPC codes of the same names mean.
type Code string

// The codes an Error can have.
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

// Error is the one error that travels between Airlock's parts and to guests.
type Error struct {
	Code    Code
	Message string
	// RetryAfter is how long to wait before the same request can succeed; 0 where waiting does not help.
	RetryAfter time.Duration
	// Rule names the rule that denied a call, with its source: "policy: no-bank". Empty for other errors.
	Rule string
}

// Errorf makes an Error of code with a formatted sentence.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Error returns the code and the message, "not_found: no entry …".
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

type wireError struct {
	Error        string `json:"error"`
	Code         Code   `json:"code"`
	RetryAfterMS int64  `json:"retry_after_ms,omitempty"`
	Rule         string `json:"rule,omitempty"`
}

// MarshalJSON writes the object a guest gets: {"error", "code", "retry_after_ms"?, "rule"?}.
func (e *Error) MarshalJSON() ([]byte, error) {
	return json.Marshal(wireError{Error: e.Message, Code: e.Code, RetryAfterMS: e.RetryAfter.Milliseconds(), Rule: e.Rule})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (e *Error) UnmarshalJSON(data []byte) error {
	var w wireError
	if err := json.Unmarshal(data, &w); err != nil {
		return fmt.Errorf("decode error: %w", err)
	}
	*e = Error{Code: w.Code, Message: w.Error, RetryAfter: time.Duration(w.RetryAfterMS) * time.Millisecond, Rule: w.Rule}
	return nil
}

// AsError returns what of err may leave this process: the *Error in its chain, an Error for an ended context, and
// otherwise an internal error without err's text, which is for the log only.
func AsError(err error) *Error {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.DeadlineExceeded):
		return Errorf(DeadlineExceeded, "the time for this call is over")
	case errors.Is(err, context.Canceled):
		return Errorf(Cancelled, "the caller no longer waits")
	default:
		return Errorf(Internal, "internal error; the log of the service that answered has the details")
	}
}

// CodeOf returns the code of err: that of AsError, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return AsError(err).Code
}
