package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// ErrSettled is returned by Begin for a delivery that needs no attempt: the job has ended, is due later, or another
// copy of it runs. There is nothing left to do with it.
var ErrSettled = errors.New("this delivery needs no attempt")

// Attempt is one run of a job by one worker. Its token grows with each attempt of the job; once a newer one has begun,
// every write of an older one returns ErrFenced. It is safe for concurrent use. End it with End, Retry, HandBack or
// Abandon.
type Attempt struct {
	Job *Job
	// Token is the attempt token.
	Token uint64
	// Checkpoint is what an earlier attempt saved; nil for none.
	Checkpoint *Checkpoint
	// Failures counts the failed attempts before this one.
	Failures int
	// Lost counts attempts that ended without a word, Yields those that gave the job back without having failed.
	Lost, Yields int
	// Previous is the W3C trace context of the attempt before; empty for none.
	Previous string
	// Version is the version of the extension that an earlier attempt ran, and Digest its module; empty on the first one. A
	// job that began under an earlier release has a Digest alone.
	Version, Digest string
	// Ready is since when the job was ready to run; the zero time when that is not known.
	Ready time.Time

	delivery *Delivery
	// following refreshes the record.
	following background

	mu     sync.Mutex
	run    *Run
	writes uint64
	// fenced and asked are what Follow was given.
	fenced func()
	asked  func(Request)
}

// Request is what somebody asks of a running attempt.
type Request string

// The requests.
const (
	CancelRequest Request = "cancel"
	PauseRequest  Request = "pause"
)

// Begin starts an attempt of the job. The first attempt of a job writes nothing; each later one writes the run record first, which
// fences every attempt before it.
//
// # Errors
//
// ErrSettled, or that the bus does not answer: the job is then dealt again.
func (d *Delivery) Begin(ctx context.Context) (*Attempt, error) {
	ready := d.ready()
	run, err := d.begin(ctx)
	if err != nil {
		if !errors.Is(err, ErrSettled) {
			// Not at once, or it would go round and round as long as the reason is there.
			d.settle(heldDeal{State: StateAvailable, Due: time.Now().Add(beginPause)})
		}
		return nil, err
	}
	a := &Attempt{
		Job: d.Job, Token: run.Attempt, Checkpoint: run.Checkpoint, Failures: run.Failures, Lost: run.Lost, Yields: run.Yields,
		Version: run.Version, Digest: run.Digest, Previous: run.Trace, Ready: ready, delivery: d, run: run,
	}
	d.queue.mu.Lock()
	d.attempt = a
	d.queue.mu.Unlock()
	return a, nil
}

// ready is since when the job was ready to run; the zero time when that is not known.
func (d *Delivery) ready() time.Time {
	switch {
	case d.run != nil && d.run.Due != nil:
		return *d.run.Due
	case d.run != nil || d.again:
		return time.Time{}
	case d.Job.Due != nil:
		return *d.Job.Due
	}
	return d.Job.CreatedAt
}

const (
	// beginPause is after how long an attempt that could not begin is tried once more.
	beginPause = time.Second
	// visibleAfter is how long an attempt runs before its run record says so.
	visibleAfter = time.Second
	// refresh is how often the run record of a running attempt is brought up to date.
	refresh = 10 * time.Second
)

