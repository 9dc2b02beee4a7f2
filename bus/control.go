package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// What people do to jobs. Each is a write to the run record that follows what is there, so that it cannot get lost and cannot undo what
// a worker wrote meanwhile; then those concerned are told, and whoever misses that reads the record when the job's turn comes.

// Cancel cancels a job. One that runs is asked to stop and has the grace time to do so.
//
// # Errors
//
// not_found; failed_precondition for a job that has ended.
func (c *Conn) Cancel(ctx context.Context, job uuid.UUID) error {
	return c.change(ctx, job, func(run *Run) error {
		switch {
		case run.State.Ended():
			return Errorf(FailedPrecondition, "job %s has ended already: it is %s", job, run.State)
		case run.State == StateRunning:
			if run.CancelRequested == nil {
				run.CancelRequested = now()
			}
		default:
			run.State, run.FinishedAt, run.Due = StateCancelled, now(), nil
		}
		return nil
	})
}

// Pause keeps a job from running until Resume. One that runs is asked to stop.
//
// # Errors
//
// As Cancel's.
func (c *Conn) Pause(ctx context.Context, job uuid.UUID) error {
	return c.change(ctx, job, func(run *Run) error {
		if run.State.Ended() {
			return Errorf(FailedPrecondition, "job %s has ended already: it is %s", job, run.State)
		}
		run.Paused = true
		return nil
	})
}

// Resume lets a paused job run again.
//
// # Errors
//
// not_found; failed_precondition for a job that is not paused.
func (c *Conn) Resume(ctx context.Context, job uuid.UUID) error {
	return c.change(ctx, job, func(run *Run) error {
		if !run.Paused || run.State.Ended() {
			return Errorf(FailedPrecondition, "job %s is not paused: it is %s", job, run.State)
		}
		run.Paused = false
		return nil
	})
}

// RetryJob has a job run once more: one that is scheduled at once, one that is dead, cancelled or expired from its newest checkpoint,
// with its attempts counted anew. An input replaces the job's, and then it begins anew. Repeating it before the job runs changes nothing
// but the input.
//
// # Errors
//
// not_found; failed_precondition for a job that is completed or needs no retry; invalid_argument for an input that is not JSON; a
// *DuplicateError when another job has its unique key by now.
func (c *Conn) RetryJob(ctx context.Context, id uuid.UUID, input json.RawMessage) error {
	run, err := c.Run(ctx, id)
	if CodeOf(err) == NotFound {
		return c.hasten(ctx, id)
	}
	if err != nil {
		return err
	}
	switch {
	case run.State == StateScheduled && len(input) == 0:
		err := c.change(ctx, id, func(run *Run) error {
			if run.State != StateScheduled {
				return Errorf(FailedPrecondition, "job %s is %s", id, run.State)
			}
			run.State, run.Due = StateAvailable, nil
			return nil
		})
		if err == nil && run.Attempt == 0 {
			err = c.hasten(ctx, id)
		}
		return err
	case run.State == StateCompleted || !run.State.Ended():
		return Errorf(FailedPrecondition, "job %s is %s, and only a job that is dead, cancelled, expired or scheduled can be retried", id, run.State)
	}
	job, err := c.messageOf(ctx, run)
	if err != nil {
		return err
	}
	waiting, replaced, err := c.find(ctx, id, JobSubject(run.Extension, run.Priority, run.Library, id))
	switch {
	case err != nil || waiting.Retry != run.revision: // a message that cannot be read is none that somebody retried
		replaced = 0
	case len(input) == 0: // somebody was faster
		return nil
	}
	if len(input) > 0 {
		job.Input, job.InputRef = input, nil
	}
	job.Due, job.ExpiresAt, job.Retry, job.Anew = nil, nil, run.revision, len(input) > 0
	if err := job.Validate(); err != nil {
		return err
	}
	if job.Unique != nil {
		if _, err := c.claim(ctx, job); err != nil {
			return err
		}
	}
	if job, err = c.stow(ctx, job); err != nil {
		return err
	}
	msg, err := job.message(ctx)
	if err != nil {
		return err
	}
	msg.Header.Del(jetstream.ExpectedLastSubjSeqHeader)
	if _, err := c.js.PublishMsg(ctx, msg); err != nil {
		return Errorf(Unavailable, "retry job %s: the bus did not confirm it: %v", id, err)
	}
	if replaced > 0 {
		c.notify(notice{Job: id, Extension: run.Extension, Sequence: replaced, Over: true})
	}
	// Of a delayed job that was cancelled before it was due, the schedule would put its first message in the place of this one.
	if err := c.unschedule(ctx, id); err != nil {
		c.log.WarnContext(ctx, "schedule of a job that was retried is still there", "job_id", id, "error", err)
	}
	return nil
}

