package telemetry

import (
	"context"
	"errors"
	"slices"
	"sync"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// producers is a producer that stands for all that have been added. It is safe for concurrent use.
type producers struct {
	mu  sync.Mutex
	all []metric.Producer
}

func (p *producers) add(producer metric.Producer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, producer)
}

// Produce implements metric.Producer.
func (p *producers) Produce(ctx context.Context) ([]metricdata.ScopeMetrics, error) {
	p.mu.Lock()
	all := slices.Clone(p.all)
	p.mu.Unlock()
	var out []metricdata.ScopeMetrics
	var errs []error
	for _, producer := range all {
		produced, err := producer.Produce(ctx)
		out, errs = append(out, produced...), append(errs, err)
	}
	return out, errors.Join(errs...)
}
