package airlock

import (
	"encoding/json"
	"fmt"
	"time"
)

// SubJob is a job to be started by [JobContext.Dispatch].
type SubJob struct {
	// Job is the name of a job of this extension.
	Job string
	// Input is any value that JSON can carry; nil for none.
	Input any
	// Priority is high, normal or low; empty for what the manifest says.
	Priority string
	// In puts the job off.
	In time.Duration
	// Unique is a key that no other job of this name and library may have until this one has ended; empty for none. UniqueFor holds it
	// for a time instead.
	Unique    string
	UniqueFor time.Duration
}

type wireSubJob struct {
	Job      string          `json:"job"`
	Input    json.RawMessage `json:"input,omitempty"`
	Priority string          `json:"priority,omitempty"`
	InMS     int64           `json:"in_ms,omitempty"`
	Unique   *wireUnique     `json:"unique,omitempty"`
}

type wireUnique struct {
	Key   string `json:"key"`
	ForMS int64  `json:"for_ms,omitempty"`
}

// Dispatch starts a sub-job of this job and returns its id. Started by the same call once more, as an attempt does that goes on from a
// checkpoint before it, it is the same job. It calls action:jobs.dispatch.
//
// # Errors
//
// [NotFound] for a job that this extension does not have; [AlreadyExists] when another job holds the unique key; [ResourceExhausted] while
// too many jobs wait; [FailedPrecondition] when jobs are too deep.
func (j *JobContext) Dispatch(job SubJob) (id string, err error) {
	wire, err := job.wire()
	if err != nil {
		return "", err
	}
	var out struct {
		ID string `json:"job_id"`
	}
	err = j.Call("action:jobs.dispatch", "", wire, &out)
	return out.ID, err
}

// DispatchMany starts up to 1000 sub-jobs, together or not at all, and returns their ids in the same order. It calls
// action:jobs.dispatch.
//
// # Errors
//
// As Dispatch's.
func (j *JobContext) DispatchMany(jobs []SubJob) (ids []string, err error) {
	wire := make([]wireSubJob, len(jobs))
	for i, job := range jobs {
		if wire[i], err = job.wire(); err != nil {
			return nil, err
		}
	}
	var out struct {
		IDs []string `json:"job_ids"`
	}
	err = j.Call("action:jobs.dispatch", "", map[string]any{"jobs": wire}, &out)
	return out.IDs, err
}

func (s SubJob) wire() (wireSubJob, error) {
	wire := wireSubJob{Job: s.Job, Priority: s.Priority, InMS: s.In.Milliseconds()}
	if s.Input != nil {
		input, err := json.Marshal(s.Input)
		if err != nil {
			return wire, fmt.Errorf("encode input of sub-job %s: %w", s.Job, err)
		}
		wire.Input = input
	}
	if s.Unique != "" {
		wire.Unique = &wireUnique{Key: s.Unique, ForMS: s.UniqueFor.Milliseconds()}
	}
	return wire, nil
}

// SubJobStatus is how a sub-job stands.
type SubJobStatus struct {
	ID string `json:"job_id"`
	// Job is its name.
	Job string `json:"job"`
	// State is scheduled, available, running, waiting, completed, cancelled, expired or dead. Ended tells that it is one of the last four.
	State    string `json:"state"`
	Ended    bool   `json:"ended"`
	Attempt  int    `json:"attempt"`
	Failures int    `json:"failures"`
	// Progress, Message, Items and Bytes are what it told last.
	Progress float32 `json:"progress"`
	Message  string  `json:"message"`
	Items    int64   `json:"items"`
	Bytes    int64   `json:"bytes"`
	// ExitCode is nil until its export has answered.
	ExitCode *int `json:"exit_code"`
	// Failure is why it failed last; empty for one that completed.
	Failure string `json:"failure"`
}

// SubJob returns how a sub-job stands that this job has dispatched. It calls query:jobs.status.
func (j *JobContext) SubJob(id string) (SubJobStatus, error) {
	var out SubJobStatus
	err := j.Call("query:jobs.status", "", map[string]string{"job_id": id}, &out)
	return out, err
}

// CancelSubJob cancels a sub-job that this job has dispatched, and returns its state: cancelled, or running until it has stopped. One that has
// ended stays as it is. It calls action:jobs.cancel.
func (j *JobContext) CancelSubJob(id string) (state string, err error) {
	var out struct {
		State string `json:"state"`
	}
	err = j.Call("action:jobs.cancel", "", map[string]string{"job_id": id}, &out)
	return out.State, err
}

// WaitForSubJobs is what Run returns, after a checkpoint, to be called again when all sub-jobs of this job have ended: [ErrWaiting]. Until
// then the job takes neither a slot nor memory.
func (j *JobContext) WaitForSubJobs() error { return ErrWaiting }

// Snooze asks to be run again after a while, from the last checkpoint, and returns what Run is to return then:
//
//	return job.Snooze(10 * time.Minute)
//
// It is no failure, but a job that set itself aside a thousand times is dead. It calls action:jobs.snooze.
//
// # Errors
//
// Always: [ErrInterrupted], or why the host refused it, with which the attempt fails.
func (j *JobContext) Snooze(d time.Duration) error {
	if err := j.Call("action:jobs.snooze", "", map[string]int64{"for_ms": d.Milliseconds()}, nil); err != nil {
		return err
	}
	return ErrInterrupted
}