// hasten has a delayed job that has never run be due now.
func (c *Conn) hasten(ctx context.Context, id uuid.UUID) error {
	job, _, err := c.find(ctx, id, "")
	if err != nil {
		return err
	}
	if job.Due == nil || !job.Due.After(time.Now()) {
		return waits(id)
	}
	job.Due = nil
	msg, err := job.message(ctx)
	if err != nil {
		return err
	}
	_, err = c.js.PublishMsg(ctx, msg)
	if err != nil && !isConflict(err) {
		return Errorf(Unavailable, "retry job %s: the bus did not confirm it: %v", id, err)
	}
	c.notify(notice{Job: id, Wake: true})
	if err := c.unschedule(ctx, id); err != nil {
		c.log.WarnContext(ctx, "schedule of a job that was retried is still there", "job_id", id, "error", err)
	}
	if err != nil { // it was due already: its time has just come, or it was enqueued again after it was retried
		return waits(id)
	}
	return nil
}

func waits(id uuid.UUID) error {
	return Errorf(FailedPrecondition, "job %s waits to run or runs, and only a job that is dead, cancelled, expired or scheduled can be retried", id)
}

// unschedule removes the message of a job that waits for the time it is due.
func (c *Conn) unschedule(ctx context.Context, id uuid.UUID) error {
	stream, err := c.stream(ctx, jobsStream)
	if err != nil {
		return err
	}
	msg, err := stream.GetLastMsgForSubject(ctx, ScheduleSubject(id))
	if err == nil {
		err = stream.DeleteMsg(ctx, msg.Sequence)
	}
	if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) && !errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
		return fmt.Errorf("unschedule job %s: %w", id, err)
	}
	return nil
}

// messageOf is the job of a record that has ended: from its dead letter, or from JOBS if it still has it.
func (c *Conn) messageOf(ctx context.Context, run *Run) (*Job, error) {
	if run.DeadLetter != nil {
		if run.DeadLetter.Job == nil {
			return nil, Errorf(FailedPrecondition, "what was submitted as %s is no job; submit a new one", run.Job)
		}
		return decodeJob(run.DeadLetter.Subject, run.DeadLetter.Job)
	}
	job, _, err := c.find(ctx, run.Job, JobSubject(run.Extension, run.Priority, run.Library, run.Job))
	if CodeOf(err) == NotFound {
		return nil, Errorf(FailedPrecondition, "the input of job %s is not kept any more: submit it anew", run.Job)
	}
	return job, err
}

// DeleteJob removes what is known of a job that has ended.
//
// # Errors
//
// not_found; failed_precondition for a job that has not ended.
func (c *Conn) DeleteJob(ctx context.Context, id uuid.UUID) error {
	run, err := c.Run(ctx, id)
	if err != nil {
		return err
	}
	if !run.State.Ended() {
		return Errorf(FailedPrecondition, "job %s has not ended: it is %s; cancel it first", id, run.State)
	}
	if err := c.forget(ctx, run); err != nil {
		return err
	}
	msg := nats.NewMsg(RunSubject(id))
	msg.Header.Set(headerDeleted, "1")
	// Whoever keeps a list of jobs sees it for a day.
	_, err = c.js.PublishMsg(ctx, msg, jetstream.WithExpectLastSequencePerSubject(run.revision), jetstream.WithMsgTTL(24*time.Hour))
	if isConflict(err) {
		return Errorf(FailedPrecondition, "job %s has just changed: look at it again", id)
	}
	if err != nil {
		return fmt.Errorf("delete job %s: %w", id, err)
	}
	return nil
}

// forget removes the message of a job that has ended, if JOBS still has it. Without its record the job would be taken for a new one.
func (c *Conn) forget(ctx context.Context, run *Run) error {
	subject := JobSubject(run.Extension, run.Priority, run.Library, run.Job)
	if run.DeadLetter != nil {
		subject = run.DeadLetter.Subject
	}
	stream, err := c.stream(ctx, jobsStream)
	if err != nil {
		return err
	}
	msg, err := stream.GetLastMsgForSubject(ctx, subject)
	if err == nil {
		if job, err := decodeJob(subject, msg.Data); err == nil && job.Retry == run.revision {
			return Errorf(FailedPrecondition, "job %s is about to run once more", run.Job)
		}
		err = stream.DeleteMsg(ctx, msg.Sequence)
	}
	if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) && !errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
		return fmt.Errorf("remove job %s: %w", run.Job, err)
	}
	return c.unschedule(ctx, run.Job)
}

