package sandboxtest

import (
	"context"
	"time"

	"golang.org/x/sys/unix"
)

// Steps is a context that measures the longest step of a run: the most processor time between two moments at which the
// sandbox asked it whether it has ended. What else the machine does meanwhile is not in it. The goroutine of the run must
// be locked to its thread, and the run have no other context between this one and itself.
type Steps struct {
	context.Context //nolint:containedctx // it is one

	last, longest time.Duration
}

// NewSteps begins to measure with the thread that it is called by.
func NewSteps(ctx context.Context) *Steps { return &Steps{Context: ctx, last: threadTime()} }

// Err ends a step.
func (s *Steps) Err() error {
	s.step()
	return s.Context.Err()
}

func (s *Steps) step() {
	now := threadTime()
	s.longest = max(s.longest, now-s.last)
	s.last = threadTime()
}

// Longest is how long the longest step was.
func (s *Steps) Longest() time.Duration { return s.longest }

// Last is how much processor time went by since the last step ended. After a run, that is its end: what it took is given back.
func (s *Steps) Last() time.Duration { return threadTime() - s.last }

// threadTime is how much processor time this thread has had.
func threadTime() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) // there is this clock
	return time.Duration(t.Nano())
}
