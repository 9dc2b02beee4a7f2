package telemetry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/airlock-run/airlock/internal/telemetry/otlptest"
)

// quiet takes away what the environment of the test says of telemetry.
func quiet(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"OTEL_SDK_DISABLED", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER",
		"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
		"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
	} {
		t.Setenv(name, "")
	}
}

// produced is a producer of one metric.
type produced struct{}

func (produced) Produce(context.Context) ([]metricdata.ScopeMetrics, error) {
	sum := metricdata.Sum[int64]{Temporality: metricdata.CumulativeTemporality, IsMonotonic: true, DataPoints: []metricdata.DataPoint[int64]{{Value: 7}}}
	return []metricdata.ScopeMetrics{{Metrics: []metricdata.Metrics{{Name: "airlock.produced", Data: sum}}}}, nil
}

// What is traced and measured arrives at a real receiver by both protocols, and at Prometheus as well.
func TestStart(t *testing.T) {
	receiver := otlptest.Start(t)
	for _, protocol := range []string{protocolHTTP, protocolGRPC} {
		t.Run(strings.ReplaceAll(protocol, "/", "_"), func(t *testing.T) {
			quiet(t)
			address := map[string]string{protocolHTTP: receiver.HTTP, protocolGRPC: receiver.GRPC}[protocol]
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+address)
			t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
			service := "test-" + strings.ReplaceAll(protocol, "/", "-")
			observed, err := Start(t.Context(), Config{Service: service, Prometheus: true})
			if err != nil {
				t.Fatal(err)
			}
			if !observed.Measures() {
				t.Error("it says that nobody takes metrics")
			}
			_, span := otel.Tracer("test").Start(t.Context(), "done")
			span.End()
			counter, err := otel.Meter("test").Int64Counter("airlock.counted")
			if err != nil {
				t.Fatal(err)
			}
			counter.Add(t.Context(), 3, metric.WithAttributes(attribute.String("code", "ok")))
			observed.Add(produced{})
			page := get(t, observed.Handler())
			for _, want := range []string{`airlock_counted_total{code="ok"} 3`, "airlock_produced_total 7", "go_goroutines "} {
				if !strings.Contains(page, "\n"+want) {
					t.Errorf("Prometheus gets no %s:\n%s", want, page)
				}
			}
			if err := observed.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := receiver.Until(func(got otlptest.Received) bool {
				return value(got, service, "airlock.counted") == 3 && value(got, service, "airlock.produced") == 7 && hasSpan(got, service, "done")
			})
			if len(got.Spans) == 0 {
				t.Error("no spans")
			}
		})
	}
}

func get(t *testing.T, handler http.Handler) string {
	t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil || w.Code != http.StatusOK {
		t.Fatalf("status %d, error %v", w.Code, err)
	}
	return string(body)
}

func value(got otlptest.Received, service, name string) (sum float64) {
	for _, m := range got.Metrics {
		if m.Service == service && m.Name == name {
			sum = 0
			for _, p := range m.Points {
				sum += p.Value
			}
		}
	}
	return sum
}

func hasSpan(got otlptest.Received, service, name string) bool {
	for _, s := range got.Spans {
		if s.Service == service && s.Name == name {
			return true
		}
	}
	return false
}

func TestStartWithoutSettings(t *testing.T) { //nolint:paralleltest // it sets the environment and the process's providers
	quiet(t)
	observed, err := Start(t.Context(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, off := otel.GetTracerProvider().(noop.TracerProvider); !off {
		t.Error("it traces")
	}
	if observed.Measures() || observed.Handler() != nil {
		t.Error("it measures")
	}
	if err := observed.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestProtocol(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env     map[string]string
		want    string
		problem string
	}{
		"nothing":             {nil, "", ""},
		"endpoint":            {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "e"}, protocolHTTP, ""},
		"own_endpoint":        {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "e"}, protocolHTTP, ""},
		"others_endpoint":     {map[string]string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "e"}, "", ""},
		"named":               {map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, protocolHTTP, ""},
		"none":                {map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "e"}, "", ""},
		"disabled":            {map[string]string{"OTEL_SDK_DISABLED": "TRUE", "OTEL_EXPORTER_OTLP_ENDPOINT": "e"}, "", ""},
		"grpc":                {map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, protocolGRPC, ""},
		"own_protocol":        {map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"}, protocolHTTP, ""},
		"unknown_exporter":    {map[string]string{"OTEL_TRACES_EXPORTER": "jaeger"}, "", "OTEL_TRACES_EXPORTER is \"jaeger\""},
		"unknown_protocol":    {map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, "", "OTEL_EXPORTER_OTLP_PROTOCOL is"},
		"unknown_and_not_use": {map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := traces.protocol(func(name string) string { return c.env[name] })
			if got != c.want || (err != nil) != (c.problem != "") {
				t.Fatalf("protocol %q, error %v, want %q and %q", got, err, c.want, c.problem)
			}
			if err != nil && !strings.Contains(err.Error(), c.problem) {
				t.Errorf("error %q does not say %q", err, c.problem)
			}
		})
	}
}

func TestStartNamesWhatCannotBe(t *testing.T) {
	quiet(t)
	t.Setenv("OTEL_METRICS_EXPORTER", "prometheus")
	_, err := Start(t.Context(), Config{})
	if err == nil || !strings.Contains(err.Error(), "AIRLOCK_HTTP") {
		t.Errorf("error %v does not say what to use", err)
	}
}

var errProduce = errors.New("it cannot produce")

type failing struct{}

func (failing) Produce(context.Context) ([]metricdata.ScopeMetrics, error) { return nil, errProduce }
