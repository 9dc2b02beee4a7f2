package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"runtime/debug"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/capabilities/quota"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// execution is one attempt of one job.
type execution struct {
	worker  *Worker
	attempt *bus.Attempt
	report  *reporter
	// extension is the version that the attempt runs, once it was found.
	extension extensions.Installed
	deadline  deadline
	observed  observation
}

// ending is how an attempt ended, before it is decided what that means for the job.
type ending struct {
	exitCode *int32
	err      error
	// wake is when the guest asked to be run again; the zero time when it did not.
	wake time.Time
}

// Reasons to end an attempt from outside.
var (
	errShutdown = errors.New("the worker shuts down")
	errTimeout  = errors.New("timeout")
	errAsked    = errors.New("somebody asked for it")
)

// maxYields is how often a job may give itself back without having failed.
const maxYields = 1000

// run runs the attempt and returns how it ended. It never panics. Once taking has ended it waits for nothing but its guest.
func (e *execution) run(ctx, taking context.Context) (end ending) {
	defer func() {
		if r := recover(); r != nil {
			e.worker.log.ErrorContext(ctx, "panic in an attempt", "job_id", e.attempt.Job.ID, "error", fmt.Sprint(r), "stack", string(debug.Stack()))
			end = ending{err: errors.New("internal error of the worker; its log has the details")}
		}
	}()
	if n := e.attempt.Lost; n >= e.worker.config.MaxDeliveries {
		return ending{err: permanent(bus.ResourceExhausted, "%d attempts ended without a word: does it take its workers down?", n)}
	}
	if n := e.attempt.Yields; n >= maxYields {
		return ending{err: permanent(bus.ResourceExhausted, "it gave itself back %d times", n)}
	}
	ctx, fenced := context.WithCancelCause(ctx)
	defer fenced(nil)
	if err := e.find(ctx); err != nil {
		return ending{err: because(ctx, err)}
	}
	e.attempt.Follow(e.report.snapshot, func() { fenced(bus.ErrFenced) }, e.deadline.ask)

	module, leave, err := e.room(ctx, taking)
	if err != nil {
		return ending{err: err}
	}
	defer e.worker.modules.release(module)
	defer leave()
	return e.enter(ctx, module.module, fenced)
}

// room waits until the module is prepared and there is memory for the job.
func (e *execution) room(ctx, taking context.Context) (module *preparation, leave func(), err error) {
	waiting, stopWaiting := context.WithCancelCause(ctx)
	defer stopWaiting(nil)
	defer context.AfterFunc(taking, func() { stopWaiting(errShutdown) })()
	module, err = e.worker.modules.acquire(waiting, moduleKey{e.extension.Digest, e.worker.memory(&e.extension), e.extension.Manifest.NoSnapshot})
	if err != nil {
		return nil, nil, because(waiting, err)
	}
	if leave, err = e.worker.admission.admit(waiting, module.key.memory+e.inputSize()); err != nil {
		e.worker.modules.release(module)
		return nil, nil, err
	}
	return module, leave, nil
}

// inputSize is how many bytes of input are held beside the guest's memory while it runs.
func (e *execution) inputSize() uint64 {
	if ref := e.attempt.Job.InputRef; ref != nil {
		return uint64(ref.Size) //nolint:gosec // checked when it was decoded
	}
	return 0
}

// because is why something failed: what ended ctx, or else the error.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// enter runs the guest.
func (e *execution) enter(ctx context.Context, module *sandbox.Module, fenced context.CancelCauseFunc) ending {
	job := e.attempt.Job
	definition, ok := module.Job(job.Name)
	if !ok {
		return ending{err: permanent(bus.NotFound, "extension %s has no job %q", job.Extension, job.Name)}
	}
	e.observed.found(job)
	defer e.deadline.watch(fenced, e.timeout(), e.worker.config.Grace)()
	meter, err := e.worker.quotas.meter(e, job.Library)
	if err != nil {
		return ending{err: err}
	}
	defer meter.Close()
	if err := e.begin(ctx, meter); err != nil {
		return ending{err: err}
	}
	input, session, err := e.prepare(ctx, definition, meter, fenced)
	if err != nil {
		return ending{err: err}
	}
	defer session.bridge.trail.end(ctx)
	e.report.started()
	ctx, span := startSandbox(ctx)
	result, err := module.Run(ctx, input, session)
	e.observed.ran(span, e.extension.Digest, result, err)
	e.report.returned(result)
	meter.Spend(quota.Fuel, int64(min(result.Fuel, math.MaxInt64)))
	if err != nil {
		return ending{err: err}
	}
	return ending{exitCode: &result.ExitCode, wake: session.bridge.snoozed()}
}

