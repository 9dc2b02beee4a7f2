package bus

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// points collects gauges and sums: their values by name and attributes. Ages are in whole seconds.
func points(t *testing.T, reader metric.Reader) map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	out := map[string]int64{}
	for _, s := range all.ScopeMetrics {
		for _, m := range s.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Gauge[int64]:
				for _, p := range data.DataPoints {
					out[m.Name+" "+p.Attributes.Encoded(attribute.DefaultEncoder())] = p.Value
				}
			case metricdata.Gauge[float64]:
				for _, p := range data.DataPoints {
					out[m.Name+" "+p.Attributes.Encoded(attribute.DefaultEncoder())] = int64(p.Value)
				}
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					out[m.Name+" "+p.Attributes.Encoded(attribute.DefaultEncoder())] = p.Value
				}
			}
		}
	}
	return out
}

// It sets the process's provider, so it is not parallel.
func TestQueueMetrics(t *testing.T) { //nolint:paralleltest // see above
	before := otel.GetMeterProvider()
	reader := metric.NewManualReader()
	otel.SetMeterProvider(metric.NewMeterProvider(metric.WithReader(reader)))
	t.Cleanup(func() { otel.SetMeterProvider(before) })
	stop, err := observeQueue(func(context.Context) []queueDepth {
		return []queueDepth{
			{Extension: "finance", Priority: High, Waiting: 3, Since: time.Now().Add(-90 * time.Second)},
			{Extension: "finance", Priority: Low, Waiting: 1},
			{Extension: "mail", Priority: Normal, Waiting: 1, Since: time.Now().Add(time.Hour)},
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	countEnded(t.Context(), StateExpired)
	countEnded(t.Context(), StateExpired)
	want := map[string]int64{
		"airlock.queue.depth extension=finance,priority=high":      3,
		"airlock.queue.oldest.age extension=finance,priority=high": 90,
		"airlock.queue.depth extension=finance,priority=low":       1,
		"airlock.queue.depth extension=mail,priority=normal":       1,
		"airlock.queue.oldest.age extension=mail,priority=normal":  0,
		"airlock.queue.ended state=expired":                        2,
	}
	if diff := cmp.Diff(want, points(t, reader)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	stop()
	if diff := cmp.Diff(map[string]int64{"airlock.queue.ended state=expired": 2}, points(t, reader)); diff != "" {
		t.Errorf("metrics of a process that deals no more (-want +got):\n%s", diff)
	}
}
