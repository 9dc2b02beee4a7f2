package runner

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/runner/sandbox"
)

var someJob = &bus.Job{ID: uuid.New(), Extension: "finance", Name: "scan", Library: uuid.New(), Priority: bus.Normal}

const someTrace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// enqueued is a context with the trace of who enqueued a job.
func enqueued(ctx context.Context) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": someTrace})
}

// attemptOnce observes an attempt of a job as a worker does.
func attemptOnce(ctx context.Context, metrics *Metrics, attempt *bus.Attempt, ready, received time.Time) {
	var o observation
	ctx = o.begin(ctx, metrics, "w", attempt, ready, received)
	o.found(attempt.Job)
	_, span := startSandbox(ctx)
	o.ran(span, "sha256:00", sandbox.Result{Start: time.Millisecond, Fuel: 100, Memory: 1 << 20}, nil)
	o.decided(bus.StateCompleted, nil)
	o.end(nil)
}

// It sets the process's provider, so it is not parallel.
func TestObservation(t *testing.T) { //nolint:paralleltest // see above
	recorder := tracetest.NewSpanRecorder()
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder)))
	t.Cleanup(func() { otel.SetTracerProvider(before) })
	metrics := newMetrics()
	now := time.Now()
	attemptOnce(enqueued(t.Context()), metrics, &bus.Attempt{Job: someJob, Token: 2, Previous: someTrace}, now.Add(-time.Second), now)
	attemptOnce(t.Context(), metrics, &bus.Attempt{Job: someJob, Token: 1, Previous: "no trace"}, now.Add(-2*maxWait), now)
	spans := recorder.Ended()
	if len(spans) != 4 {
		t.Fatalf("%d spans, want 4", len(spans))
	}
	guest, attempt := spans[0], spans[1]
	if guest.Name() != "sandbox" || guest.Parent().SpanID() != attempt.SpanContext().SpanID() {
		t.Errorf("the guest's span is %s, below %s", guest.Name(), guest.Parent().SpanID())
	}
	if attempt.Name() != "process finance:scan" || attempt.SpanKind() != trace.SpanKindConsumer || attempt.Parent().SpanID().String() != "b7ad6b7169203331" {
		t.Errorf("the attempt's span is %s, of kind %s, below %s", attempt.Name(), attempt.SpanKind(), attempt.Parent().SpanID())
	}
	if links := attempt.Links(); len(links) != 1 || links[0].SpanContext.SpanID().String() != "b7ad6b7169203331" {
		t.Errorf("it is linked to %+v", links)
	}
	if !attempt.StartTime().Equal(now) {
		t.Errorf("it starts at %s, not when the job was dealt", attempt.StartTime())
	}
	if len(spans[3].Links()) != 0 || spans[3].Parent().IsValid() {
		t.Errorf("an attempt without a trace before it has the parent %v and the links %v", spans[3].Parent(), spans[3].Links())
	}
	wait, _ := collect(t, metrics)["airlock.job.wait.duration"].Data.(metricdata.Histogram[float64])
	if len(wait.DataPoints) != 1 || wait.DataPoints[0].Count != 1 || wait.DataPoints[0].Sum != 1 {
		t.Errorf("waits are %+v: a time that cannot be is to be left out", wait.DataPoints)
	}
}

// What an attempt whose outcome could not be recorded would have led to does not count.
func TestObservationOfNothing(t *testing.T) {
	t.Parallel()
	metrics := newMetrics()
	var o observation
	o.begin(t.Context(), metrics, "w", &bus.Attempt{Job: someJob}, time.Time{}, time.Now())
	o.found(someJob)
	o.decided(bus.StateCompleted, nil)
	o.end(bus.ErrFenced)
	if got := sums(collect(t, metrics)["airlock.job.outcomes"]); len(got) != 0 {
		t.Errorf("it counts as %v", got)
	}
	var zero observation
	zero.found(someJob)
	zero.decided(bus.StateDead, nil)
	zero.end(nil)
}

// BenchmarkObservation is what a job costs that is observed by nobody, measured, and traced as well. A trace that nobody exports is
// all that the last of them has.
func BenchmarkObservation(b *testing.B) {
	before := otel.GetTracerProvider()
	traced := sdktrace.NewTracerProvider(sdktrace.WithBatcher(tracetest.NewNoopExporter()))
	b.Cleanup(func() {
		otel.SetTracerProvider(before)
		if err := traced.Shutdown(context.Background()); err != nil {
			b.Error(err)
		}
	})
	ctx, attempt := b.Context(), &bus.Attempt{Job: someJob, Token: 1}
	for _, c := range []struct {
		name     string
		provider trace.TracerProvider
		metrics  *Metrics
	}{
		{"off", noop.NewTracerProvider(), nil},
		{"metrics", noop.NewTracerProvider(), newMetrics()},
		{"traces", traced, nil},
		{"unsampled", sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())), nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			otel.SetTracerProvider(c.provider)
			now := time.Now()
			b.ReportAllocs()
			for b.Loop() {
				attemptOnce(ctx, c.metrics, attempt, now, now)
			}
		})
	}
}
