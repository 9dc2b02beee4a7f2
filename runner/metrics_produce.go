package runner

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

var _ metric.Producer = (*Metrics)(nil)

// Produce implements metric.Producer of the OpenTelemetry SDK. All it produces is cumulative.
func (m *Metrics) Produce(context.Context) ([]metricdata.ScopeMetrics, error) {
	now := time.Now()
	m.mu.RLock()
	defer m.mu.RUnlock()
	var out []metricdata.Metrics
	add := func(name, unit, description string, data metricdata.Aggregation, empty bool) {
		if !empty {
			out = append(out, metricdata.Metrics{Name: name, Unit: unit, Description: description, Data: data})
		}
	}
	seconds := func(of func(*jobMetrics) *histogram) (metricdata.Histogram[float64], bool) {
		return histograms[float64](m, int64(time.Second), now, of)
	}
	units := func(of func(*jobMetrics) *histogram) (metricdata.Histogram[int64], bool) {
		return histograms[int64](m, 1, now, of)
	}
	wait, none := seconds(func(j *jobMetrics) *histogram { return j.wait })
	add("airlock.job.wait.duration", "s", "How long jobs were ready to run before a worker had them.", wait, none)
	run, none := seconds(func(j *jobMetrics) *histogram { return j.run })
	add("airlock.job.run.duration", "s", "How long attempts took on their worker.", run, none)
	start, none := seconds(func(j *jobMetrics) *histogram { return j.start })
	add("airlock.sandbox.start.duration", "s", "How long it took until a guest could begin.", start, none)
	fuel, none := units(func(j *jobMetrics) *histogram { return j.fuel })
	add("airlock.job.fuel", "{unit}", "Fuel that attempts burned.", fuel, none)
	memory, none := units(func(j *jobMetrics) *histogram { return j.memory })
	add("airlock.job.memory", "By", "The most linear memory that guests had.", memory, none)
	attempts, outcomes, retries := m.sums(now)
	add("airlock.job.attempts", "{attempt}", "Attempts, by what they led to.", attempts, len(attempts.DataPoints) == 0)
	add("airlock.job.outcomes", "{job}", "Jobs that ended on a worker.", outcomes, len(outcomes.DataPoints) == 0)
	add("airlock.job.retries", "{attempt}", "Failed attempts that another one follows.", retries, len(retries.DataPoints) == 0)
	calls := m.callPoints(now)
	add("airlock.call.duration", "s", "How long calls of guests took, the wait for a service included.", calls, len(calls.DataPoints) == 0)
	if len(out) == 0 {
		return nil, nil
	}
	return []metricdata.ScopeMetrics{{Scope: instrumentation.Scope{Name: scope}, Metrics: out}}, nil
}

func histograms[N int64 | float64](m *Metrics, unit int64, now time.Time, of func(*jobMetrics) *histogram) (h metricdata.Histogram[N], none bool) {
	h.Temporality = metricdata.CumulativeTemporality
	for key, j := range m.jobs {
		if p, ok := point[N](of(j), unit, key.attributes(), m.since, now); ok {
			h.DataPoints = append(h.DataPoints, p)
		}
	}
	return h, len(h.DataPoints) == 0
}

func (m *Metrics) sums(now time.Time) (attempts, outcomes, retries metricdata.Sum[int64]) {
	for _, s := range []*metricdata.Sum[int64]{&attempts, &outcomes, &retries} {
		s.Temporality, s.IsMonotonic = metricdata.CumulativeTemporality, true
	}
	add := func(s *metricdata.Sum[int64], attributes attribute.Set, value int64) {
		s.DataPoints = append(s.DataPoints, metricdata.DataPoint[int64]{Attributes: attributes, StartTime: m.since, Time: now, Value: value})
	}
	for key, j := range m.jobs {
		for i, state := range states {
			n := j.ended[i].Load()
			if n == 0 {
				continue
			}
			attributes := key.attributes(attribute.String("state", string(state)))
			add(&attempts, attributes, n)
			if state.Ended() {
				add(&outcomes, attributes, n)
			}
		}
		add(&retries, key.attributes(), j.retries.Load())
	}
	return attempts, outcomes, retries
}

func (m *Metrics) callPoints(now time.Time) metricdata.Histogram[float64] {
	h := metricdata.Histogram[float64]{Temporality: metricdata.CumulativeTemporality}
	for key, calls := range m.calls {
		attributes := attribute.NewSet(attribute.String("operation", key.operation), attribute.String("code", string(key.code)))
		if p, ok := point[float64](calls, int64(time.Second), attributes, m.since, now); ok {
			h.DataPoints = append(h.DataPoints, p)
		}
	}
	return h
}

func (k jobKey) attributes(more ...attribute.KeyValue) attribute.Set {
	return attribute.NewSet(append(more, attribute.String("extension", k.extension), attribute.String("job", k.job))...)
}
