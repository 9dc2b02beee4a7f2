package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/store"
)

// ShowRequest is what airlock.api.jobs.show takes.
type ShowRequest struct {
	ID string `json:"id"`
}

// Details is what airlock.api.jobs.show answers: all that is known of a job.
type Details struct {
	Job

	Input json.RawMessage `json:"input,omitempty"`
	// Event is what started the job, if an event did, without its data.
	Event *bus.Event `json:"event,omitempty"`
	// Schedule is the recurring schedule that started it, if one did.
	Schedule    string      `json:"schedule,omitempty"`
	Depth       int         `json:"depth,omitempty"`
	Unique      *bus.Unique `json:"unique,omitempty"`
	ExpiresAt   *time.Time  `json:"expires_at,omitempty"`
	MaxAttempts int         `json:"max_attempts,omitempty"`
	TimeoutMS   int64       `json:"timeout_ms,omitempty"`

	Worker string `json:"worker,omitempty"`
	// Version is that of the extension the job runs, and Digest its module; empty while there is no run record.
	Version        string        `json:"version,omitempty"`
	Digest         string        `json:"digest,omitempty"`
	Trace          string        `json:"trace,omitempty"`
	ExitCode       *int32        `json:"exit_code,omitempty"`
	Lost           int           `json:"lost,omitempty"`
	Yields         int           `json:"yields,omitempty"`
	CheckpointSize int           `json:"checkpoint_size"`
	CheckpointAt   time.Time     `json:"checkpoint_at,omitzero"`
	Errors         []bus.Failure `json:"errors,omitempty"`
	// Report is what the newest attempt told, its log included; nil while there is no run record.
	Report *bus.Report `json:"report,omitempty"`
	// DeadLetter is the message of a job that is dead.
	DeadLetter *bus.DeadLetter `json:"dead_letter,omitempty"`
}

// answerShow reads what the bus knows, which is the newest, and what the list has kept of the rest.
func (j *Jobs) answerShow(ctx context.Context, request json.RawMessage) (any, error) {
	in, err := operations.Decode[ShowRequest](request)
	if err != nil {
		return nil, err
	}
	id, err := uuid.Parse(in.ID)
	if err != nil {
		return nil, bus.Errorf(bus.InvalidArgument, "id %.64q is no UUID", in.ID)
	}
	run, err := j.conn.Run(ctx, id)
	if err != nil && bus.CodeOf(err) != bus.NotFound {
		return nil, fmt.Errorf("show job: %w", err)
	}
	kept, err := j.kept(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("show job: %w", err)
	}
	message, err := j.message(ctx, id, kept, run)
	if err != nil && bus.CodeOf(err) != bus.NotFound {
		return nil, fmt.Errorf("show job: %w", err)
	}
	if run == nil && message == nil && kept == nil {
		return nil, bus.Errorf(bus.NotFound, "there is no job %s; one that has ended is kept for a while, one that is dead for longer", id)
	}
	return compose(kept, message, run, time.Now()), nil
}

// keptJob is what the list has of a job.
type keptJob struct {
	job     Job
	version uint64
	details []byte
}

// kept reads what the list has of a job; nil for nothing.
func (j *Jobs) kept(ctx context.Context, id uuid.UUID) (*keptJob, error) {
	var k keptJob
	err := j.list.Read(ctx, func(tx *store.Tx) (err error) {
		var version int64
		row := tx.QueryRow(ctx, `SELECT `+jobColumns+`, j.version, d.details FROM jobs j JOIN kinds k ON k.id = j.kind
			LEFT JOIN job_details d ON d.id = j.id WHERE j.id = $1 AND j.state <> 9`, id[:])
		k.job, _, err = scanJob(row.Scan, time.Now(), &version, &k.details)
		k.version = uint64(version) //nolint:gosec // it was one
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // a job may be on the bus alone
	}
	return &k, err
}

// message reads the job's message from the bus. Of one that has ended it has gone, or nobody need look at it.
func (j *Jobs) message(ctx context.Context, id uuid.UUID, kept *keptJob, run *bus.Run) (*bus.Job, error) {
	switch {
	case run != nil && run.DeadLetter != nil && run.DeadLetter.Job != nil:
		message := &bus.Job{}
		if err := json.Unmarshal(run.DeadLetter.Job, message); err != nil {
			return nil, nil //nolint:nilerr,nilnil // it is dead because it is no job
		}
		return message, nil
	case kept != nil && len(kept.details) > 0:
		return nil, nil //nolint:nilnil // the list has it
	case kept != nil:
		return j.conn.JobOf(ctx, kept.job.Extension, kept.job.Priority, kept.job.Library, id)
	case run != nil:
		return j.conn.JobOf(ctx, run.Extension, run.Priority, run.Library, id)
	default:
		return j.conn.Job(ctx, id)
	}
}

// compose puts together what the list, the message and the record tell, each of which may be missing. The newest tells the state.
func compose(kept *keptJob, message *bus.Job, run *bus.Run, now time.Time) (d Details) {
	newest := uint64(0)
	if kept != nil {
		d.Job, newest = kept.job, kept.version
		if len(kept.details) > 0 && message == nil {
			message = &bus.Job{}
			_ = json.Unmarshal(kept.details, message) // of a message that is no job there is nothing to show
		}
	}
	if run != nil {
		if change := run.Change(); change.Version > newest {
			d.Job, newest = jobOf(change, now), change.Version
		}
		d.Worker, d.Version, d.Digest, d.Trace, d.ExitCode = run.Worker, run.Version, run.Digest, run.Trace, run.ExitCode
		d.Lost, d.Yields, d.Errors, d.Report, d.DeadLetter = run.Lost, run.Yields, run.Errors, &run.Report, run.DeadLetter
		if run.Checkpoint != nil {
			d.CheckpointSize, d.CheckpointAt = len(run.Checkpoint.State), run.Checkpoint.At
		}
	}
	if message == nil {
		return d
	}
	if change, err := message.Change(); err == nil && message.ID != uuid.Nil && change.Version > newest {
		d.Job = jobOf(change, now)
	}
	d.Input, d.Schedule, d.Depth, d.Unique = message.Input, message.Schedule, message.Depth, message.Unique
	d.ExpiresAt, d.MaxAttempts, d.TimeoutMS = message.ExpiresAt, message.MaxAttempts, message.TimeoutMS
	if message.Event != nil {
		event := *message.Event
		event.Data, event.DataBase64 = nil, ""
		d.Event = &event
	}
	return d
}

// jobOf is a change as a line of the list.
func jobOf(c *bus.Change, now time.Time) Job {
	return Job{
		ID: c.Job, Extension: c.Extension, Name: c.Name, Library: c.Library, Parent: c.Parent, Priority: c.Priority,
		State: stateAt(c.State, c.Due, now), Paused: c.Paused, CancelRequested: c.CancelRequested, Attempt: c.Attempt, Failures: c.Failures,
		CreatedAt: timeAt(placeAt(madeAt(c))), Due: c.Due, StartedAt: c.StartedAt, FinishedAt: c.FinishedAt,
		Error: plain(c.Error), Progress: float64(c.Progress), Message: plain(c.Message),
	}
}
