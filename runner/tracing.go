package runner

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// scope names this package in traces and metrics.
const scope = "github.com/airlock-run/airlock/runner"

// Kinds of spans, made once: an option costs an allocation.
var (
	consumer = trace.WithSpanKind(trace.SpanKindConsumer)
	client   = trace.WithSpanKind(trace.SpanKindClient)
)

// startAttempt starts the span of an attempt that was dealt to this worker at a time. ctx has the trace of who enqueued the job,
// which becomes its parent; it is linked to the attempt before.
func startAttempt(ctx context.Context, attempt *bus.Attempt, worker string, received time.Time) (context.Context, trace.Span) {
	if !bus.Traces() {
		return ctx, noop.Span{}
	}
	options := []trace.SpanStartOption{consumer, trace.WithTimestamp(received)}
	if link, ok := bus.TraceLink(attempt.Previous, attribute.String("airlock.link", "previous_attempt")); ok {
		options = append(options, trace.WithLinks(link))
	}
	ctx, span := bus.StartSpan(ctx, scope, "process", options...)
	if span.IsRecording() {
		span.SetName("process " + attempt.Job.FullName())
		span.SetAttributes(attempt.Job.JobAttributes()...)
		span.SetAttributes(
			semconv.MessagingOperationTypeProcess, semconv.MessagingOperationName("process"), semconv.MessagingClientID(worker),
			attribute.Int64("airlock.attempt", int64(attempt.Token)), //nolint:gosec // a small number
		)
	}
	return ctx, span
}

// endAttempt ends it. state is what the attempt led to, empty when it changed nothing; failure is why it failed, nil if it did not.
func endAttempt(span trace.Span, state bus.State, failure *bus.Failure) {
	if span.IsRecording() {
		if state != "" {
			span.SetAttributes(attribute.String("airlock.state", string(state)))
		}
		if failure != nil {
			span.SetAttributes(semconv.ErrorTypeKey.String(string(failure.Code)))
			if failure.Limit != "" {
				span.SetAttributes(attribute.String("airlock.limit", failure.Limit))
			}
			span.SetStatus(codes.Error, failure.Error)
		}
	}
	span.End()
}

// startSandbox starts the span of a guest's run, from before its sandbox is made.
func startSandbox(ctx context.Context) (context.Context, trace.Span) {
	return bus.StartSpan(ctx, scope, "sandbox")
}

// endSandbox ends it, with the module that ran and what the run took.
func endSandbox(span trace.Span, digest string, result sandbox.Result, err error) {
	if span.IsRecording() {
		span.SetAttributes(
			attribute.String("airlock.module.digest", digest),
			attribute.Float64("airlock.sandbox.start_ms", float64(result.Start)/float64(time.Millisecond)),
			attribute.Int64("airlock.fuel", int64(result.Fuel)),           //nolint:gosec // its limit is far below
			attribute.Int64("airlock.memory_bytes", int64(result.Memory)), //nolint:gosec // at most 4 GiB
		)
		if err != nil {
			span.SetStatus(codes.Error, cut(err.Error(), maxMessage))
		} else {
			span.SetAttributes(attribute.Int("airlock.exit_code", int(result.ExitCode)))
		}
	}
	span.End()
}

// startCall starts the span of a guest's call. What the call carries is no part of it.
func startCall(ctx context.Context, method capabilities.Method) (context.Context, trace.Span) {
	ctx, span := bus.StartSpan(ctx, scope, "call", client)
	if span.IsRecording() {
		span.SetAttributes(semconv.RPCSystemNameKey.String("airlock"))
		if method.Operation != "" {
			span.SetName(method.String())
			span.SetAttributes(semconv.RPCMethod(method.String()))
		}
	}
	return ctx, span
}
