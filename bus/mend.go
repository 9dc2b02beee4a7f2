package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Mended is what a restore put right.
type Mended struct {
	// Schedules are recurring schedules that the server did not have, Claims unique keys and Children notes of sub-jobs that RUNS, which
	// was copied before JOBS, did not have.
	Schedules int `json:"schedules"`
	Claims    int `json:"claims"`
	Children  int `json:"children"`
	// Retries are jobs that somebody had run once more after RUNS was copied.
	Retries int `json:"retries"`
	// Ended are jobs that had a record and no message any more: they were ended between the two copies.
	Ended int `json:"ended"`
}

// mend puts right what does not fit in restored streams: RUNS and the schedules are a little older than JOBS. Doing it again changes
// nothing.
func (c *Conn) mend(ctx context.Context) (Mended, error) {
	var m Mended
	if err := c.mendSchedules(ctx, &m); err != nil {
		return m, err
	}
	if err := c.mendFromJobs(ctx, &m); err != nil {
		return m, err
	}
	return m, c.mendRecords(ctx, &m)
}

// mendSchedules arms the schedules that were removed, or paused, after they were copied.
func (c *Conn) mendSchedules(ctx context.Context, m *Mended) error {
	all, err := c.AllRecurring(ctx)
	if err != nil {
		return err
	}
	for _, r := range all {
		armed, err := c.armed(ctx, r.Name)
		if err != nil {
			return err
		}
		if armed || r.Paused {
			continue
		}
		if err := c.arm(ctx, r); err != nil {
			return err
		}
		m.Schedules++
	}
	return nil
}

// mendFromJobs writes to RUNS what it has to say of jobs that came after it was copied.
func (c *Conn) mendFromJobs(ctx context.Context, m *Mended) error {
	for _, subjects := range []string{jobSubjects, scheduleSubjects} {
		err := c.readToEnd(ctx, jobsStream, subjects, func(msg *nats.Msg, sequence uint64) error {
			at := msg.Subject
			if target := msg.Header.Get(headerScheduleTarget); target != "" {
				at = target
			}
			job, err := decodeJob(at, msg.Data)
			if err != nil {
				return nil //nolint:nilerr // whoever it is dealt to buries it
			}
			return c.mendJob(ctx, job, sequence, m)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Conn) mendJob(ctx context.Context, job *Job, sequence uint64, m *Mended) error {
	if job.Parent == nil && job.Unique == nil && job.Retry == 0 {
		return nil
	}
	run, err := c.Run(ctx, job.ID)
	if err != nil && CodeOf(err) != NotFound {
		return err
	}
	over := run != nil && run.State.Ended()
	if over && run.revision < job.Retry { // the outcome that was overridden is newer than the one that was copied
		if err := c.retryAgain(ctx, job, run.revision, sequence); err != nil {
			return err
		}
		m.Retries++
		over = false
	}
	if job.Parent != nil {
		made, err := c.publishMissing(ctx, childNote(job))
		if err != nil {
			return err
		}
		m.Children += made
	}
	if job.Unique == nil || over && run.revision != job.Retry {
		return nil
	}
	claim := claimMessage(job)
	if job.Unique.ForMS > 0 {
		left := time.Until(job.CreatedAt.Add(time.Duration(job.Unique.ForMS) * time.Millisecond))
		if left < time.Second {
			return nil
		}
		claim.Header.Set(jetstream.MsgTTLHeader, left.Truncate(time.Second).String())
	}
	made, err := c.publishMissing(ctx, claim)
	m.Claims += made
	return err
}

// retryAgain has a job's message name another outcome as the one that it overrides.
func (c *Conn) retryAgain(ctx context.Context, job *Job, revision, follows uint64) error {
	again := *job
	again.Retry = revision
	msg, err := again.message(ctx)
	if err != nil {
		return err
	}
	msg.Header.Del(jetstream.ExpectedLastSubjSeqHeader)
	if _, err := c.js.PublishMsg(ctx, msg, jetstream.WithExpectLastSequencePerSubject(follows)); err != nil && !isConflict(err) {
		return fmt.Errorf("retry job %s: %w", job.ID, err)
	}
	return nil
}

// publishMissing publishes a message unless its subject has one, and returns how many it has published.
func (c *Conn) publishMissing(ctx context.Context, msg *nats.Msg) (int, error) {
	msg.Header.Del(jetstream.ExpectedLastSubjSeqHeader)
	_, err := c.js.PublishMsg(ctx, msg, jetstream.WithExpectLastSequencePerSubject(0))
	if isConflict(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("publish on %s: %w", msg.Subject, err)
	}
	return 1, nil
}

// mendRecords ends the jobs that have a record and no message.
func (c *Conn) mendRecords(ctx context.Context, m *Mended) error {
	return c.readToEnd(ctx, runsStream, runSubjects, func(msg *nats.Msg, sequence uint64) error {
		if len(msg.Data) == 0 || msg.Header.Get(jetstream.MsgTTLHeader) != "" {
			return nil // deleted, or an outcome
		}
		run, err := decodeRun(msg.Data, sequence)
		if err != nil || run.State.Ended() {
			return err
		}
		waits, err := c.waits(ctx, run.Job, JobSubject(run.Extension, run.Priority, run.Library, run.Job))
		if err != nil || waits {
			return err
		}
		if run.Priority == "" { // the record of an earlier release does not tell
			if _, _, err := c.find(ctx, run.Job, ""); CodeOf(err) != NotFound {
				return err
			}
		}
		run.State, run.FinishedAt, run.Holder = StateCancelled, now(), ""
		run.Errors = append(run.Errors, Failure{Attempt: run.Attempt, At: *run.FinishedAt, Code: Cancelled, Error: "the backup has no message of it: it was ended or deleted while the backup was taken"})
		if err := c.saveRun(ctx, run); err != nil && !errors.Is(err, ErrFenced) {
			return err
		}
		m.Ended++
		return nil
	})
}
