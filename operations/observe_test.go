package operations_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/operations"
)

// A served call has a span below the caller's, and is counted by its code, however it ends.
func TestServedCallsAreObserved(t *testing.T) { //nolint:paralleltest // it sets the process's providers
	recorder, reader := tracetest.NewSpanRecorder(), sdkmetric.NewManualReader()
	tracers, meters := otel.GetTracerProvider(), otel.GetMeterProvider()
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder)))
	otel.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)))
	t.Cleanup(func() {
		otel.SetTracerProvider(tracers)
		otel.SetMeterProvider(meters)
	})
	conn := bustest.New(t)
	service, err := operations.Serve(conn, operations.Config{Name: "test"},
		operations.Query("test.observed", func(_ context.Context, _ *bus.Call, how string) (string, error) {
			switch how {
			case "refuse":
				return "", bus.Errorf(bus.NotFound, "there is none")
			case "panic":
				panic(how)
			}
			return how, nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, caller := otel.Tracer("test").Start(t.Context(), "caller")
	for how, want := range map[string]bus.Code{"answer": "", "refuse": bus.NotFound, "panic": bus.Internal} {
		payload, _ := json.Marshal(how)
		call := &bus.Call{Extension: "e", Kind: bus.Query, Operation: "test.observed", Library: uuid.New(), Job: uuid.New(), Attempt: 1, Payload: payload}
		if _, err := conn.Call(ctx, call); bus.CodeOf(err) != want {
			t.Errorf("%s: error %v, want %q", how, err, want)
		}
	}
	caller.End()
	if err := service.Stop(); err != nil {
		t.Fatal(err)
	}
	served := 0
	for _, span := range recorder.Ended() {
		if span.Name() != "query:test.observed" {
			continue
		}
		served++
		if span.SpanKind() != trace.SpanKindServer || span.Parent().SpanID() != caller.SpanContext().SpanID() {
			t.Errorf("a served call is a span of kind %s, below %s", span.SpanKind(), span.Parent().SpanID())
		}
	}
	if served != 3 {
		t.Errorf("%d served calls have spans, want 3", served)
	}
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	got := map[string]uint64{}
	for _, s := range all.ScopeMetrics {
		for _, m := range s.Metrics {
			if h, ok := m.Data.(metricdata.Histogram[float64]); ok && m.Name == "airlock.operation.duration" {
				for _, p := range h.DataPoints {
					got[p.Attributes.Encoded(attribute.DefaultEncoder())] = p.Count
				}
			}
		}
	}
	want := map[string]uint64{
		"code=ok,operation=test.observed": 1, "code=not_found,operation=test.observed": 1, "code=internal,operation=test.observed": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counted (-want +got):\n%s", diff)
	}
}
