package telemetry

import (
	"context"
	"fmt"
	"os"
	"strings"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"
)

// signal is what can be exported, as variables name it: TRACES or METRICS.
type signal string

const (
	traces  signal = "TRACES"
	metrics signal = "METRICS"
)

const (
	protocolGRPC = "grpc"
	protocolHTTP = "http/protobuf"
)

// protocol is how a signal is exported by OTLP; empty when it is not. It is not unless a variable asks for it: the specification's
// default, a collector on this machine, would have every process without one complain.
//
// # Errors
//
// A variable that has a value which cannot be.
func (s signal) protocol(env func(string) string) (string, error) {
	if strings.EqualFold(env("OTEL_SDK_DISABLED"), "true") {
		return "", nil
	}
	name := "OTEL_" + string(s) + "_EXPORTER"
	switch exporter := env(name); exporter {
	case "none":
		return "", nil
	case "otlp":
	case "":
		if env("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && env("OTEL_EXPORTER_OTLP_"+string(s)+"_ENDPOINT") == "" {
			return "", nil
		}
	default:
		return "", fmt.Errorf("%s is %q, want otlp or none (Prometheus asks at /metrics, see AIRLOCK_HTTP)", name, exporter)
	}
	name = "OTEL_EXPORTER_OTLP_" + string(s) + "_PROTOCOL"
	protocol := env(name)
	if protocol == "" {
		name = "OTEL_EXPORTER_OTLP_PROTOCOL"
		protocol = env(name)
	}
	switch protocol {
	case "":
		return protocolHTTP, nil
	case protocolGRPC, protocolHTTP:
		return protocol, nil
	}
	return "", fmt.Errorf("%s is %q, want %s or %s", name, protocol, protocolGRPC, protocolHTTP)
}

// spanExporter makes what exports spans; nil for none. The exporters read the other variables themselves.
func spanExporter(ctx context.Context) (trace.SpanExporter, error) {
	protocol, err := traces.protocol(os.Getenv)
	if err != nil || protocol == "" {
		return nil, err
	}
	if protocol == protocolGRPC {
		return otlptracegrpc.New(ctx)
	}
	return otlptracehttp.New(ctx)
}

// metricExporter makes what exports metrics; nil for none.
func metricExporter(ctx context.Context) (metric.Exporter, error) {
	protocol, err := metrics.protocol(os.Getenv)
	if err != nil || protocol == "" {
		return nil, err
	}
	if protocol == protocolGRPC {
		return otlpmetricgrpc.New(ctx)
	}
	return otlpmetrichttp.New(ctx)
}
