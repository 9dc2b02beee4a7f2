package bus

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

func (d *Delivery) begin(ctx context.Context) (run *Run, err error) {
	if d.deleted {
		d.ended()
		return nil, ErrSettled
	}
	if d.run == nil {
		run = newRun(d.Job)
		run.Attempt = 1
		if expires := d.Job.ExpiresAt; expires != nil && !expires.After(time.Now()) {
			return nil, d.settleAs(ctx, run, StateExpired)
		}
		d.hold(run)
		if !d.again {
			return run, nil
		}
		// It was dealt before, to a worker of which nothing was heard since, nor read.
		run.Attempt, run.Lost = 2, 1
	} else {
		run = d.run
		if settled, err := d.settled(ctx); settled {
			return nil, err
		}
		if run.State == StateRunning {
			run.Lost++
		}
		if run.State.Ended() { // retried by a person
			run.revive(d.Job)
		}
		// One that found no record has token 1, whether or not the record knows of it.
		run.Attempt = max(run.Attempt, 1) + 1
		run.Due, run.Report = nil, Report{}
		d.hold(run)
	}
	err = d.queue.conn.saveRun(ctx, run)
	if errors.Is(err, ErrFenced) {
		d.overtaken()
		return nil, ErrSettled
	}
	return run, err
}

// overtaken has the job dealt again, for somebody has changed its record since it was looked up.
func (d *Delivery) overtaken() {
	d.settle(heldDeal{State: StateAvailable, Due: time.Now().Add(beginPause)})
}

// revive makes a record that has ended one of a job that begins again, with its attempts counted anew.
func (r *Run) revive(job *Job) {
	r.FinishedAt, r.ExitCode, r.DeadLetter, r.CancelRequested, r.Paused = nil, nil, nil, nil, false
	r.Failures, r.Lost, r.Yields = 0, 0, 0
	if job.Anew {
		r.Checkpoint = nil
	}
}

// hold makes a record that of an attempt of this worker.
func (d *Delivery) hold(run *Run) {
	run.State, run.StartedAt = StateRunning, now()
	run.Worker, run.Holder, run.Write = d.queue.config.Worker, uuid.NewString(), 0
}

// settled tells whether a job that has a record needs no attempt now, and says so to the dealer.
func (d *Delivery) settled(ctx context.Context) (bool, error) {
	run := d.run
	switch {
	case run.State.Ended() && d.Job.Retry == run.revision:
		return false, nil
	case run.State.Ended():
		d.ended()
	case run.CancelRequested != nil:
		return true, d.settleAs(ctx, run, StateCancelled)
	case run.Attempt == 0 && d.Job.ExpiresAt != nil && !d.Job.ExpiresAt.After(time.Now()):
		return true, d.settleAs(ctx, run, StateExpired)
	case run.Paused:
		d.settle(heldDeal{State: StateAvailable, Due: time.Now().Add(waitCheck)})
	case run.State == StateScheduled && run.Due != nil && run.Due.After(time.Now()):
		d.settle(heldDeal{State: StateScheduled, Due: *run.Due})
	case run.State == StateWaiting:
		pending, err := d.queue.conn.pendingChildren(ctx, run.Job)
		if err != nil {
			return true, err
		}
		if pending == 0 {
			return false, nil
		}
		d.settle(heldDeal{State: StateWaiting, Pending: pending})
	default:
		return false, nil
	}
	return true, ErrSettled
}

// settleAs ends a job without an attempt.
func (d *Delivery) settleAs(ctx context.Context, run *Run, state State) error {
	run.State, run.FinishedAt, run.Holder, run.DeadLetter = state, now(), "", d.deadLetter()
	err := d.queue.conn.saveRun(ctx, run)
	switch {
	case errors.Is(err, ErrFenced):
		d.overtaken()
		return ErrSettled
	case err != nil:
		return err
	}
	countEnded(ctx, state)
	d.ended()
	return ErrSettled
}
