package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// execution is one attempt of one job.
type execution struct {
	worker  *Worker
	attempt *bus.Attempt
	report  *reporter
	// extension is known once it was found.
	extension extensions.Installed
	interrupt *atomic.Uint32
}

// ending is how an attempt ended, before it is decided what that means for the job.
type ending struct {
	exitCode *int32
	err      error
}

// Reasons to end an attempt from outside.
var (
	errShutdown = errors.New("the worker shuts down")
	errTimeout  = errors.New("timeout")
)

// run runs the attempt and returns how it ended. It never panics.
func (e *execution) run(ctx context.Context) (end ending) {
	defer func() {
		if r := recover(); r != nil {
			e.worker.log.ErrorContext(ctx, "panic in an attempt", "job_id", e.attempt.Job.ID, "error", fmt.Sprint(r), "stack", string(debug.Stack()))
			end = ending{err: errors.New("internal error of the worker; its log has the details")}
		}
	}()
	job := e.attempt.Job
	if e.attempt.Token > uint64(e.worker.config.MaxDeliveries) { //nolint:gosec // validated not to be negative
		return ending{err: permanent(bus.ResourceExhausted, "dealt %d times without an outcome: does it take its workers down?", e.attempt.Token-1)}
	}
	module, definition, err := e.module(ctx)
	if err != nil {
		return ending{err: err}
	}
	timeout := e.timeout()
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("%w: the attempt took longer than %s", errTimeout, timeout))
	defer cancel()
	ctx, fenced := context.WithCancelCause(ctx)
	defer fenced(nil)

	input, session, err := e.prepare(definition, fenced)
	if err != nil {
		return ending{err: err}
	}
	e.attempt.Follow(e.report.snapshot, func() { fenced(bus.ErrFenced) })
	start := time.Now()
	result, err := module.Run(ctx, input, session)
	e.report.change(func(r *bus.Report) { r.GuestMS = max(time.Since(start).Milliseconds()-r.CallMS, 0) })
	if err != nil {
		if errors.Is(err, sandbox.ErrNoJob) {
			err = permanent(bus.NotFound, "extension %s has no job %q", job.Extension, job.Name)
		}
		return ending{err: err}
	}
	return ending{exitCode: &result.ExitCode}
}

// module finds the job's extension and the module it runs: on later attempts the one of the first.
func (e *execution) module(ctx context.Context) (*sandbox.Module, sandbox.Job, error) {
	job := e.attempt.Job
	installed, err := e.worker.roster.find(ctx, extensions.ID(job.Extension))
	if errors.Is(err, extensions.ErrNotInstalled) {
		return nil, sandbox.Job{}, permanent(bus.NotFound, "extension %s is not installed", job.Extension)
	}
	if err != nil {
		return nil, sandbox.Job{}, err
	}
	e.extension = installed
	if !installed.Manifest.Grant().RunsIn(job.Library) {
		return nil, sandbox.Job{}, permanent(bus.PermissionDenied,
			"extension %s may not run in library %s: add it to permissions.libraries in the manifest", job.Extension, job.Library)
	}
	digest := installed.Digest
	if e.attempt.Digest != "" {
		digest = e.attempt.Digest
	}
	e.attempt.UseModule(digest)
	memory := e.worker.memory(installed)
	module, err := e.worker.modules.module(ctx, digest, memory)
	if err != nil {
		return nil, sandbox.Job{}, err
	}
	definition, ok := module.Job(job.Name)
	if !ok {
		return nil, sandbox.Job{}, permanent(bus.NotFound, "extension %s has no job %q", job.Extension, job.Name)
	}
	return module, definition, nil
}

func (e *execution) timeout() time.Duration {
	if t := e.attempt.Job.Timeout(); t > 0 {
		return t
	}
	if t := e.extension.Manifest.JobSettings(e.attempt.Job.Name).Timeout; t > 0 {
		return t
	}
	return e.worker.config.JobTimeout
}

// prepare makes what the guest starts with and what it reaches.
func (e *execution) prepare(definition sandbox.Job, fenced context.CancelCauseFunc) (sandbox.Input, *session, error) {
	job := e.attempt.Job
	resumed := e.attempt.Checkpoint != nil && definition.Resumable
	state, occurrences := []byte(job.Input), map[string]uint32{}
	if resumed {
		state = e.attempt.Checkpoint.State
		if calls := e.attempt.Checkpoint.Calls; calls != nil {
			occurrences = calls
		}
	}
	guestContext, err := json.Marshal(guestContext{
		JobID: job.ID.String(), LibraryID: job.Library.String(), Extension: job.Extension, Job: job.Name,
		Attempt: e.attempt.Token, Resumed: resumed, Event: job.Event,
	})
	if err != nil {
		return sandbox.Input{}, nil, fmt.Errorf("encode context: %w", err)
	}
	s := &session{
		bridge: &bridge{
			conn: e.worker.conn, grant: e.extension.Manifest.Grant(), rate: e.worker.config.Rate,
			timeout: e.worker.config.CallTimeout, job: job, attempt: e.attempt.Token, report: e.report, occurrences: occurrences,
		},
		report: e.report, attempt: e.attempt, interrupt: e.interrupt, fenced: fenced,
	}
	if e.attempt.Checkpoint != nil {
		s.saved = e.attempt.Checkpoint.State
	}
	return sandbox.Input{JobID: job.ID, Job: job.Name, Context: guestContext, State: state}, s, nil
}

// guestContext is what docs/protocol.md calls the guest's context. Its job_id comes first.
type guestContext struct {
	JobID     string     `json:"job_id"`
	LibraryID string     `json:"library_id"`
	Extension string     `json:"extension"`
	Job       string     `json:"job"`
	Attempt   uint64     `json:"attempt"`
	Resumed   bool       `json:"resumed"`
	Event     *bus.Event `json:"event,omitempty"`
}
