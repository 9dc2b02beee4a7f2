package bus

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

const someTrace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// provide sets the process's provider for a test, which is not parallel then.
func provide(tb testing.TB, provider trace.TracerProvider) {
	tb.Helper()
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(provider)
	tb.Cleanup(func() { otel.SetTracerProvider(before) })
}

func TestEnqueueSpan(t *testing.T) { //nolint:paralleltest // it sets the process's provider
	recorder := tracetest.NewSpanRecorder()
	provide(t, sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder)))
	job := &Job{ID: uuid.New(), Extension: "finance", Name: "scan", Library: uuid.New(), Priority: High}
	ctx := extractTrace(t.Context(), nats.Header{"traceparent": {someTrace}})

	one, span := startEnqueue(ctx, job)
	EndSpan(span, nil)
	_, span = startEnqueue(ctx, job, job)
	EndSpan(span, Errorf(Unavailable, "not confirmed"))
	_, span = StartSpan(ctx, scope, "secret")
	EndSpan(span, errors.New("password is 1234"))
	spans := recorder.Ended()
	if len(spans) != 3 {
		t.Fatalf("%d spans, want 3", len(spans))
	}
	if s := spans[0]; s.Name() != "enqueue finance:scan" || s.SpanKind() != trace.SpanKindProducer || s.Parent().SpanID().String() != "b7ad6b7169203331" {
		t.Errorf("the span of one job is %s, of kind %s, below %s", s.Name(), s.SpanKind(), s.Parent().SpanID())
	}
	header := nats.Header{}
	job.setHeaders(one, header)
	if link, ok := TraceLink(header.Get("traceparent")); !ok || link.SpanContext.SpanID() != spans[0].SpanContext().SpanID() {
		t.Errorf("the job's headers carry %s, not the span of enqueueing it", header.Get("traceparent"))
	}
	if s := spans[1]; s.Name() != "enqueue" || s.Status().Code != codes.Error || s.Status().Description != "not confirmed" {
		t.Errorf("the span of two jobs is %s with status %v", s.Name(), s.Status())
	}
	if s := spans[2].Status(); s.Code != codes.Error || s.Description == "password is 1234" {
		t.Errorf("the status is %v: the text of an internal error is for the log", s)
	}
}

func TestTracesOff(t *testing.T) { //nolint:paralleltest // it sets the process's provider
	provide(t, noop.NewTracerProvider())
	ctx := extractTrace(t.Context(), nats.Header{"traceparent": {someTrace}})
	if Traces() {
		t.Error("it traces")
	}
	passed, span := StartSpan(ctx, scope, "name")
	EndSpan(span, errors.New("e"))
	if got := TraceParent(passed); got != someTrace {
		t.Errorf("the trace that came in goes on as %q", got)
	}
}

func TestTraceLink(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		traceparent string
		ok          bool
	}{
		"none":     {"", false},
		"nonsense": {"00-xyz", false},
		"zero":     {"00-00000000000000000000000000000000-0000000000000000-01", false},
		"ok":       {someTrace, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, ok := TraceLink(c.traceparent); ok != c.ok {
				t.Errorf("it names a span: %v, want %v", ok, c.ok)
			}
		})
	}
	if got := TraceParent(context.Background()); got != "" {
		t.Errorf("no span has the traceparent %q", got)
	}
}

// BenchmarkEnqueueSpan is what tracing adds to enqueueing a job when nobody traces.
func BenchmarkEnqueueSpan(b *testing.B) {
	provide(b, noop.NewTracerProvider())
	job := &Job{ID: uuid.New(), Extension: "finance", Name: "scan", Library: uuid.New(), Priority: High}
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		_, span := startEnqueue(ctx, job)
		EndSpan(span, nil)
	}
}
