package runner

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// Exit codes of a job; docs/protocol.md says what each means.
const (
	exitCompleted   = 0
	exitInterrupted = 1
	exitFailed      = 2
	exitPermanent   = 3
	exitWaiting     = 4
)

// permanentError is a failure that trying again does not mend.
type permanentError struct {
	code    bus.Code
	message string
}

func permanent(code bus.Code, format string, args ...any) error {
	return &permanentError{code: code, message: fmt.Sprintf(format, args...)}
}

// Error is the sentence; the code has a place of its own in the record.
func (e *permanentError) Error() string { return e.message }

// completed tells whether the job is done.
func (end ending) completed() bool { return end.exitCode != nil && *end.exitCode == exitCompleted }

// outcome is that of a job that is done.
func (e *execution) outcome(end ending) bus.Outcome {
	e.observed.decided(bus.StateCompleted, nil)
	return bus.Outcome{State: bus.StateCompleted, ExitCode: end.exitCode, Report: e.report.snapshot()}
}

// settle decides what the ending of an attempt means for its job, and records it.
func (e *execution) settle(ctx context.Context, end ending) error {
	report := e.report.snapshot()
	stopped := end.exitCode != nil && *end.exitCode == exitInterrupted
	if stopped && e.deadline.passed.Load() { // it stopped when it was told that its time is over
		end = ending{err: e.deadline.late()}
	}
	request := e.deadline.requested()
	switch {
	case errors.Is(end.err, bus.ErrFenced):
		e.attempt.Abandon()
		return bus.ErrFenced
	case end.completed():
		return e.attempt.End(ctx, e.outcome(end))
	case request == bus.CancelRequest && (end.exitCode != nil || errors.Is(end.err, errAsked)):
		e.observed.decided(bus.StateCancelled, nil)
		return e.attempt.End(ctx, bus.Outcome{State: bus.StateCancelled, ExitCode: end.exitCode, Report: report})
	case e.deadline.aside.Load() != nil && (end.exitCode != nil || errors.Is(end.err, errAsked)):
		// Whatever it answered, it was for what it was refused.
		e.observed.decided(bus.StateScheduled, nil)
		return e.attempt.Snooze(ctx, *e.deadline.aside.Load(), report)
	case stopped && !end.wake.IsZero():
		e.observed.decided(bus.StateScheduled, nil)
		return e.attempt.Snooze(ctx, end.wake, report)
	case errors.Is(end.err, errShutdown), request == bus.PauseRequest && (stopped || errors.Is(end.err, errAsked)),
		stopped && sandbox.Interrupt(e.deadline.shutdown.Load()) == sandbox.Shutdown:
		e.observed.decided(bus.StateAvailable, nil)
		return e.attempt.HandBack(ctx, report)
	case end.exitCode != nil && *end.exitCode == exitWaiting && e.attempt.HasChildren(ctx):
		e.observed.decided(bus.StateWaiting, nil)
		return e.attempt.Wait(ctx, report)
	}
	failure := e.failure(end)
	if e.final(end) {
		e.observed.decided(bus.StateDead, &failure)
		return e.attempt.End(ctx, bus.Outcome{State: bus.StateDead, ExitCode: end.exitCode, Failure: &failure, Report: report})
	}
	e.observed.decided(bus.StateScheduled, &failure)
	return e.attempt.Retry(ctx, time.Now().Add(e.backoff()), failure, report)
}

// final tells whether a failed attempt was the last one.
func (e *execution) final(end ending) bool {
	var p *permanentError
	if errors.As(end.err, &p) || end.exitCode != nil && *end.exitCode == exitPermanent {
		return true
	}
	return e.attempt.Failures+1 >= e.maxAttempts()
}

func (e *execution) maxAttempts() int {
	if n := e.attempt.Job.MaxAttempts; n > 0 {
		return n
	}
	if e.extension.Manifest != nil {
		if n := e.extension.Manifest.JobSettings(e.attempt.Job.Name).MaxAttempts; n > 0 {
			return n
		}
	}
	return e.worker.config.MaxAttempts
}

// backoff is the pause before the next attempt.
func (e *execution) backoff() time.Duration {
	policy := extensions.Backoff{}
	if e.extension.Manifest != nil {
		policy = e.extension.Manifest.JobSettings(e.attempt.Job.Name).Backoff
	}
	host := extensions.Backoff{
		Initial: e.worker.config.Backoff, Max: e.worker.config.MaxBackoff,
		Multiplier: extensions.DefaultMultiplier, Jitter: extensions.DefaultJitter,
	}
	return policy.Or(host).Pause(e.attempt.Failures, rand.Float64()) //nolint:gosec // jitter needs no secret
}

// limitError is a sandbox's that ended its guest at a limit.
type limitError interface {
	error
	LimitName() string
}

// failure is what the record says of a failed attempt.
func (e *execution) failure(end ending) bus.Failure {
	f := bus.Failure{Attempt: e.attempt.Token, At: time.Now().UTC(), Code: bus.Internal}
	var p *permanentError
	var limit limitError
	switch {
	case end.exitCode != nil:
		f.Error = e.exitMessage(*end.exitCode)
	case errors.As(end.err, &p):
		f.Code, f.Error = p.code, p.message
	case errors.As(end.err, &limit):
		f.Code, f.Error, f.Limit = bus.ResourceExhausted, limit.Error(), limit.LimitName()
	case errors.Is(end.err, errTimeout):
		f.Code, f.Error = bus.DeadlineExceeded, end.err.Error()
	default:
		f.Error = end.err.Error()
	}
	f.Error = cut(f.Error, 4*maxMessage)
	return f
}

func (e *execution) exitMessage(code int32) string {
	meaning := map[int32]string{
		exitInterrupted: "interrupted, without having been asked to stop",
		exitFailed:      "failed",
		exitPermanent:   "failed for good",
		exitWaiting:     "waits for sub-jobs, of which it has none",
	}[code]
	if meaning == "" {
		meaning = "an exit code without a meaning"
	}
	message := fmt.Sprintf("the job answered %d: %s", code, meaning)
	if complaint := e.report.complaint(); complaint != "" {
		message += ": " + complaint
	}
	return message
}
