package dispatch

import (
	"context"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
)

type cancelled struct {
	ID    uuid.UUID `json:"job_id" jsonschema:"id of the sub-job"`
	State bus.State `json:"state" jsonschema:"cancelled; running until it has stopped; another of a sub-job that had ended"`
	Ended bool      `json:"ended" jsonschema:"whether it is over"`
}

// cancel answers the state that follows, also for a sub-job that has ended: doing it again is no failure.
func (d *dispatcher) cancel(ctx context.Context, call *bus.Call, in statusInput) (cancelled, error) {
	id, err := parseID(in.ID)
	if err != nil {
		return cancelled{}, err
	}
	extension, parent, err := d.family(ctx, call, id)
	if err != nil {
		return cancelled{}, err
	}
	state, err := d.conn.CancelSubJob(ctx, extension, parent, id)
	if err != nil {
		return cancelled{}, err
	}
	return cancelled{ID: id, State: state, Ended: state.Ended()}, nil
}

// family is whose sub-job a job has to be: the caller's, or for a person's call that of any job in the library.
func (d *dispatcher) family(ctx context.Context, call *bus.Call, id uuid.UUID) (extension string, parent uuid.UUID, err error) {
	if call.Extension != bus.Operator {
		return call.Extension, call.Job, nil
	}
	run, err := d.conn.Run(ctx, id)
	if bus.CodeOf(err) == bus.NotFound {
		var job *bus.Job
		if job, err = d.conn.Job(ctx, id); err == nil {
			run = &bus.Run{Extension: job.Extension, Library: job.Library, Parent: job.Parent}
		}
	}
	if err != nil {
		return "", uuid.Nil, err
	}
	if run.Parent == nil || run.Library != call.Library {
		return "", uuid.Nil, bus.Errorf(bus.NotFound, "job %s is no sub-job in library %s; people cancel any job with `airlock job cancel`", id, call.Library)
	}
	return run.Extension, *run.Parent, nil
}
