package dispatch

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
)

type statusInput struct {
	ID string `json:"job_id" jsonschema:"id of a sub-job of the job that calls"`
}

// subJob is how a sub-job stands.
type subJob struct {
	ID       uuid.UUID `json:"job_id" jsonschema:"id of the sub-job"`
	Job      string    `json:"job" jsonschema:"name of the job"`
	State    bus.State `json:"state" jsonschema:"scheduled, available, running, waiting, completed, cancelled, expired or dead"`
	Ended    bool      `json:"ended" jsonschema:"whether it is over"`
	Attempt  uint64    `json:"attempt" jsonschema:"token of the newest attempt"`
	Failures int       `json:"failures" jsonschema:"attempts that failed"`
	Progress float32   `json:"progress" jsonschema:"0 to 1"`
	Message  string    `json:"message,omitempty" jsonschema:"what it said with its progress"`
	Items    int64     `json:"items,omitempty" jsonschema:"items done"`
	Bytes    int64     `json:"bytes,omitempty" jsonschema:"bytes done"`
	// ExitCode, Failure and FinishedAt are of one that has ended, Failure also of one that is tried again.
	ExitCode   *int32     `json:"exit_code,omitempty" jsonschema:"of one that has ended"`
	Failure    string     `json:"failure,omitempty" jsonschema:"why it failed, or is tried again"`
	FinishedAt *time.Time `json:"finished_at,omitempty" jsonschema:"when it ended"`
	Due        *time.Time `json:"due,omitempty" jsonschema:"when it is to begin"`
}

func (d *dispatcher) status(ctx context.Context, call *bus.Call, in statusInput) (subJob, error) {
	id, err := parseID(in.ID)
	if err != nil {
		return subJob{}, err
	}
	_, parent, err := d.family(ctx, call, id)
	if err != nil {
		return subJob{}, err
	}
	job, run, err := d.conn.SubJob(ctx, parent, id)
	switch {
	case err != nil:
		return subJob{}, err
	case run == nil:
		return waiting(job), nil
	}
	out := subJob{
		ID: run.Job, Job: run.Name, State: run.State, Ended: run.State.Ended(), Attempt: run.Attempt, Failures: run.Failures,
		Progress: run.Report.Progress, Message: run.Report.Message, Items: run.Report.Items, Bytes: run.Report.Bytes,
		ExitCode: run.ExitCode, FinishedAt: run.FinishedAt, Due: run.Due,
	}
	if n := len(run.Errors); n > 0 && run.State != bus.StateCompleted {
		out.Failure = run.Errors[n-1].Error
	}
	return out, nil
}

func parseID(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, bus.Errorf(bus.InvalidArgument, "job_id %.100q is no id of a job, want a UUID", text)
	}
	return id, nil
}

// waiting is how a job stands that has no record: it waits, or has begun a moment ago.
func waiting(job *bus.Job) subJob {
	out := subJob{ID: job.ID, Job: job.Name, State: bus.StateAvailable}
	if job.Due != nil && job.Due.After(time.Now()) {
		out.State, out.Due = bus.StateScheduled, job.Due
	}
	return out
}
