package client

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
)

// State is where a job stands.
type State = bus.State

// The states of a job. Ended tells which are outcomes.
const (
	Scheduled = bus.StateScheduled
	Available = bus.StateAvailable
	Running   = bus.StateRunning
	Waiting   = bus.StateWaiting
	Completed = bus.StateCompleted
	Cancelled = bus.StateCancelled
	Expired   = bus.StateExpired
	Dead      = bus.StateDead
)

// Run is what is known of a job: its state, its attempts, what the newest one told.
type Run = bus.Run

// Report is what an attempt told about itself: progress, log lines, counters.
type Report = bus.Report

// Failure is one failed attempt.
type Failure = bus.Failure

// Outcome is how a job ended. Its State is one for which Ended is true.
type Outcome struct{ *Run }

// FailedError is why a job did not complete.
type FailedError struct {
	Job   uuid.UUID
	State State
	// Failure is that of the last attempt; nil when none failed.
	Failure *Failure
}

// Error says how the job ended, and why.
func (e *FailedError) Error() string {
	if e.Failure == nil {
		return fmt.Sprintf("job %s is %s", e.Job, e.State)
	}
	return fmt.Sprintf("job %s is %s: %s", e.Job, e.State, e.Failure.Error)
}

// Err is nil for a job that completed, and otherwise a *FailedError.
func (o Outcome) Err() error {
	if o.State == Completed {
		return nil
	}
	e := &FailedError{Job: o.Job, State: o.State}
	if n := len(o.Errors); n > 0 {
		e.Failure = &o.Errors[n-1]
	}
	return e
}

// Result waits until a job has ended, and tells how. It bridges times in which the bus does not answer.
//
// # Errors
//
// ErrNotFound; ctx's, when that ends first.
func (c *Client) Result(ctx context.Context, id uuid.UUID) (Outcome, error) {
	run, err := c.Status(ctx, id)
	if err != nil {
		return Outcome{}, err
	}
	if run.State.Ended() {
		return Outcome{run}, nil
	}
	for ctx.Err() == nil {
		if outcome, ok := c.waitForOutcome(ctx, id, run.Revision()); ok {
			return outcome, nil
		}
		pause(ctx)
	}
	return Outcome{}, ctx.Err()
}

// waitForOutcome waits for an outcome that is newer than a revision, until the bus stops telling.
func (c *Client) waitForOutcome(ctx context.Context, id uuid.UUID, after uint64) (Outcome, bool) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	runs, err := c.conn.WatchRun(ctx, id)
	if err != nil {
		return Outcome{}, false
	}
	for run := range runs {
		if run.State.Ended() && run.Revision() > after {
			return Outcome{run}, true
		}
	}
	return Outcome{}, false
}

// Status tells what is known of a job now, without waiting. Of one whose first attempt began less than a second ago that may be that it is
// available.
//
// # Errors
//
// ErrNotFound.
func (c *Client) Status(ctx context.Context, id uuid.UUID) (*Run, error) {
	run, err := c.conn.Run(ctx, id)
	if err == nil {
		return c.retried(ctx, run)
	}
	if bus.CodeOf(err) != bus.NotFound {
		return nil, typed(err)
	}
	job, err := c.conn.Job(ctx, id)
	if bus.CodeOf(err) == bus.NotFound {
		// It may have ended between the two questions.
		run, again := c.conn.Run(ctx, id)
		if bus.CodeOf(again) != bus.NotFound {
			return run, typed(again)
		}
		return nil, refuse(ErrNotFound, bus.NotFound, "there is no job %s; what is known of one that ended is kept for some days", id)
	}
	if err != nil {
		return nil, typed(err)
	}
	run = &Run{
		Job: id, Extension: job.Extension, Name: job.Name, Library: job.Library, Priority: job.Priority, CreatedAt: job.CreatedAt,
		Parent: job.Parent, State: Available,
	}
	if job.Due != nil && job.Due.After(time.Now()) {
		run.State, run.Due = Scheduled, job.Due
	}
	return run, nil
}

// retried is a record as it is, unless the job has been retried since: then the job waits to run once more.
func (c *Client) retried(ctx context.Context, run *Run) (*Run, error) {
	if !run.State.Ended() || run.State == Completed {
		return run, nil
	}
	job, err := c.conn.JobOf(ctx, run.Extension, run.Priority, run.Library, run.Job)
	switch {
	case bus.CodeOf(err) == bus.NotFound || bus.CodeOf(err) == bus.InvalidArgument:
		return run, nil // gone, or it never was a job
	case err != nil:
		return nil, typed(err)
	case job.Retry == run.Revision():
		run.State, run.FinishedAt, run.DeadLetter = Available, nil, nil
	}
	return run, nil
}

// pause waits a moment for the bus to answer again.
func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(250 * time.Millisecond):
	}
}
