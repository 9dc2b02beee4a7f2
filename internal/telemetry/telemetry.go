package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace/noop"
)

// Config describes the telemetry of a process.
type Config struct {
	// Service is the service.name of what is sent, unless OTEL_SERVICE_NAME names another. Default "airlock".
	Service string
	// Version is that of the program.
	Version string
	// Prometheus keeps metrics for Handler, whether they are sent by OTLP or not.
	Prometheus bool
	// Logger is told what could not be sent. Default: one that discards.
	Logger *slog.Logger
}

// Telemetry is the telemetry of a process. It is safe for concurrent use.
type Telemetry struct {
	tracing   *trace.TracerProvider
	metrics   *metric.MeterProvider
	registry  *prometheus.Registry
	producers *producers
}

// Start sets OpenTelemetry's global providers by the environment, once a process and before what uses them is made. End it with
// Close.
//
// # Errors
//
// A variable with a value that cannot be. A collector that does not answer is no error: it is tried again.
func Start(ctx context.Context, config Config) (*Telemetry, error) {
	if config.Service == "" {
		config.Service = "airlock"
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	t := &Telemetry{producers: &producers{}}
	who, err := whoAmI(ctx, config)
	if err != nil {
		return nil, err
	}
	spans, err := spanExporter(ctx)
	if err != nil {
		return nil, fmt.Errorf("export traces: %w", err)
	}
	readers, err := t.readers(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("export metrics: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		config.Logger.WarnContext(context.WithoutCancel(ctx), "telemetry not exported", "error", err)
	}))
	if spans == nil {
		otel.SetTracerProvider(noop.NewTracerProvider())
	} else {
		t.tracing = trace.NewTracerProvider(trace.WithBatcher(spans), trace.WithResource(who))
		otel.SetTracerProvider(t.tracing)
	}
	if len(readers) > 0 {
		t.metrics = metric.NewMeterProvider(append(readers, metric.WithResource(who))...)
		otel.SetMeterProvider(t.metrics)
	}
	return t, nil
}

// whoAmI describes this process. The environment has the last word.
func whoAmI(ctx context.Context, config Config) (*resource.Resource, error) {
	who, err := resource.New(ctx,
		resource.WithSchemaURL(semconv.SchemaURL), resource.WithTelemetrySDK(), resource.WithHost(), resource.WithProcessPID(),
		resource.WithAttributes(semconv.ServiceName(config.Service), semconv.ServiceVersion(config.Version)),
		resource.WithFromEnv(),
	)
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, fmt.Errorf("describe this process: %w", err)
	}
	return who, nil
}

// readers makes what takes metrics away.
func (t *Telemetry) readers(ctx context.Context, config Config) ([]metric.Option, error) {
	var readers []metric.Option
	exporter, err := metricExporter(ctx)
	if err != nil {
		return nil, err
	}
	if exporter != nil {
		readers = append(readers, metric.WithReader(metric.NewPeriodicReader(exporter, metric.WithProducer(t.producers))))
	}
	if config.Prometheus {
		t.registry = prometheus.NewRegistry()
		t.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
		reader, err := otelprometheus.New(
			otelprometheus.WithRegisterer(t.registry), otelprometheus.WithProducer(t.producers), otelprometheus.WithoutScopeInfo(),
		)
		if err != nil {
			return nil, fmt.Errorf("make exporter for Prometheus: %w", err)
		}
		readers = append(readers, metric.WithReader(reader))
	}
	return readers, nil
}

// Measures tells whether anybody takes metrics, so that it is worth measuring.
func (t *Telemetry) Measures() bool { return t.metrics != nil }

// Add has all readers take what a producer produces as well, as long as there are readers: what it has counted when the process
// ends is sent then.
func (t *Telemetry) Add(producer metric.Producer) { t.producers.add(producer) }

// Handler answers Prometheus. It is nil unless Config.Prometheus was set.
func (t *Telemetry) Handler() http.Handler {
	if t.registry == nil {
		return nil
	}
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{Registry: t.registry})
}

// closeTime bounds how long Close tries to send what is left.
const closeTime = 5 * time.Second

// Close sends what is left and ends what Start has started.
//
// # Errors
//
// That not all could be sent within a few seconds.
func (t *Telemetry) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	var err error
	if t.tracing != nil {
		err = t.tracing.Shutdown(ctx)
	}
	if t.metrics != nil {
		err = errors.Join(err, t.metrics.Shutdown(ctx))
	}
	if err != nil {
		return fmt.Errorf("send what is left of telemetry: %w", err)
	}
	return nil
}
