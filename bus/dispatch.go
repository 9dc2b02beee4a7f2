package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

// Dispatch enqueues sub-jobs of a job, at most MaxBatch, together or not at all. That it has them is noted first, so that a job that waits
// for its sub-jobs waits for these. Doing it again with the same ids changes nothing.
//
// # Errors
//
// As EnqueueMany's.
func (c *Conn) Dispatch(ctx context.Context, parent *Job, jobs []*Job) error {
	if len(jobs) > MaxBatch {
		return Errorf(InvalidArgument, "%d sub-jobs at once, at most %d are possible", len(jobs), MaxBatch)
	}
	for _, job := range jobs {
		job.Parent, job.Depth, job.Hops = &parent.ID, parent.Depth+1, parent.Hops
		job.fill()
		if err := job.Validate(); err != nil {
			return err
		}
	}
	if err := c.noteChildren(ctx, jobs); err != nil {
		return err
	}
	_, err := c.EnqueueMany(ctx, jobs)
	return err
}

func (c *Conn) noteChildren(ctx context.Context, jobs []*Job) error {
	if len(jobs) == 1 {
		return c.AddChild(ctx, jobs[0])
	}
	notes := make([]*nats.Msg, len(jobs))
	for i, job := range jobs {
		notes[i] = childNote(job)
	}
	if _, err := jetstreamext.PublishMsgBatch(ctx, c.js, notes); err != nil {
		return Errorf(Unavailable, "note %d sub-jobs: %v", len(jobs), err)
	}
	return nil
}

// childNote says that a job has a sub-job.
func childNote(child *Job) *nats.Msg {
	msg := nats.NewMsg(childSubject(*child.Parent, child.ID))
	msg.Data = []byte(JobSubject(child.Extension, child.Priority, child.Library, child.ID))
	msg.Header.Set(jetstream.MsgTTLHeader, claimAge.String())
	return msg
}

// Caller returns the job that makes a call.
//
// # Errors
//
// not_found when it has ended and is gone, or never was.
func (c *Conn) Caller(ctx context.Context, call *Call) (*Job, error) {
	for _, priority := range []Priority{Normal, High, Low} {
		job, err := c.JobOf(ctx, call.Extension, priority, call.Library, call.Job)
		if CodeOf(err) != NotFound {
			return job, err
		}
	}
	return c.Job(ctx, call.Job) // it acts in another library than its own
}

// SubJob returns a sub-job of a job: its run record, or without one its message.
//
// # Errors
//
// not_found for what is no sub-job of it, and for one of which nothing is kept any more.
func (c *Conn) SubJob(ctx context.Context, parent, id uuid.UUID) (*Job, *Run, error) {
	stream, err := c.runs(ctx)
	if err != nil {
		return nil, nil, err
	}
	note, err := stream.GetLastMsgForSubject(ctx, childSubject(parent, id))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil, Errorf(NotFound, "job %s has no sub-job %s", parent, id)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read sub-job %s: %w", id, err)
	}
	run, err := c.Run(ctx, id)
	if CodeOf(err) != NotFound {
		return nil, run, err
	}
	job, _, err := c.find(ctx, id, string(note.Data))
	if CodeOf(err) == NotFound {
		// It may have been begun and removed in between.
		run, err = c.Run(ctx, id)
	}
	return job, run, err
}

// CancelSubJob cancels a sub-job of a job, and returns its state: one that runs is asked to stop, and goes on for as long as that takes.
// One that has ended stays as it is. Whoever deals does it, as what asks for it need not be allowed to write records.
//
// # Errors
//
// not_found for what is no sub-job of it; unavailable while nobody deals.
func (c *Conn) CancelSubJob(ctx context.Context, extension string, parent, id uuid.UUID) (State, error) {
	var out subJobState
	err := c.askRecorder(ctx, extension, "cancel", subJobRequest{Parent: parent, Job: id}, &out)
	return out.State, err
}

// cancelSubJob is CancelSubJob of who deals.
func (c *Conn) cancelSubJob(ctx context.Context, extension string, in subJobRequest) (*subJobState, error) {
	job, run, err := c.SubJob(ctx, in.Parent, in.Job)
	if err != nil {
		return nil, err
	}
	if run != nil && run.Extension != extension || run == nil && job.Extension != extension {
		return nil, Errorf(PermissionDenied, "job %s is another's", in.Job)
	}
	err = c.Cancel(ctx, in.Job)
	if CodeOf(err) == FailedPrecondition || CodeOf(err) == NotFound { // it has ended, perhaps by another's cancel a moment ago
		err = nil
	}
	if err != nil {
		return nil, err
	}
	if run, err = c.Run(ctx, in.Job); err != nil {
		return nil, err
	}
	return &subJobState{State: run.State}, nil
}

// AddChild notes that a job has a sub-job, before it is enqueued.
//
// # Errors
//
// invalid_argument for a job that cannot be; unavailable.
func (c *Conn) AddChild(ctx context.Context, child *Job) error {
	child.fill()
	if err := child.Validate(); err != nil {
		return err
	}
	if _, err := c.records.publish(ctx, childNote(child)); err != nil {
		return Errorf(Unavailable, "note sub-job %s: %v", child.ID, err)
	}
	return nil
}

// Children are the sub-jobs of a job, by id, with their subjects.
func (c *Conn) children(ctx context.Context, parent uuid.UUID) (map[uuid.UUID]string, error) {
	subjects, err := c.subjectsOf(ctx, runsStream, childSubject(parent, uuid.Nil))
	if err != nil {
		return nil, err
	}
	children := make(map[uuid.UUID]string, len(subjects))
	for chunk := range slices.Chunk(subjects, maxLookup) {
		err := c.readLast(ctx, runsStream, chunk, func(msg *jetstream.RawStreamMsg) error {
			if id, err := uuid.Parse(msg.Subject[len(msg.Subject)-36:]); err == nil {
				children[id] = string(msg.Data)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return children, nil
}

// pendingChildren is how many sub-jobs of a job have no outcome yet.
func (c *Conn) pendingChildren(ctx context.Context, parent uuid.UUID) (int, error) {
	if c.bound() {
		family, err := c.familyThrough(ctx, parent)
		return family.Pending, err
	}
	children, err := c.children(ctx, parent)
	if err != nil {
		return 0, err
	}
	ids := make([]uuid.UUID, 0, len(children))
	for id := range children {
		ids = append(ids, id)
	}
	runs, err := c.Runs(ctx, ids)
	if err != nil {
		return 0, err
	}
	pending := 0
	for id, subject := range children {
		run := runs[id]
		if run == nil {
			// Not begun, or its record is not kept any more.
			waits, err := c.waits(ctx, id, subject)
			if err != nil {
				return 0, err
			}
			if !waits {
				continue
			}
		}
		if run == nil || !run.State.Ended() {
			pending++
		}
	}
	return pending, nil
}
