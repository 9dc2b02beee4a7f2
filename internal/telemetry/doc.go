// Package telemetry lets one see what a process of Airlock does: traces, metrics, and whether it is well.
//
// # Traces and metrics
//
// The packages of Airlock speak the API of OpenTelemetry, as libraries do: they ask the process's global providers for spans and
// instruments, and know nothing of where these go. Start decides that, by the environment variables of the OpenTelemetry
// specification (OTEL_EXPORTER_OTLP_ENDPOINT and its like), and sets the global providers. Without any of them, nothing is
// traced, measured or sent; the provider of traces is then that of OpenTelemetry's package noop, by which packages know that a
// span is not worth building.
//
// What is counted for each job costs too much through instruments of the SDK. A worker counts by itself and is a producer of
// metrics, which Add gives to all readers.
//
// A reader takes metrics to where they are wanted: one sends them by OTLP every minute, the other answers Prometheus. Both may
// be there, and each has all metrics.
//
// # Health
//
// A process lives as long as /healthz answers; who gets no answer starts it again. It is ready when each check of Health
// passes; who gets 503 from /readyz sends it no work and waits. The answer names each check and what is wrong with it.
//
// docs/observability.md has the names of all spans and metrics, and all settings.
package telemetry
