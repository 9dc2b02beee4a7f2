package bus

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// queueDepth is what waits of an extension and a priority, and may run now if it had a slot.
type queueDepth struct {
	Extension string
	Priority  Priority
	Waiting   int
	// Since is when the oldest of it came; the zero time when that is not known.
	Since time.Time
}

// observeQueue has the metrics of the queue tell what read returns, until stop is called. read is called whenever metrics are
// collected, from other goroutines, and may answer nothing. One process of a cluster does so: the one that deals.
func observeQueue(read func(ctx context.Context) []queueDepth) (stop func(), err error) {
	meter := otel.Meter(scope)
	depth, err := meter.Int64ObservableGauge("airlock.queue.depth",
		metric.WithUnit("{job}"), metric.WithDescription("Jobs that wait for a slot."))
	if err != nil {
		return nil, fmt.Errorf("make metric: %w", err)
	}
	age, err := meter.Float64ObservableGauge("airlock.queue.oldest.age",
		metric.WithUnit("s"), metric.WithDescription("How long the oldest job that waits for a slot has been there."))
	if err != nil {
		return nil, fmt.Errorf("make metric: %w", err)
	}
	registration, err := meter.RegisterCallback(func(ctx context.Context, observer metric.Observer) error {
		depths := read(ctx)
		now := time.Now()
		for _, d := range depths {
			which := metric.WithAttributeSet(attribute.NewSet(
				attribute.String("extension", d.Extension), attribute.String("priority", string(d.Priority)),
			))
			observer.ObserveInt64(depth, int64(d.Waiting), which)
			if !d.Since.IsZero() {
				observer.ObserveFloat64(age, max(0, now.Sub(d.Since).Seconds()), which)
			}
		}
		return nil
	}, depth, age)
	if err != nil {
		return nil, fmt.Errorf("observe queue: %w", err)
	}
	return func() { _ = registration.Unregister() }, nil
}

// countEnded counts a job that got its outcome without an attempt, which is rare. Workers count the jobs they run.
func countEnded(ctx context.Context, state State) {
	counter, err := otel.Meter(scope).Int64Counter("airlock.queue.ended",
		metric.WithUnit("{job}"), metric.WithDescription("Jobs that ended without an attempt: expired, found cancelled, or no jobs at all."))
	if err != nil {
		otel.Handle(err)
		return
	}
	counter.Add(ctx, 1, metric.WithAttributeSet(attribute.NewSet(attribute.String("state", string(state)))))
}
