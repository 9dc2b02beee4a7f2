package node

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/telemetry/otlptest"
)

// What `airlock up` does arrives at a real receiver: jobs as traces, from who enqueued them to the operations that served their
// calls, and as metrics, there and for Prometheus.
func TestSee(t *testing.T) { //nolint:paralleltest // it sets the environment and the process's providers
	receiver := otlptest.Start(t)
	for name, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://" + receiver.HTTP, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
		"OTEL_TRACES_EXPORTER": "", "OTEL_METRICS_EXPORTER": "", "OTEL_SDK_DISABLED": "", "OTEL_SERVICE_NAME": "",
	} {
		t.Setenv(name, value)
	}
	r := up(t)
	if status, body := r.ask("/readyz"); status != http.StatusOK {
		t.Errorf("it is not ready: %d %s", status, body)
	}

	// Whoever enqueues traces as well.
	ctx, span := otel.Tracer("test").Start(t.Context(), "application")
	called := r.run(ctx, "call_many", `[{"method":"query:test.ping","payload":1},{"method":"query:credentials.get","payload":{}}]`)
	trapped := r.run(ctx, "trap", "")
	span.End()
	if called.State != bus.StateCompleted || trapped.State != bus.StateDead || trapped.Attempt != 2 {
		t.Fatalf("the jobs ended as %s and %s in attempt %d", called.State, trapped.State, trapped.Attempt)
	}
	r.pause(ctx)
	checkPage(t, r)
	r.stop()

	trace := span.SpanContext().TraceID().String()
	if !strings.Contains(trapped.Trace, trace) {
		t.Errorf("the run record's trace is %q, want one of %s", trapped.Trace, trace)
	}
	got := receiver.Until(func(got otlptest.Received) bool { return len(tree(got.Spans, trace)) >= 12 && len(got.Metrics) > 9 })
	t.Run("traces", func(t *testing.T) { checkTraces(t, got.Spans, trace) })
	t.Run("metrics", func(t *testing.T) { checkMetrics(t, got.Metrics) })
}

// tree is the spans of a trace, each below its parent's, as "parent > span" by their names.
func tree(spans []otlptest.Span, trace string) (lines []string) {
	paths := map[string]string{}
	var path func(id string) string
	byID := map[string]otlptest.Span{}
	for _, s := range spans {
		if s.TraceID == trace {
			byID[s.SpanID] = s
		}
	}
	path = func(id string) string {
		s, ok := byID[id]
		if !ok {
			return ""
		}
		if paths[id] == "" {
			paths[id] = strings.TrimPrefix(path(s.ParentID)+" > "+fmt.Sprintf("%s (%d)", s.Name, s.Kind), " > ")
		}
		return paths[id]
	}
	for id := range byID {
		lines = append(lines, path(id))
	}
	slices.Sort(lines)
	return lines
}

