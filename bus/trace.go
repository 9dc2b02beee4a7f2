package bus

import (
	"context"

	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/propagation"
)

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
