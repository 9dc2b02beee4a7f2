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
	Event       *bus.Event `json:"event,omitempty"`
	MaxAttempts int        `json:"max_attempts,omitempty"`
	TimeoutMS   int64      `json:"timeout_ms,omitempty"`
	Worker      string     `json:"worker,omitempty"`
	// Version is that of the extension the job runs, and Digest its module; empty while there is no run record.
	Version        string        `json:"version,omitempty"`
	Digest         string        `json:"digest,omitempty"`
	ExitCode       *int32        `json:"exit_code,omitempty"`
	CheckpointSize int           `json:"checkpoint_size"`
	CheckpointAt   time.Time     `json:"checkpoint_at,omitzero"`
	Errors         []bus.Failure `json:"errors,omitempty"`
	// Report is what the newest attempt told, its log included; nil while there is no run record.
	Report *bus.Report `json:"report,omitempty"`
}

func (j *Jobs) show(ctx context.Context, request json.RawMessage) (any, error) {
	in, err := operations.Decode[ShowRequest](request)
	if err != nil {
		return nil, err
	}
	id, err := uuid.Parse(in.ID)
	if err != nil {
		return nil, bus.Errorf(bus.InvalidArgument, "id %.64q is no UUID", in.ID)
	}
	if err := j.catchUp(ctx, id); err != nil {
		return nil, err
	}
	var job Job
	var jobText, runText string
	err = j.db.Read(ctx, func(tx *store.Tx) (err error) {
		row := tx.QueryRow(ctx, `SELECT `+jobColumns+`, job, run FROM jobs WHERE id = $1`, id.String())
		job, err = scanJob(row.Scan, time.Now(), &jobText, &runText)
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, bus.Errorf(bus.NotFound, "there is no job %s in the list; a job that ended is in it for 30 days", id)
	}
	if err != nil {
		return nil, fmt.Errorf("show job: %w", err)
	}
	var message bus.Job
	var run keptRun
	if err := errors.Join(json.Unmarshal([]byte(jobText), &message), json.Unmarshal([]byte(runText), &run)); err != nil {
		return nil, fmt.Errorf("decode job %s: %w", id, err)
	}
	out := Details{
		Job: job, Input: message.Input, Event: message.Event, MaxAttempts: message.MaxAttempts, TimeoutMS: message.TimeoutMS,
		Worker: run.Worker, Version: run.Version, Digest: run.Digest, ExitCode: run.ExitCode, Errors: run.Errors, Report: run.Report,
	}
	if run.Checkpoint != nil {
		out.CheckpointSize, out.CheckpointAt = run.Checkpoint.Size, run.Checkpoint.At
	}
	return out, nil
}

// catchUp brings one job up to date, so that what has just been done to it shows.
func (j *Jobs) catchUp(ctx context.Context, id uuid.UUID) error {
	job, err := j.conn.Job(ctx, id)
	if err == nil {
		err = j.keepJob(ctx, job)
	}
	if err != nil && bus.CodeOf(err) != bus.NotFound {
		return fmt.Errorf("show job: %w", err)
	}
	run, err := j.conn.Run(ctx, id)
	if err == nil {
		err = j.keepRun(ctx, run)
	}
	if err != nil && bus.CodeOf(err) != bus.NotFound {
		return fmt.Errorf("show job: %w", err)
	}
	return nil
}
