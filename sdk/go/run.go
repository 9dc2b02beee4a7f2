package airlock

import (
	"errors"
	"fmt"
)

// Run runs one attempt of a registered job and returns its exit code. The module's exports call it with the real host; a test
// calls it, through airlocktest, with a fake one. An empty name means the job that the context names.
//
// A failure is logged at error level before Run returns, so that the job's log ends with its cause.
func Run(host Host, name string, context, state []byte) int32 {
	job, err := newJobContext(host, context, state)
	if err != nil {
		host.Log(LevelError, err.Error())
		return exitFailed
	}
	if name == "" {
		name = job.Name
	}
	work, ok := find(name)
	if !ok {
		host.Log(LevelError, fmt.Sprintf("run job %q: this extension has no such job", name))
		return exitPermanent
	}
	job.Name = work.Name
	err = work.Run(job)
	if err != nil && !errors.Is(err, ErrInterrupted) && !errors.Is(err, ErrWaiting) {
		host.Log(LevelError, err.Error())
	}
	return exitCode(err)
}

func newJobContext(host Host, context, state []byte) (*JobContext, error) {
	job := &JobContext{host: host, state: state}
	data, binary, err := decodeBinary(context, job, "event", "data_base64")
	if err != nil {
		return nil, fmt.Errorf("decode job context: %w", err)
	}
	id, err := ParseUUID(job.ID)
	if err != nil {
		return nil, fmt.Errorf("decode job context: job_id: %w", err)
	}
	job.id = id
	if job.Event != nil {
		job.Event.job = job
	}
	if binary {
		job.Event.binary = data
	}
	return job, nil
}