func checkTraces(t *testing.T, spans []otlptest.Span, trace string) {
	t.Helper()
	const (
		called  = "application (1) > enqueue test-extension:call_many (4)"
		process = called + " > process test-extension:call_many (5)"
		guest   = process + " > sandbox (1)"
		trapped = "application (1) > enqueue test-extension:trap (4)"
	)
	want := []string{
		"application (1)",
		called, process, guest,
		guest + " > query:credentials.get (3)",
		guest + " > query:test.ping (3)",
		guest + " > query:test.ping (3) > query:test.ping (2)",
		trapped,
		trapped + " > process test-extension:trap (5)", trapped + " > process test-extension:trap (5)",
		trapped + " > process test-extension:trap (5) > sandbox (1)", trapped + " > process test-extension:trap (5) > sandbox (1)",
	}
	if got := tree(spans, trace); !slices.Equal(got, want) {
		t.Errorf("the trace is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	attempts := map[string]otlptest.Span{}
	for _, s := range spans {
		if s.Name == "process test-extension:trap" {
			attempts[s.Attributes["airlock.attempt"]] = s
		}
		if s.Name == "query:credentials.get" && (!s.Failed || s.Attributes["error.type"] != string(bus.PermissionDenied)) {
			t.Errorf("the call that was denied: %+v", s)
		}
	}
	first, second := attempts["1"], attempts["2"]
	if len(first.Links) != 0 || len(second.Links) != 1 || second.Links[0] != (otlptest.Link{TraceID: first.TraceID, SpanID: first.SpanID}) {
		t.Errorf("the second attempt is linked to %+v, the first, %s, to %+v", second.Links, first.SpanID, first.Links)
	}
	if first.Attributes["airlock.state"] != "scheduled" || second.Attributes["airlock.state"] != "dead" || !second.Failed {
		t.Errorf("the attempts led to %v and %v", first.Attributes, second.Attributes)
	}
}

func checkMetrics(t *testing.T, metrics []otlptest.Metric) {
	t.Helper()
	newest := map[string]otlptest.Metric{}
	for _, m := range metrics {
		newest[m.Name] = m
	}
	for _, want := range []struct {
		name, kind, unit string
		attributes       map[string]string
		// count is of a histogram, value of another.
		count uint64
		value float64
	}{
		{"airlock.job.wait.duration", "histogram", "s", map[string]string{"extension": "test-extension", "job": "trap"}, 2, 0},
		{"airlock.job.run.duration", "histogram", "s", map[string]string{"extension": "test-extension", "job": "trap"}, 2, 0},
		{"airlock.sandbox.start.duration", "histogram", "s", map[string]string{"extension": "test-extension", "job": "call_many"}, 1, 0},
		{"airlock.job.fuel", "histogram", "{unit}", map[string]string{"extension": "test-extension", "job": "call_many"}, 1, 0},
		{"airlock.job.memory", "histogram", "By", map[string]string{"extension": "test-extension", "job": "call_many"}, 1, 0},
		{"airlock.job.outcomes", "sum", "{job}", map[string]string{"extension": "test-extension", "job": "trap", "state": "dead"}, 0, 1},
		{"airlock.job.outcomes", "sum", "{job}", map[string]string{"extension": "test-extension", "job": "call_many", "state": "completed"}, 0, 1},
		{"airlock.job.attempts", "sum", "{attempt}", map[string]string{"extension": "test-extension", "job": "trap", "state": "scheduled"}, 0, 1},
		{"airlock.job.retries", "sum", "{attempt}", map[string]string{"extension": "test-extension", "job": "trap"}, 0, 1},
		{"airlock.call.duration", "histogram", "s", map[string]string{"operation": "test.ping", "code": "ok"}, 1, 0},
		{"airlock.call.duration", "histogram", "s", map[string]string{"operation": "other", "code": "permission_denied"}, 1, 0},
		{"airlock.operation.duration", "histogram", "s", map[string]string{"operation": "test.ping", "code": "ok"}, 1, 0},
	} {
		m := newest[want.name]
		if m.Kind != want.kind || m.Unit != want.unit {
			t.Errorf("%s is %q in %q, want %q in %q", want.name, m.Kind, m.Unit, want.kind, want.unit)
		}
		i := slices.IndexFunc(m.Points, func(p otlptest.Point) bool { return fmt.Sprint(p.Attributes) == fmt.Sprint(want.attributes) })
		switch {
		case i < 0:
			t.Errorf("%s has no point of %v: %+v", want.name, want.attributes, m.Points)
		case want.kind == "sum" && m.Points[i].Value != want.value, m.Points[i].Count != want.count:
			t.Errorf("%s of %v is %+v, want %v and a count of %d", want.name, want.attributes, m.Points[i], want.value, want.count)
		}
	}
}

// checkPage asks as Prometheus does, until what is counted after an outcome is on disk is counted.
func checkPage(t *testing.T, r *running) {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		_, page := r.ask("/metrics")
		missing := missingOf(page)
		if len(missing) == 0 {
			return
		}
		select {
		case <-late:
			t.Errorf("/metrics has no\n%s\nbut\n%s", strings.Join(missing, "\n"), page)
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func missingOf(page string) (missing []string) {
	for _, want := range []string{
		`airlock_queue_depth{extension="test-extension",priority="low"} 2`,
		`airlock_queue_oldest_age_seconds{extension="test-extension",priority="low"} `,
		`airlock_job_outcomes_total{extension="test-extension",job="trap",state="dead"} 1`,
		`airlock_job_retries_total{extension="test-extension",job="trap"} 1`,
		`airlock_job_run_duration_seconds_count{extension="test-extension",job="call_many"} 1`,
		`airlock_sandbox_start_duration_seconds_count{extension="test-extension",job="call_many"} 1`,
		`airlock_call_duration_seconds_count{code="ok",operation="test.ping"} 1`,
		`airlock_operation_duration_seconds_count{code="ok",operation="test.ping"} 1`,
	} {
		if !strings.HasSuffix(want, " ") {
			want += "\n"
		}
		if !strings.Contains(page, "\n"+want) {
			missing = append(missing, want)
		}
	}
	return missing
}
