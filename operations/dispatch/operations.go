package dispatch

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/operations"
)

// Catalogue knows what is installed; *extensions.Catalogue is one.
type Catalogue interface {
	// Installed returns an extension, or extensions.ErrNotInstalled.
	Installed(ctx context.Context, id extensions.ID) (extensions.Installed, error)
}

// Operations returns the operations of this domain.
func Operations(conn *bus.Conn, catalogue Catalogue) []operations.Operation {
	d := &dispatcher{conn: conn, catalogue: catalogue}
	return []operations.Operation{
		operations.RepeatableAction("jobs.dispatch", d.dispatch, operations.Describe("starts sub-jobs of the job that calls"),
			operations.Sample(`{"job": "leaf", "input": {"n": 1}}`),
			operations.Fails(bus.NotFound, "no such extension or job is installed")),
		operations.Query("jobs.status", d.status, operations.Describe("returns how a sub-job of the job that calls stands"),
			operations.Sample(`{"job_id": "a1510c00-0000-4000-8000-000000000001"}`),
			operations.Fails(bus.NotFound, "the job has no such sub-job")),
		operations.RepeatableAction("jobs.cancel", d.cancel, operations.Describe("cancels a sub-job of the job that calls; one that runs is asked to stop"),
			operations.Sample(`{"job_id": "a1510c00-0000-4000-8000-000000000001"}`),
			operations.Fails(bus.NotFound, "the job has no such sub-job"),
			operations.Fails(bus.Unavailable, "no worker deals jobs now")),
	}
}

type dispatcher struct {
	conn      *bus.Conn
	catalogue Catalogue
}

// newJob is a job to be started.
type newJob struct {
	Job         string      `json:"job,omitempty" jsonschema:"name of the job, or <extension>:<name>"`
	Input       rawJSON     `json:"input,omitempty" jsonschema:"any JSON; default none, which is not the same as {}"`
	Priority    string      `json:"priority,omitempty" jsonschema:"high, normal or low; default that of the manifest"`
	InMS        int64       `json:"in_ms,omitempty" jsonschema:"milliseconds until it is due; default 0" schema:"default=0"`
	Unique      *bus.Unique `json:"unique,omitempty" jsonschema:"key that one job holds at a time; default none"`
	MaxAttempts int         `json:"max_attempts,omitempty" jsonschema:"how often it is tried; default that of the manifest"`
	TimeoutMS   int64       `json:"timeout_ms,omitempty" jsonschema:"bound of an attempt in milliseconds; default that of the manifest"`
}

// rawJSON is a value as it was written; null is none.
type rawJSON []byte

// UnmarshalJSON keeps the value.
func (r *rawJSON) UnmarshalJSON(text []byte) error {
	if string(text) != "null" {
		*r = append((*r)[:0], text...)
	}
	return nil
}

type dispatchInput struct {
	newJob
	Jobs []newJob `json:"jobs,omitempty" jsonschema:"1 to 1000 jobs that are started together or not at all, instead of job"`
}

type dispatched struct {
	ID  *uuid.UUID  `json:"job_id,omitempty" jsonschema:"id of the sub-job"`
	IDs []uuid.UUID `json:"job_ids,omitempty" jsonschema:"ids of the sub-jobs, in the order of jobs"`
}

func (d *dispatcher) dispatch(ctx context.Context, call *bus.Call, in dispatchInput) (dispatched, error) {
	many := in.Jobs != nil
	switch {
	case many && in.Job != "":
		return dispatched{}, bus.Errorf(bus.InvalidArgument, "want either job or jobs, not both")
	case many && (len(in.Jobs) == 0 || len(in.Jobs) > bus.MaxBatch):
		return dispatched{}, bus.Errorf(bus.InvalidArgument, "jobs: there are %d, want 1 to %d", len(in.Jobs), bus.MaxBatch)
	case !many:
		in.Jobs = []newJob{in.newJob}
	}
	parent, err := d.caller(ctx, call)
	if err != nil {
		return dispatched{}, err
	}
	jobs, err := d.prepare(ctx, call, in.Jobs)
	if err != nil {
		return dispatched{}, err
	}
	if parent == nil {
		_, err = d.conn.EnqueueMany(ctx, jobs)
	} else {
		err = d.conn.Dispatch(ctx, parent, jobs)
	}
	if err != nil {
		return dispatched{}, err
	}
	if !many {
		return dispatched{ID: &jobs[0].ID}, nil
	}
	out := dispatched{IDs: make([]uuid.UUID, len(jobs))}
	for i, job := range jobs {
		out.IDs[i] = job.ID
	}
	return out, nil
}

// caller is the job that calls; nil for a person's call.
func (d *dispatcher) caller(ctx context.Context, call *bus.Call) (*bus.Job, error) {
	if call.Extension == bus.Operator {
		return nil, nil //nolint:nilnil // as said
	}
	parent, err := d.conn.Caller(ctx, call)
	switch {
	case bus.CodeOf(err) == bus.NotFound:
		return nil, bus.Errorf(bus.FailedPrecondition, "job %s does not run, so it starts no sub-jobs", call.Job)
	case err != nil:
		return nil, fmt.Errorf("read the job that calls: %w", err)
	case parent.Extension != call.Extension:
		return nil, bus.Errorf(bus.FailedPrecondition, "job %s is none of extension %s", call.Job, call.Extension)
	case parent.Depth >= bus.MaxDepth:
		return nil, bus.Errorf(bus.FailedPrecondition, "job %s is %d jobs deep, and no sub-job can be deeper: does each start the next?", call.Job, parent.Depth)
	}
	return parent, nil
}
