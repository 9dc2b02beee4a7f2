package dispatch

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
)

type getInput struct {
	ID string `json:"job_id"`
}

// subJob is how a sub-job stands.
type subJob struct {
	ID       uuid.UUID `json:"job_id"`
	Job      string    `json:"job"`
	State    bus.State `json:"state"`
	Ended    bool      `json:"ended"`
	Attempt  uint64    `json:"attempt"`
	Failures int       `json:"failures"`
	Progress float32   `json:"progress"`
	Message  string    `json:"message,omitempty"`
	Items    int64     `json:"items,omitempty"`
	Bytes    int64     `json:"bytes,omitempty"`
	// ExitCode, Failure and FinishedAt are of one that has ended, Failure also of one that is tried again.
	ExitCode   *int32     `json:"exit_code,omitempty"`
	Failure    string     `json:"failure,omitempty"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`
	Due        *time.Time `json:"due,omitempty"`
}

func (d *dispatcher) get(ctx context.Context, call *bus.Call, in getInput) (subJob, error) {
	id, err := uuid.Parse(in.ID)
	if err != nil {
		return subJob{}, bus.Errorf(bus.InvalidArgument, "job_id %.100q is no id of a job, want a UUID", in.ID)
	}
	job, run, err := d.conn.SubJob(ctx, call.Job, id)
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

// waiting is how a job stands that has no record: it waits, or has begun a moment ago.
func waiting(job *bus.Job) subJob {
	out := subJob{ID: job.ID, Job: job.Name, State: bus.StateAvailable}
	if job.Due != nil && job.Due.After(time.Now()) {
		out.State, out.Due = bus.StateScheduled, job.Due
	}
	return out
}
