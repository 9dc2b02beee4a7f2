package runner

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// observation is what is traced and measured of one attempt. Its methods are called in the order in which they stand here, each at
// most once. The zero value observes nothing.
type observation struct {
	metrics  *Metrics
	span     trace.Span
	received time.Time
	// extension and job name the job once it was found; until then anyone may have made them up.
	extension, job string
	measured       measured
	failure        *bus.Failure
}

// maxWait is the longest wait that is believed. When a job was ready is for its enqueuer to say.
const maxWait = 366 * 24 * time.Hour

// begin takes an attempt of a job that the worker received at a time and that was ready since another; the zero time for one that
// is not known. metrics may be nil. ctx has the trace of who enqueued the job. What comes back has the span of the attempt.
func (o *observation) begin(
	ctx context.Context, metrics *Metrics, worker string, attempt *bus.Attempt, ready, received time.Time,
) context.Context {
	o.metrics, o.received = metrics, received
	ctx, o.span = startAttempt(ctx, attempt, worker, received)
	if wait := received.Sub(ready); !ready.IsZero() && wait < maxWait {
		o.measured.wait, o.measured.waited = max(0, wait), true
	}
	return ctx
}

// found says that the extension has the job.
func (o *observation) found(job *bus.Job) { o.extension, o.job = job.Extension, job.Name }

// ran takes what a guest's run took, whose span it ends.
func (o *observation) ran(span trace.Span, digest string, result sandbox.Result, err error) {
	endSandbox(span, digest, result, err)
	o.measured.ran = true
	o.measured.start, o.measured.fuel, o.measured.memory = result.Start, result.Fuel, result.Memory
}

// decided takes the state the attempt leads its job to, before that is recorded, and the failure if it failed.
func (o *observation) decided(state bus.State, failure *bus.Failure) {
	if o.metrics != nil {
		o.measured.run = time.Since(o.received)
	}
	o.measured.state, o.failure, o.measured.failed = state, failure, failure != nil
}

// end ends the observation when the decision is on disk, or was not to be recorded, by err.
func (o *observation) end(err error) {
	if o.span == nil {
		return
	}
	if err != nil { // it changed nothing
		o.measured.state = ""
	}
	if o.metrics != nil && o.measured.run == 0 {
		o.measured.run = time.Since(o.received)
	}
	endAttempt(o.span, o.measured.state, o.failure)
	o.metrics.ended(o.extension, o.job, o.measured)
}
