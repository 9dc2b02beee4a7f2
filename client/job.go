package client

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
)

// Priority orders jobs that wait. Those of a low one are not starved.
type Priority = bus.Priority

// The priorities.
const (
	High   = bus.High
	Normal = bus.Normal
	Low    = bus.Low
)

// past is how far in the past the time of a job may be, for it takes a moment from making one to enqueueing it.
const past = 10 * time.Second

// Job is a job to be enqueued. Name is required.
type Job struct {
	// Name is the job's full name, "<extension>:<job>".
	Name string
	// ID is what the job is known by. Who gives one may enqueue the job again without there being two. Default: a new one.
	ID uuid.UUID
	// Library is whose data it works on. Default DefaultLibrary.
	Library uuid.UUID
	// Input is encoded as JSON; a json.RawMessage is taken as it is. Default: none, which is not the same as {}.
	Input any
	// Priority defaults to what the extension's manifest says of the job, and that to Normal.
	Priority Priority
	// In delays the job; At says when it may begin. Not both. Default: at once.
	In time.Duration
	At time.Time
	// ExpiresAt is until when it may begin; later it ends as expired. Default: for ever.
	ExpiresAt time.Time
	// Unique keeps others with the same key out, of the same name and library: as long as this job has no outcome, or for
	// UniqueFor, at least a second, from now on. At most 512 bytes. Default: not unique.
	Unique    string
	UniqueFor time.Duration
	// MaxAttempts is how often it is tried and Timeout bounds one attempt. Default: what the manifest says.
	MaxAttempts int
	Timeout     time.Duration
}

// bare is the job as the bus has it, without what its extension's manifest says.
func (j *Job) bare(now time.Time) (*bus.Job, error) {
	extension, name, ok := strings.Cut(j.Name, ":")
	if !ok || extension == "" || name == "" {
		return nil, refuse(ErrInvalid, bus.InvalidArgument, "job name is %.200q, want <extension>:<job>, such as finance:process_receipt", j.Name)
	}
	input, err := encode(j.Input)
	if err != nil {
		return nil, err
	}
	out := &bus.Job{
		ID: j.ID, Extension: extension, Name: name, Library: j.Library, Priority: j.Priority, Input: input,
		MaxAttempts: j.MaxAttempts, TimeoutMS: j.Timeout.Milliseconds(), CreatedAt: now.UTC(),
	}
	if out.ID == uuid.Nil {
		out.ID = uuid.Must(uuid.NewV7())
	}
	if out.Library == uuid.Nil {
		out.Library = DefaultLibrary
	}
	if out.Due, err = j.due(now); err != nil {
		return nil, err
	}
	if !j.ExpiresAt.IsZero() {
		if !j.ExpiresAt.After(now) {
			return nil, refuse(ErrInvalid, bus.InvalidArgument, "the job expires at %s, which is in the past: it would never begin", j.ExpiresAt.Format(time.RFC3339))
		}
		expires := j.ExpiresAt.UTC()
		out.ExpiresAt = &expires
	}
	switch {
	case j.Unique != "":
		out.Unique = &bus.Unique{Key: j.Unique, ForMS: j.UniqueFor.Milliseconds()}
	case j.UniqueFor != 0:
		return nil, refuse(ErrInvalid, bus.InvalidArgument, "the job is unique for %s, but has no key: give it one", j.UniqueFor)
	}
	return out, nil
}

// due is when the job may begin; nil for at once.
func (j *Job) due(now time.Time) (*time.Time, error) {
	at := j.At
	switch {
	case j.In != 0 && !j.At.IsZero():
		return nil, refuse(ErrInvalid, bus.InvalidArgument, "a job is due in a while or at a time, not both")
	case j.In < 0:
		return nil, refuse(ErrInvalid, bus.InvalidArgument, "the job is due in %s, which is in the past: leave it out to run the job at once", j.In)
	case j.In > 0:
		at = now.Add(j.In)
	case j.At.IsZero():
		return nil, nil //nolint:nilnil // no time is at once
	case now.Sub(j.At) > past:
		return nil, refuse(ErrInvalid, bus.InvalidArgument, "the job is due at %s, which is in the past: leave it out to run the job at once", j.At.Format(time.RFC3339))
	}
	at = at.UTC()
	return &at, nil
}

// encode makes JSON of an input.
func encode(input any) (json.RawMessage, error) {
	switch input := input.(type) {
	case nil:
		return nil, nil
	case json.RawMessage:
		return input, nil
	}
	data, err := json.Marshal(input)
	if err != nil {
		return nil, refuse(ErrInvalid, bus.InvalidArgument, "the job's input cannot be encoded: %v", err)
	}
	return data, nil
}
