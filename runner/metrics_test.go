package runner

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/airlock-run/airlock/bus"
)

// collect produces metrics, by their names.
func collect(t *testing.T, m *Metrics) map[string]metricdata.Metrics {
	t.Helper()
	produced, err := m.Produce(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]metricdata.Metrics{}
	for _, s := range produced {
		for _, metric := range s.Metrics {
			byName[metric.Name] = metric
		}
	}
	return byName
}

// sums are the points of a sum, by their attributes.
func sums(m metricdata.Metrics) map[string]int64 {
	points := map[string]int64{}
	sum, _ := m.Data.(metricdata.Sum[int64])
	for _, p := range sum.DataPoints {
		points[p.Attributes.Encoded(attribute.DefaultEncoder())] = p.Value
	}
	return points
}

// counts are the counts of a histogram, by their attributes.
func counts(m metricdata.Metrics) map[string]uint64 {
	points := map[string]uint64{}
	h, _ := m.Data.(metricdata.Histogram[float64])
	for _, p := range h.DataPoints {
		points[p.Attributes.Encoded(attribute.DefaultEncoder())] = p.Count
	}
	return points
}

func TestHistogram(t *testing.T) {
	t.Parallel()
	h := newHistogram([]int64{10, 20})
	for _, v := range []int64{0, 10, 11, 20, 21, 1 << 40} {
		h.record(v)
	}
	got, ok := point[float64](h, 10, *attribute.EmptySet(), time.Time{}, time.Time{})
	if !ok || got.Count != 6 || got.Sum != float64(62+1<<40)/10 {
		t.Errorf("count %d, sum %v", got.Count, got.Sum)
	}
	if diff := cmp.Diff([]uint64{2, 2, 2}, got.BucketCounts); diff != "" {
		t.Errorf("buckets (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]float64{1, 2}, got.Bounds); diff != "" {
		t.Errorf("bounds (-want +got):\n%s", diff)
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	for name, bounds := range map[string][]int64{"time": timeBounds, "start": startBounds, "fuel": fuelBounds, "memory": memoryBounds, "call": callBounds} {
		if !slices.IsSorted(bounds) || len(slices.Compact(slices.Clone(bounds))) != len(bounds) || len(bounds) > 20 {
			t.Errorf("bounds of %s do not rise, or are many: %v", name, bounds)
		}
	}
}

func TestMetricsOfJobs(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	m.ended("finance", "scan", measured{wait: 3 * time.Millisecond, waited: true, run: time.Second, state: bus.StateScheduled, failed: true, ran: true, start: time.Millisecond, fuel: 5, memory: 1 << 20})
	m.ended("finance", "scan", measured{run: time.Second, state: bus.StateCompleted, ran: true, start: time.Millisecond, fuel: 7, memory: 1 << 21})
	m.ended("finance", "scan", measured{run: time.Second, state: bus.StateScheduled}) // snoozed: no retry
	m.ended("finance", "scan", measured{run: time.Second})                            // fenced: it led to nothing
	m.ended("", "", measured{run: time.Second, state: bus.StateDead, failed: true})   // nobody knows the job
	got := collect(t, m)
	if diff := cmp.Diff(map[string]int64{
		"extension=finance,job=scan,state=completed": 1, "extension=finance,job=scan,state=scheduled": 2, "extension=other,job=other,state=dead": 1,
	}, sums(got["airlock.job.attempts"])); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int64{
		"extension=finance,job=scan,state=completed": 1, "extension=other,job=other,state=dead": 1,
	}, sums(got["airlock.job.outcomes"])); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int64{"extension=finance,job=scan": 1, "extension=other,job=other": 0}, sums(got["airlock.job.retries"])); diff != "" {
		t.Errorf("retries (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]uint64{"extension=finance,job=scan": 1}, counts(got["airlock.job.wait.duration"])); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]uint64{"extension=finance,job=scan": 4, "extension=other,job=other": 1}, counts(got["airlock.job.run.duration"])); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
	fuel, _ := got["airlock.job.fuel"].Data.(metricdata.Histogram[int64])
	if len(fuel.DataPoints) != 1 || fuel.DataPoints[0].Sum != 12 || fuel.DataPoints[0].Count != 2 {
		t.Errorf("fuel is %+v", fuel.DataPoints)
	}
}

// However many names there are, few are told apart.
func TestMetricsAreBounded(t *testing.T) {
	t.Parallel()
	t.Run("jobs", func(t *testing.T) {
		t.Parallel()
		m := newMetrics()
		for i := range 3 * maxJobs {
			m.ended("e", fmt.Sprint("job", i), measured{state: bus.StateCompleted})
		}
		outcomes := sums(collect(t, m)["airlock.job.outcomes"])
		if len(outcomes) != maxJobs+1 || outcomes["extension=other,job=other,state=completed"] != 2*maxJobs {
			t.Errorf("%d are told apart, and %d are others", len(outcomes), outcomes["extension=other,job=other,state=completed"])
		}
	})
	t.Run("operations", func(t *testing.T) {
		t.Parallel()
		m := newMetrics()
		for i := range 3 * maxOperations {
			m.called(fmt.Sprint("unknown.", i), bus.Errorf(bus.Unavailable, "nobody answers"), time.Millisecond)
			m.called(fmt.Sprint("known.", i), nil, time.Millisecond)
			m.called("known.0", bus.Errorf(bus.Code(fmt.Sprint("invented", i)), "no such code"), time.Millisecond)
		}
		m.called("known.0", errors.New("broken"), time.Millisecond)
		calls := counts(collect(t, m)["airlock.call.duration"])
		want := map[string]uint64{
			"code=unavailable,operation=other": 3 * maxOperations, "code=ok,operation=other": 2 * maxOperations,
			"code=ok,operation=known.0": 1, "code=other,operation=known.0": 3 * maxOperations, "code=internal,operation=known.0": 1,
		}
		for which, n := range want {
			if calls[which] != n {
				t.Errorf("%d calls of %s, want %d", calls[which], which, n)
			}
		}
		if len(calls) != maxOperations+4 {
			t.Errorf("%d are told apart", len(calls))
		}
	})
}

func TestMetricsOfNobody(t *testing.T) {
	t.Parallel()
	var m *Metrics
	m.ended("e", "j", measured{})
	m.called("test.ping", nil, 0)
	if got := collect(t, newMetrics()); len(got) != 0 {
		t.Errorf("metrics of nothing: %v", got)
	}
}
