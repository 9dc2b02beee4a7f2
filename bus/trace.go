package bus

import (
	"context"

	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// scope names this package in traces and metrics.
const scope = "github.com/airlock-run/airlock/bus"

// traces writes and reads the W3C headers traceparent and tracestate.
var traces = propagation.TraceContext{}

// traceCarrier lets OpenTelemetry use NATS headers, whose names keep the case they are written in.
type traceCarrier nats.Header

func (c traceCarrier) Get(key string) string { return nats.Header(c).Get(key) }
func (c traceCarrier) Set(key, value string) { nats.Header(c).Set(key, value) }
func (c traceCarrier) Keys() []string {
	keys := make([]string, 0, len(c))
	for k := range c {
		keys = append(keys, k)
	}
	return keys
}

func injectTrace(ctx context.Context, header nats.Header) { traces.Inject(ctx, traceCarrier(header)) }

func extractTrace(ctx context.Context, header nats.Header) context.Context {
	return traces.Extract(ctx, traceCarrier(header))
}

// Traces tells whether spans may go anywhere: not when the process has said that it does not trace, by a provider of package noop.
func Traces() bool {
	_, off := otel.GetTracerProvider().(noop.TracerProvider)
	return !off
}

// StartSpan starts a span with the process's tracer provider, for the package that scope names. Where the process does not
// trace it costs nothing, and ctx passes on the trace it came with. End the span with EndSpan.
func StartSpan(ctx context.Context, scope, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	if !Traces() {
		return ctx, noop.Span{}
	}
	return otel.GetTracerProvider().Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL)).Start(ctx, name, options...)
}

// EndSpan ends a span. An error that is not nil goes into it: as error.type its code, as description what may leave the process.
func EndSpan(span trace.Span, err error) {
	if err != nil && span.IsRecording() {
		public := AsError(err)
		span.SetAttributes(semconv.ErrorTypeKey.String(string(public.Code)))
		span.SetStatus(codes.Error, public.Message)
	}
	span.End()
}

// TraceParent is the W3C traceparent of the span in ctx; empty for none. It is what a run record keeps of an attempt.
func TraceParent(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ""
	}
	carrier := propagation.MapCarrier{}
	traces.Inject(ctx, carrier)
	return carrier.Get("traceparent")
}

// TraceLink is a link to the span that a traceparent names, and whether it names one.
func TraceLink(traceparent string, attributes ...attribute.KeyValue) (trace.Link, bool) {
	if traceparent == "" {
		return trace.Link{}, false
	}
	ctx := traces.Extract(context.Background(), propagation.MapCarrier{"traceparent": traceparent})
	span := trace.SpanContextFromContext(ctx)
	return trace.Link{SpanContext: span, Attributes: attributes}, span.IsValid()
}

// Context is ctx with the trace of who enqueued the job.
func (d *Delivery) Context(ctx context.Context) context.Context { return extractTrace(ctx, d.header) }

// JobAttributes are what spans say of a job, by the messaging conventions of OpenTelemetry.
func (j *Job) JobAttributes() []attribute.KeyValue {
	return []attribute.KeyValue{
		semconv.MessagingSystemKey.String("nats"),
		semconv.MessagingDestinationName(jobsStream),
		semconv.MessagingDestinationTemplate("airlock.job.{extension}.{priority}.{library}.{job}"),
		semconv.MessagingMessageID(j.ID.String()),
		attribute.String("airlock.extension", j.Extension),
		attribute.String("airlock.job", j.Name),
		attribute.String("airlock.library", j.Library.String()),
		attribute.String("airlock.priority", string(j.Priority)),
	}
}

var producer = trace.WithSpanKind(trace.SpanKindProducer)

// startEnqueue starts the span of publishing jobs. Its context is the one that goes into their headers.
func startEnqueue(ctx context.Context, jobs ...*Job) (context.Context, trace.Span) {
	ctx, span := StartSpan(ctx, scope, "enqueue", producer)
	if !span.IsRecording() {
		return ctx, span
	}
	if len(jobs) == 1 {
		span.SetName("enqueue " + jobs[0].FullName())
		span.SetAttributes(jobs[0].JobAttributes()...)
	} else {
		span.SetAttributes(
			semconv.MessagingSystemKey.String("nats"), semconv.MessagingDestinationName(jobsStream),
			semconv.MessagingBatchMessageCount(len(jobs)),
		)
	}
	span.SetAttributes(semconv.MessagingOperationTypeSend, semconv.MessagingOperationName("enqueue"))
	return ctx, span
}