// find finds the version of the job's extension that the attempt runs: on the first one the current version, later that
// of the first one.
func (e *execution) find(ctx context.Context) (err error) {
	job := e.attempt.Job
	if version := extensions.Version(e.attempt.Version); version != "" {
		e.extension, err = e.worker.roster.version(ctx, extensions.ID(job.Extension), version)
		if errors.Is(err, extensions.ErrNoVersion) {
			return permanent(bus.FailedPrecondition,
				"version %s of extension %s, with which the job began, is not kept any more: submit the job again", version.Short(), job.Extension)
		}
	} else {
		e.extension, err = e.worker.roster.find(ctx, extensions.ID(job.Extension))
		if errors.Is(err, extensions.ErrNotInstalled) {
			return permanent(bus.NotFound, "extension %s is not installed", job.Extension)
		}
		if digest := e.attempt.Digest; digest != "" && digest != e.extension.Digest {
			// It began under a release that kept no more than the module. Its manifest is the current one.
			e.extension.Digest, e.extension.Version = digest, ""
		}
	}
	if err != nil {
		return err
	}
	if err := e.worker.trust.check(&e.extension); err != nil {
		return err
	}
	d, err := e.worker.decided(ctx, job.Library, func() capabilities.Decision {
		return e.worker.authority.MayRun(e.extension.Manifest.Grant(), job.Library)
	})
	if err != nil {
		return because(ctx, err)
	}
	if !d.Allowed {
		e.denied(ctx, d)
		return permanent(bus.Code(d.Code), "%s", d.Reason)
	}
	e.attempt.UseVersion(string(e.extension.Version), e.extension.Digest)
	return nil
}

// denied has it in the audit that the job may not run.
func (e *execution) denied(ctx context.Context, d capabilities.Decision) {
	job := e.attempt.Job
	e.worker.auditor.Note(ctx, bus.AuditRecord{
		Decision: bus.AuditDenied, Extension: job.Extension, Library: job.Library, Job: job.ID, JobName: job.Name, Attempt: e.attempt.Token,
		Kind: bus.AuditRun, Code: bus.Code(d.Code), Rule: d.Rule,
	})
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
func (e *execution) prepare(ctx context.Context, definition sandbox.Job, meter *quota.Meter, fenced context.CancelCauseFunc) (sandbox.Input, *session, error) {
	job := e.attempt.Job
	resumed := e.attempt.Checkpoint != nil && definition.Resumable
	var state []byte
	occurrences := map[string]uint32{}
	if !resumed {
		input, err := e.worker.conn.Input(ctx, job)
		if bus.CodeOf(err) == bus.NotFound {
			err = permanent(bus.NotFound, "%s", bus.AsError(err).Message)
		}
		if err != nil {
			return sandbox.Input{}, nil, because(ctx, err)
		}
		state = input
	} else {
		state = e.attempt.Checkpoint.State
		if calls := e.attempt.Checkpoint.Calls; calls != nil {
			occurrences = maps.Clone(calls) // the record keeps its own: what follows is not in the checkpoint
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
			conn: e.worker.conn, authority: e.worker.authority, grant: e.extension.Manifest.Grant(), quotas: e.worker.quotas, meter: meter, execution: e,
			timeout: e.worker.config.CallTimeout, job: job, attempt: e.attempt.Token, report: e.report, metrics: e.worker.metrics, occurrences: occurrences,
			trail: e.worker.newTrail(job, e.attempt.Token),
		},
		report: e.report, attempt: e.attempt, deadline: &e.deadline, large: e.worker.large, fenced: fenced,
	}
	if e.attempt.Checkpoint != nil {
		s.saved = e.attempt.Checkpoint.State
	}
	return sandbox.Input{JobID: job.ID, Job: job.Name, Context: guestContext, State: state, Limits: e.worker.limits(e.extension.Manifest, job.Name)}, s, nil
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
