package airlock

import (
	"encoding/json"
	"errors"
	"fmt"
)

// JobContext is one attempt of a job: what it was given, and its way to the host. It belongs to the call of Run that got it and
// is not to be used after that returned. Its methods are for one goroutine at a time.
type JobContext struct {
	// ID is the job's id, the same for all its attempts.
	ID string `json:"job_id"`
	// Library is the id of the library whose data the job works on.
	Library string `json:"library_id"`
	// Extension is the extension's id.
	Extension string `json:"extension"`
	// Name is the job's name.
	Name string `json:"job"`
	// Attempt counts from 1. It is 0 on a host that does not say.
	Attempt int `json:"attempt"`
	// Resumed tells that the state is a checkpoint of an earlier attempt, not the input.
	Resumed bool `json:"resumed"`
	// Event is the event that started the job, or nil.
	Event *Event `json:"event"`

	host  Host
	id    UUID
	state []byte
}

// State returns the job's input on the first attempt and its last checkpoint after that, as JSON. It is empty for a job without
// either.
func (j *JobContext) State() []byte { return j.state }

// Input decodes the job's input on the first attempt, and its last checkpoint after that, into v. A job that has neither leaves
// v as it is.
//
// # Errors
//
// State that is not JSON or does not fit v.
func (j *JobContext) Input(v any) error {
	if len(j.state) == 0 {
		return nil
	}
	if err := json.Unmarshal(j.state, v); err != nil {
		return fmt.Errorf("decode state: %w", err)
	}
	return nil
}

// Checkpoint saves v, as JSON, as what the next attempt starts from.
//
// # Errors
//
// A v that is not JSON, and a host that did not save it, for instance because a newer attempt of the job is running.
func (j *JobContext) Checkpoint(v any) error {
	state, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode checkpoint: %w", err)
	}
	if !j.host.Checkpoint(j.id, state) {
		return errors.New("save checkpoint: the host refused it")
	}
	return nil
}

// Interrupted asks the host whether the job should stop. It is cheap enough for every round of a loop.
func (j *JobContext) Interrupted() Interrupt { return j.host.CheckInterrupt(j.id) }

// Progress tells how far the job is, 0 to 1, and what it does.
func (j *JobContext) Progress(fraction float32, message string) {
	j.host.Progress(j.id, fraction, message)
}

// Warn adds a warning to the job's record: something a person should know of a job that goes on.
func (j *JobContext) Warn(format string, args ...any) {
	j.host.Warn(j.id, fmt.Sprintf(format, args...))
}

// AddBytes adds to the bytes the job has dealt with.
func (j *JobContext) AddBytes(count int64) { j.host.AddBytes(j.id, count) }

// AddItems adds to the items the job has dealt with.
func (j *JobContext) AddItems(count int64) { j.host.AddItems(j.id, count) }

// Log writes a line to the job's log.
func (j *JobContext) Log(level Level, format string, args ...any) {
	j.host.Log(level, fmt.Sprintf(format, args...))
}
