package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/store"
)

const (
	defaultLimit = 50
	maxLimit     = 500
)

// Job is a line of the list.
type Job struct {
	ID        uuid.UUID `json:"id"`
	Extension string    `json:"extension"`
	Name      string    `json:"job"`
	Library   uuid.UUID `json:"library"`
	// Parent is the job that dispatched this one, uuid.Nil for none.
	Parent   uuid.UUID    `json:"parent,omitzero"`
	Priority bus.Priority `json:"priority,omitempty"`
	State    bus.State    `json:"state"`
	// Paused says that the job is not to run until it is resumed, CancelRequested that it was asked to stop and runs still.
	Paused          bool `json:"paused,omitempty"`
	CancelRequested bool `json:"cancel_requested,omitempty"`
	// Attempt is the newest attempt that left a record, 0 for none.
	Attempt    uint64    `json:"attempt"`
	Failures   int       `json:"failures"`
	CreatedAt  time.Time `json:"created_at"`
	Due        time.Time `json:"due,omitzero"`
	StartedAt  time.Time `json:"started_at,omitzero"`
	FinishedAt time.Time `json:"finished_at,omitzero"`
	// Error is the newest failure's, cut at 1 KiB; empty for a job that completed.
	Error    string  `json:"error,omitempty"`
	Progress float64 `json:"progress"`
	Message  string  `json:"message,omitempty"`
}

// ListRequest is what airlock.api.jobs.list takes. Empty fields do not filter; of several all have to hold.
type ListRequest struct {
	State     bus.State `json:"state,omitempty"`
	Extension string    `json:"extension,omitempty"`
	Name      string    `json:"job,omitempty"`
	Library   string    `json:"library,omitempty"`
	Parent    string    `json:"parent,omitempty"`
	// CreatedAfter and CreatedBefore bound when a job was made, the first included.
	CreatedAfter  *time.Time `json:"created_after,omitempty"`
	CreatedBefore *time.Time `json:"created_before,omitempty"`
	// Limit is 1 to 500. Default 50.
	Limit int `json:"limit,omitempty"`
	// After is the Next of the page before.
	After string `json:"after,omitempty"`
}

// ListResponse is what airlock.api.jobs.list answers: jobs, newest first.
type ListResponse struct {
	Jobs []Job `json:"jobs"`
	// Next is the After of the next page; empty on the last one. A page that has a Next may have fewer jobs than the limit, or
	// none: so many had to be looked at.
	Next string `json:"next,omitempty"`
	// Behind is how many messages about jobs the list has not seen yet.
	Behind uint64 `json:"behind,omitempty"`
}

func (j *Jobs) answerList(ctx context.Context, request json.RawMessage) (any, error) {
	in, err := operations.Decode[ListRequest](request)
	if err != nil {
		return nil, err
	}
	out, err := list(ctx, j.list, in, time.Now())
	if err != nil {
		return nil, err
	}
	out.Behind = j.behind.Load()
	return out, nil
}

func list(ctx context.Context, db *store.DB, in ListRequest, now time.Time) (out ListResponse, err error) {
	f, err := in.filter(db, now)
	if err != nil {
		return out, err
	}
	err = db.Read(ctx, func(tx *store.Tx) (err error) {
		out, err = f.page(ctx, tx)
		return err
	})
	if err != nil {
		return out, fmt.Errorf("list jobs: %w", err)
	}
	return out, nil
}

// jobColumns are what scanJob scans, of the tables jobs j and kinds k.
const jobColumns = `j.place, j.id, k.extension, k.name, k.library_id, j.parent, j.priority, j.state, j.attempt, j.failures, j.due,
	j.started_at, j.finished_at, j.cancel_requested, j.paused, j.progress, j.error, j.message`

func scanJob(scan func(...any) error, now time.Time, more ...any) (job Job, place int64, err error) {
	var id, library, parent []byte
	var priority, state, attempt, due, started, finished, cancel, paused, progress int64
	var failure, message *string
	err = scan(append([]any{
		&place, &id, &job.Extension, &job.Name, &library, &parent, &priority, &state, &attempt, &job.Failures, &due, &started,
		&finished, &cancel, &paused, &progress, &failure, &message,
	}, more...)...)
	if err != nil {
		return job, 0, err
	}
	for to, from := range map[*uuid.UUID][]byte{&job.ID: id, &job.Library: library, &job.Parent: parent} {
		copy(to[:], from)
	}
	job.Priority = priorityNames[min(max(priority, 0), int64(len(priorityNames)-1))]
	job.State, job.Attempt = stateNames[state], uint64(attempt) //nolint:gosec // it was one
	job.Paused, job.CancelRequested, job.Progress = paused != 0, cancel != 0, float64(progress)/1e6
	job.CreatedAt, job.Due = timeAt(place), store.Time(due)
	job.StartedAt, job.FinishedAt = store.Time(started), store.Time(finished)
	if failure != nil {
		job.Error = *failure
	}
	if message != nil {
		job.Message = *message
	}
	job.State = stateAt(job.State, job.Due, now)
	return job, place, nil
}

// stateAt is the state at a time of a job whose newest record has state: one that is scheduled becomes available when it is due, without
// a record of it.
func stateAt(state bus.State, due, now time.Time) bus.State {
	if state == bus.StateScheduled && !due.After(now) {
		return bus.StateAvailable
	}
	return state
}