// change changes the run record of a job, which it may not have yet, and tells those concerned.
func (c *Conn) change(ctx context.Context, id uuid.UUID, change func(*Run) error) error {
	for {
		run, err := c.Run(ctx, id)
		var sequence uint64
		if CodeOf(err) == NotFound {
			var job *Job
			if job, sequence, err = c.find(ctx, id, ""); err == nil {
				run = newRun(job)
				if job.Due != nil && job.Due.After(time.Now()) {
					run.State, run.Due = StateScheduled, job.Due
				}
			}
		}
		if err != nil {
			return err
		}
		before := *run
		if run.State.Ended() {
			if err := c.revived(ctx, run); err != nil {
				return err
			}
		}
		if err := change(run); err != nil {
			return err
		}
		if run.State.Ended() && run.DeadLetter == nil {
			if run.DeadLetter, sequence, err = c.letterOf(ctx, run); err != nil {
				return err
			}
		}
		// The holder of the record takes a write of this count for its own, and then sees what has changed.
		err = c.saveRunOnce(ctx, run)
		if isConflict(err) {
			continue
		}
		if err != nil {
			return err
		}
		c.tellChange(&before, run, sequence)
		if run.State.Ended() && sequence > 0 {
			c.withdraw(ctx, run.Job, sequence)
		}
		return nil
	}
}

// withdraw removes the message of a job that somebody has ended, so that nobody counts it. Whoever it is dealt to would see that it is over.
func (c *Conn) withdraw(ctx context.Context, job uuid.UUID, sequence uint64) {
	stream, err := c.stream(ctx, jobsStream)
	if err == nil {
		err = stream.DeleteMsg(ctx, sequence)
	}
	if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) && !errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
		c.log.DebugContext(ctx, "message of a job that is over not removed", "job_id", job, "error", err)
	}
}

// letterOf is the message of a job that somebody ends, so that it can be run again when JOBS does not have it any more, and its sequence.
func (c *Conn) letterOf(ctx context.Context, run *Run) (*DeadLetter, uint64, error) {
	subject := JobSubject(run.Extension, run.Priority, run.Library, run.Job)
	job, sequence, err := c.find(ctx, run.Job, subject)
	if code := CodeOf(err); code == NotFound || code == InvalidArgument {
		return nil, 0, nil // there is nothing to run again
	}
	if err != nil {
		return nil, 0, err
	}
	data, err := json.Marshal(job)
	if err != nil {
		return nil, 0, fmt.Errorf("encode job: %w", err)
	}
	return &DeadLetter{Subject: subject, Job: data}, sequence, nil
}

// revived makes a record that has ended one that has not, if a person has the job run once more and it has not begun yet.
func (c *Conn) revived(ctx context.Context, run *Run) error {
	job, _, err := c.find(ctx, run.Job, JobSubject(run.Extension, run.Priority, run.Library, run.Job))
	if err == nil && job.Retry == run.revision {
		run.revive(job)
		run.State = StateAvailable
	}
	if code := CodeOf(err); code == NotFound || code == InvalidArgument {
		return nil
	}
	return err
}

// tellChange tells the worker that runs a job, or the dealer.
func (c *Conn) tellChange(before, after *Run, sequence uint64) {
	if before.State == StateRunning || before.revision == 0 {
		if err := c.nc.Publish(controlSubject, []byte(after.Job.String())); err != nil {
			c.log.Debug("workers not told", "job_id", after.Job, "error", err)
		}
	}
	over := after.State.Ended()
	c.notify(notice{
		Job: after.Job, Extension: after.Extension, Sequence: sequence, Over: over, Parent: after.Parent,
		// A paused job whose worker is gone is held, and its record says that it runs: it is dealt, to be cancelled.
		Wake: !over && (!after.Paused || after.CancelRequested != nil),
	})
}

// find finds the message of a job in JOBS, due or not, and its sequence. Without its subject that takes longer.
func (c *Conn) find(ctx context.Context, id uuid.UUID, subject string) (*Job, uint64, error) {
	stream, err := c.stream(ctx, jobsStream)
	if err != nil {
		return nil, 0, err
	}
	if subject == "" {
		subject = "airlock.job.*.*.*." + id.String()
	}
	for _, subject := range []string{ScheduleSubject(id), subject} {
		msg, err := stream.GetLastMsgForSubject(ctx, subject)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return nil, 0, fmt.Errorf("read job %s: %w", id, err)
		}
		at := msg.Subject
		if target := msg.Header.Get(headerScheduleTarget); target != "" {
			at = target
		}
		job, err := decodeJob(at, msg.Data)
		return job, msg.Sequence, err
	}
	return nil, 0, Errorf(NotFound, "there is no job %s that waits or runs", id)
}

// Job returns a job that has no outcome yet, or had its outcome a moment ago.
//
// # Errors
//
// not_found.
func (c *Conn) Job(ctx context.Context, id uuid.UUID) (*Job, error) {
	job, _, err := c.find(ctx, id, "")
	return job, err
}

// controlled is called when somebody has changed the record of a job that may run here, or wants a worker drained.
func (q *Queue) controlled(msg *nats.Msg) {
	if q.drainedBy(msg.Data) {
		return
	}
	id, err := uuid.ParseBytes(msg.Data)
	if err != nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, d := range q.deals {
		if d.Job != nil && d.Job.ID == id && d.attempt != nil {
			go d.attempt.look()
		}
	}
}