// Follow keeps the run record of an attempt that lasts up to date with what report returns, until the attempt ends. fenced is
// called when a newer attempt exists or the job has ended, asked when somebody wants it cancelled or paused.
func (a *Attempt) Follow(report func() Report, fenced func(), asked func(Request)) {
	a.mu.Lock()
	a.fenced, a.asked = fenced, asked
	a.mu.Unlock()
	a.following.startAfter(visibleAfter, func(ctx context.Context) {
		tick := time.NewTicker(refresh)
		defer tick.Stop()
		for {
			err := a.write(ctx, func(run *Run) { run.State, run.Report = StateRunning, report() })
			if errors.Is(err, ErrFenced) {
				fenced()
				return
			}
			if err != nil && ctx.Err() == nil {
				a.delivery.queue.conn.log.WarnContext(ctx, "run record not refreshed", "job_id", a.Job.ID, "error", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
}

// look reads the record after somebody has said that he has changed it.
func (a *Attempt) look() {
	ctx, cancel := context.WithTimeout(context.Background(), a.delivery.queue.conn.config.CallTimeout)
	defer cancel()
	run, err := a.delivery.queue.conn.Run(ctx, a.Job.ID)
	a.mu.Lock()
	holder, fenced := a.run.Holder, a.fenced
	a.mu.Unlock()
	switch {
	case err != nil:
	case run.Holder != holder || run.State.Ended():
		if fenced != nil && run.Holder != holder {
			fenced()
		}
	default:
		a.ask(run)
	}
}

// ask passes on what a record asks for.
func (a *Attempt) ask(run *Run) {
	a.mu.Lock()
	asked := a.asked
	a.mu.Unlock()
	switch {
	case asked == nil:
	case run.CancelRequested != nil:
		asked(CancelRequest)
	case run.Paused:
		asked(PauseRequest)
	}
}

// Save records a checkpoint with what the attempt told so far.
//
// # Errors
//
// ErrFenced; or that the bus does not answer.
func (a *Attempt) Save(ctx context.Context, checkpoint *Checkpoint, report Report) error {
	return a.write(ctx, func(run *Run) {
		run.State, run.Checkpoint, run.Report = StateRunning, checkpoint, report
	})
}

// Outcome is how a job ended.
type Outcome struct {
	// State is one for which Ended is true.
	State    State
	ExitCode *int32
	// Failure is why the job is dead; nil when it is not.
	Failure *Failure
	Report  Report
}

// Returned says that the guest has returned. From then on its slot is another's.
func (a *Attempt) Returned() { a.delivery.Returned() }

// End records the job's outcome, which ends it, and the attempt. While the bus does not answer it tries again, until
// ctx ends.
//
// # Errors
//
// ErrFenced: the outcome is another's to record. ctx's: the job is dealt again.
func (a *Attempt) End(ctx context.Context, outcome Outcome) error {
	err := a.finish(ctx, a.ending(outcome))
	if err == nil {
		a.delivery.ended()
	}
	return err
}

// EndSoon is End that does not wait: it calls done when the outcome is on disk, or with an error after the first try. Then the attempt
// has not ended, and End tries on. done must not block.
func (a *Attempt) EndSoon(outcome Outcome, done func(error)) {
	a.following.end()
	a.Returned()
	a.mu.Lock()
	run := *a.run
	a.ending(outcome)(&run)
	a.writes++
	run.Write = a.writes
	a.mu.Unlock()
	msg, err := a.delivery.queue.conn.recordMessage(&run)
	if err != nil {
		done(err)
		return
	}
	a.delivery.queue.conn.records.submit(msg, func(_ uint64, err error) {
		if err == nil {
			a.delivery.ended()
		}
		done(err)
	})
}

// ending makes a record that of an outcome.
func (a *Attempt) ending(outcome Outcome) func(*Run) {
	return func(run *Run) {
		run.State, run.ExitCode, run.Report, run.FinishedAt = outcome.State, outcome.ExitCode, outcome.Report, now()
		run.fail(outcome.Failure)
		if outcome.State != StateCompleted {
			run.DeadLetter = a.delivery.deadLetter()
		}
	}
}

// Retry records a failed attempt, after which the next one is due at a time. While the bus does not answer it tries again, until ctx
// ends.
//
// # Errors
//
// As End's.
func (a *Attempt) Retry(ctx context.Context, due time.Time, failure Failure, report Report) error {
	err := a.finish(ctx, func(run *Run) {
		run.State, run.Due, run.Report = StateScheduled, &due, report
		run.fail(&failure)
	})
	if err == nil {
		a.settle(heldDeal{State: StateScheduled, Due: due})
	}
	return err
}

// Snooze gives the job back until a time, without counting a failure.
//
// # Errors
//
// As End's.
func (a *Attempt) Snooze(ctx context.Context, due time.Time, report Report) error {
	err := a.finish(ctx, func(run *Run) {
		run.State, run.Due, run.Report = StateScheduled, &due, report
		run.Yields++
	})
	if err == nil {
		a.settle(heldDeal{State: StateScheduled, Due: due})
	}
	return err
}

// HandBack gives the job to another worker, at once and without counting a failure. A job that is paused waits until it is resumed.
//
// # Errors
//
// As End's.
func (a *Attempt) HandBack(ctx context.Context, report Report) error {
	err := a.finish(ctx, func(run *Run) {
		run.State, run.Report = StateAvailable, report
		run.Yields++
	})
	if err == nil {
		a.settle(heldDeal{State: StateAvailable})
	}
	return err
}

// settle says that the job goes on later, or at once if somebody wants it cancelled: then it ends when it is dealt again.
func (a *Attempt) settle(h heldDeal) {
	a.mu.Lock()
	cancelled, paused := a.run.CancelRequested != nil, a.run.Paused
	a.mu.Unlock()
	switch {
	case cancelled:
		h = heldDeal{State: StateAvailable}
	case paused:
		h = heldDeal{State: StateAvailable, Due: time.Now().Add(waitCheck)}
	}
	a.delivery.settle(h)
}

// Wait gives the job back until its sub-jobs have ended.
//
// # Errors
//
// As End's.
func (a *Attempt) Wait(ctx context.Context, report Report) error {
	err := a.finish(ctx, func(run *Run) {
		run.State, run.Report = StateWaiting, report
		run.Yields++
	})
	if err != nil {
		return err
	}
	pending, err := a.delivery.queue.conn.pendingChildren(ctx, a.Job.ID)
	if err != nil {
		pending = 1 // the dealer looks again
	}
	h := heldDeal{State: StateWaiting, Pending: pending}
	if pending == 0 {
		h.State = StateAvailable
	}
	a.settle(h)
	return nil
}

// HasChildren tells whether the job has dispatched others, as far as can be known.
func (a *Attempt) HasChildren(ctx context.Context) bool {
	if conn := a.delivery.queue.conn; conn.bound() {
		family, err := conn.familyThrough(ctx, a.Job.ID)
		return err != nil || family.Children > 0
	}
	children, err := a.delivery.queue.conn.children(ctx, a.Job.ID)
	return err != nil || len(children) > 0
}

// finish writes the last record of the attempt.
func (a *Attempt) finish(ctx context.Context, change func(*Run)) error {
	a.following.end()
	a.Returned()
	err := a.persist(ctx, change)
	if err != nil {
		a.delivery.abandon()
	}
	return err
}

// Abandon leaves the job as it is: it is dealt again.
func (a *Attempt) Abandon() {
	a.following.end()
	a.Returned()
	a.delivery.abandon()
}

// UseTrace notes the traceparent of this attempt, which the next one is linked to.
func (a *Attempt) UseTrace(traceparent string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.run.Trace = traceparent
}

// UseVersion notes the version of the extension this attempt runs, and its module, so that later attempts of the job run
// the same.
func (a *Attempt) UseVersion(version, digest string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.run.Version, a.run.Digest = version, digest
}

// write changes the record once.
func (a *Attempt) write(ctx context.Context, change func(*Run)) error {
	run, err := a.writeOnce(ctx, change)
	if err == nil && (run.CancelRequested != nil || run.Paused) && run.State == StateRunning {
		a.ask(run)
	}
	return err
}

func (a *Attempt) writeOnce(ctx context.Context, change func(*Run)) (*Run, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	run := *a.run
	change(&run)
	a.writes++
	run.Write = a.writes
	if err := a.delivery.queue.conn.saveRun(ctx, &run); err != nil {
		return nil, err
	}
	a.run = &run
	return &run, nil
}

// persist is write, again and again until the bus has answered.
func (a *Attempt) persist(ctx context.Context, change func(*Run)) error {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := a.write(ctx, change)
		if err == nil || errors.Is(err, ErrFenced) {
			return err
		}
		a.delivery.queue.conn.log.WarnContext(ctx, "run record not written yet", "job_id", a.Job.ID, "error", err)
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(wait):
		}
	}
}

// fail notes a failed attempt.
func (r *Run) fail(failure *Failure) {
	if failure == nil {
		return
	}
	r.Failures++
	r.Errors = append(slices.Clip(r.Errors), *failure)
	if extra := len(r.Errors) - maxFailures; extra > 0 {
		r.Errors = r.Errors[extra:]
	}
}

func now() *time.Time {
	t := time.Now().UTC()
	return &t
}
