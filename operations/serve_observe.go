package operations

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/airlock-run/airlock/bus"
)

// scope names this package in traces and metrics.
const scope = "github.com/airlock-run/airlock/operations"

var server = trace.WithSpanKind(trace.SpanKindServer)

// observed traces and measures the calls that handle serves.
func (o Operation) observed(handle bus.CallHandler) (bus.CallHandler, error) {
	duration, err := otel.Meter(scope).Float64Histogram("airlock.operation.duration",
		metric.WithUnit("s"), metric.WithDescription("How long operations took to answer calls."),
		metric.WithExplicitBucketBoundaries(.0001, .0002, .0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 20, 50))
	if err != nil {
		return nil, fmt.Errorf("make metric: %w", err)
	}
	outcomes := &outcomes{operation: o.name}
	method := string(o.kind) + ":" + o.name
	return func(ctx context.Context, call *bus.Call) (answer json.RawMessage, err error) {
		start := time.Now()
		ctx, span := bus.StartSpan(ctx, scope, method, server)
		if span.IsRecording() {
			span.SetAttributes(
				semconv.RPCSystemNameKey.String("airlock"), semconv.RPCMethod(method),
				attribute.String("airlock.extension", call.Extension),
				attribute.String("airlock.library", call.Library.String()),
				attribute.String("airlock.job.id", call.Job.String()),
				attribute.Int64("airlock.attempt", int64(call.Attempt)), //nolint:gosec // a small number
			)
		}
		code := "internal" // should it panic
		defer func() {
			bus.EndSpan(span, err)
			duration.Record(ctx, time.Since(start).Seconds(), outcomes.option(code))
		}()
		answer, err = handle(ctx, call)
		code = "ok"
		if err != nil {
			code = string(bus.CodeOf(err))
		}
		return answer, err
	}, nil
}

// outcomes are the attributes of an operation's calls by their code, made once: making them costs more than many a call.
type outcomes struct {
	operation string
	byCode    sync.Map
}

func (o *outcomes) option(code string) metric.MeasurementOption {
	if made, ok := o.byCode.Load(code); ok {
		return made.(metric.MeasurementOption) //nolint:forcetypeassert // nothing else goes in
	}
	made := metric.WithAttributeSet(attribute.NewSet(attribute.String("operation", o.operation), attribute.String("code", code)))
	o.byCode.Store(code, made)
	return made
}
