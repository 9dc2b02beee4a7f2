package dispatch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/internal/pgtest"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/dispatch"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// domain serves dispatch with the callers' extension installed, which has the jobs test and leaf.
func domain(tb testing.TB, conn *bus.Conn, _ *store.DB) []operations.Operation {
	tb.Helper()
	records, err := conn.Extensions(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	catalogue, err := extensions.NewCatalogue(records, extensions.CatalogueConfig{})
	if err != nil {
		tb.Fatal(err)
	}
	p, err := extensions.NewPackage([]byte(`{"id":"`+operationstest.Extension+`","name":"T","version":"1","wasm_file":"t.wasm",
		"jobs":{"leaf":{"priority":"low"}}}`), []byte("\x00asm\x01\x00\x00\x00"))
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := catalogue.Install(tb.Context(), p, []extensions.JobInfo{{Name: "test", Export: "a"}, {Name: "leaf", Export: "b"}}); err != nil {
		tb.Fatal(err)
	}
	return dispatch.Operations(conn, catalogue)
}

// caller makes a job that waits, and so counts as one that may call.
func caller(tb testing.TB, h *operationstest.Harness) uuid.UUID { return callerAt(tb, h, 0) }

func callerAt(tb testing.TB, h *operationstest.Harness, depth int) uuid.UUID {
	tb.Helper()
	due := time.Now().Add(time.Hour)
	job := &bus.Job{Extension: operationstest.Extension, Name: "test", Library: h.Library, Due: &due, Depth: depth}
	if err := h.Conn.Enqueue(tb.Context(), job); err != nil {
		tb.Fatal(err)
	}
	return job.ID
}

// leaves counts the jobs "leaf" there are.
func leaves(tb testing.TB, h *operationstest.Harness) int {
	tb.Helper()
	last := caller(tb, h)
	ctx, cancel := context.WithTimeout(tb.Context(), 20*time.Second)
	defer cancel()
	seen, found := map[uuid.UUID]bool{}, errors.New("found")
	err := h.Conn.FollowChanges(ctx, bus.Position{}, func(_ context.Context, changes *bus.Changes) error {
		for _, c := range changes.All {
			if c.Name == "leaf" {
				seen[c.Job] = true
			}
			if c.Job == last {
				return found
			}
		}
		return nil
	})
	if !errors.Is(err, found) {
		tb.Fatalf("count jobs: %v", err)
	}
	return len(seen)
}

func TestDispatch(t *testing.T) {
	t.Parallel()
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "action:jobs.dispatch", Caller: caller, Effects: leaves,
		Input: func(testing.TB, *operationstest.Harness) any {
			return map[string]any{"job": operationstest.Extension + ":leaf", "input": uuid.NewString(), "in_ms": 3_600_000}
		},
		Bad: map[string]any{
			"a job and jobs":      `{"job": "leaf", "jobs": [{"job": "leaf"}]}`,
			"no jobs":             `{"jobs": []}`,
			"a job without name":  `{"jobs": [{"job": "leaf"}, {}]}`,
			"too many jobs":       `{"jobs": [` + strings.Repeat(`{"job": "leaf"},`, 1000) + `{"job": "leaf"}]}`,
			"a wrong priority":    `{"job": "leaf", "priority": "urgent"}`,
			"a time in the past":  `{"job": "leaf", "in_ms": -1}`,
			"no unique key":       `{"job": "leaf", "unique": {}}`,
			"a unique key's text": `{"job": "leaf", "unique": "k"}`,
		},
	})
}

func newHarness(t *testing.T) *operationstest.Harness {
	t.Helper()
	return operationstest.New(t, storetest.SQLite(t), domain)
}

type ids struct {
	ID  uuid.UUID   `json:"job_id"`
	IDs []uuid.UUID `json:"job_ids"`
}

// call makes a keyed call of a job, which must succeed.
func call(t *testing.T, h *operationstest.Harness, job uuid.UUID, method, payload string, out any) {
	t.Helper()
	c := h.NewCall(t, method, payload)
	c.Job = job
	c.Key = job.String() + "/" + c.Hash() + "/0"
	answer, err := h.Conn.Call(t.Context(), c)
	if err != nil {
		t.Fatalf("%s %s: %v", method, payload, err)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		t.Fatalf("%s answered %s: %v", method, answer, err)
	}
}

func TestDispatchedJob(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	parent := callerAt(t, h, 3)
	for payload, want := range map[string]bus.Job{
		`{"job": "leaf"}`: {Name: "leaf", Priority: bus.Low},
		`{"job": "leaf", "input": null, "priority": "high", "max_attempts": 2, "timeout_ms": 5000}`: {
			Name: "leaf", Priority: bus.High, MaxAttempts: 2, TimeoutMS: 5000,
		},
		`{"job": "test", "input": {"n": 1}, "unique": {"key": "k", "for_ms": 60000}}`: {
			Name: "test", Priority: bus.Normal, Input: json.RawMessage(`{"n":1}`), Unique: &bus.Unique{Key: "k", ForMS: 60_000},
		},
	} {
		var out ids
		call(t, h, parent, "action:jobs.dispatch", payload, &out)
		got, err := h.Conn.Job(t.Context(), out.ID)
		if err != nil {
			t.Fatal(err)
		}
		want.ID, want.Extension, want.Library, want.Parent, want.Depth = out.ID, operationstest.Extension, h.Library, &parent, 4
		want.CreatedAt = got.CreatedAt
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", payload, diff)
		}
	}
}

func TestDispatchMany(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	parent := caller(t, h)
	payload := `{"jobs": [` + strings.TrimSuffix(strings.Repeat(`{"job": "leaf"},`, 1000), ",") + `]}`
	var first, again ids
	call(t, h, parent, "action:jobs.dispatch", payload, &first)
	call(t, h, parent, "action:jobs.dispatch", payload, &again)
	distinct := slices.Clone(first.IDs)
	slices.SortFunc(distinct, func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) })
	if len(slices.Compact(distinct)) != 1000 || leaves(t, h) != 1000 {
		t.Errorf("%d ids, %d jobs, want 1000", len(slices.Compact(distinct)), leaves(t, h))
	}
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the same call again (-first +again):\n%s", diff)
	}
}

func TestDispatchRefuses(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for name, c := range map[string]struct {
		payload string
		job     uuid.UUID
		code    bus.Code
		want    string
	}{
		"a job of what is not there": {`{"job": "finance:leaf"}`, caller(t, h), bus.NotFound, `extension finance is not installed`},
		"a job that is not there":    {`{"job": "root"}`, caller(t, h), bus.NotFound, `has no job "root"; it has test, leaf`},
		"one of many":                {`{"jobs": [{"job": "leaf"}, {"job": "root"}]}`, caller(t, h), bus.NotFound, `jobs[1]: extension com.example.test has no job "root"`},
		"too deep":                   {`{"job": "leaf"}`, callerAt(t, h, bus.MaxDepth), bus.FailedPrecondition, "is 16 jobs deep, and no sub-job can be deeper"},
		"a job that is gone":         {`{"job": "leaf"}`, uuid.New(), bus.PermissionDenied, "of com.example.test that runs"},
	} {
		call := h.NewCall(t, "action:jobs.dispatch", c.payload)
		call.Job = c.job
		_, err := h.Conn.Call(t.Context(), call)
		if bus.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	if n := leaves(t, h); n != 0 {
		t.Errorf("%d jobs were started", n)
	}
	t.Run("a key that is taken", func(t *testing.T) {
		parent := caller(t, h)
		var first ids
		call(t, h, parent, "action:jobs.dispatch", `{"job": "leaf", "unique": {"key": "k"}}`, &first)
		c := h.NewCall(t, "action:jobs.dispatch", `{"job": "leaf", "unique": {"key": "k"}, "input": 2}`)
		c.Job = parent
		_, err := h.Conn.Call(t.Context(), c)
		if bus.CodeOf(err) != bus.AlreadyExists || !strings.Contains(err.Error(), first.ID.String()) {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("an extension that was removed", func(t *testing.T) {
		parent := caller(t, h)
		records, err := h.Conn.Extensions(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := records.DeleteRecord(t.Context(), operationstest.Extension); err != nil {
			t.Fatal(err)
		}
		c := h.NewCall(t, "action:jobs.dispatch", `{"job": "leaf"}`)
		c.Job = parent
		if _, err := h.Conn.Call(t.Context(), c); bus.CodeOf(err) != bus.NotFound {
			t.Errorf("error is %v", err)
		}
	})
}

// oneCaller is always the same caller of a harness.
func oneCaller() func(testing.TB, *operationstest.Harness) uuid.UUID {
	var mu sync.Mutex
	parents := map[*operationstest.Harness]uuid.UUID{}
	return func(tb testing.TB, h *operationstest.Harness) uuid.UUID {
		tb.Helper()
		mu.Lock()
		defer mu.Unlock()
		if _, ok := parents[h]; !ok {
			parents[h] = caller(tb, h)
		}
		return parents[h]
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "query:jobs.status", Caller: oneCaller(),
		Input: func(tb testing.TB, h *operationstest.Harness) any {
			tb.Helper()
			var out ids
			h.OK(tb, "action:jobs.dispatch", `{"job": "leaf"}`, &out)
			return map[string]any{"job_id": out.ID}
		},
		Bad: map[string]any{"no id": `{"job_id": "me"}`},
	})
}

func TestStatusTellsHowASubJobStands(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	parent := caller(t, h)
	var out ids
	call(t, h, parent, "action:jobs.dispatch", `{"jobs": [{"job": "leaf"}, {"job": "leaf", "in_ms": 3600000}]}`, &out)
	get := func(id uuid.UUID) map[string]any {
		t.Helper()
		var status map[string]any
		call(t, h, parent, "query:jobs.status", fmt.Sprintf(`{"job_id": %q}`, id), &status)
		delete(status, "due")
		delete(status, "finished_at")
		return status
	}
	status := func(id uuid.UUID, state string, ended bool, more map[string]any) map[string]any {
		s := map[string]any{
			"job_id": id.String(), "job": "leaf", "state": state, "ended": ended, "attempt": 0.0, "failures": 0.0, "progress": 0.0,
		}
		maps.Copy(s, more)
		return s
	}
	for i, state := range []string{"available", "scheduled"} {
		if diff := cmp.Diff(status(out.IDs[i], state, false, nil), get(out.IDs[i])); diff != "" {
			t.Errorf("%s (-want +got):\n%s", state, diff)
		}
	}
	attempt := h.Begin(t)
	code := int32(2)
	err := attempt.End(t.Context(), bus.Outcome{
		State: bus.StateDead, ExitCode: &code, Failure: &bus.Failure{Attempt: 1, Code: bus.Internal, Error: "no luck"},
		Report: bus.Report{Progress: 0.5, Message: "half", Items: 3},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := status(out.IDs[0], "dead", true, map[string]any{
		"attempt": 1.0, "failures": 1.0, "progress": 0.5, "message": "half", "items": 3.0, "exit_code": 2.0, "failure": "no luck",
	})
	if diff := cmp.Diff(want, get(out.IDs[0])); diff != "" {
		t.Errorf("ended (-want +got):\n%s", diff)
	}
	c := h.NewCall(t, "query:jobs.status", fmt.Sprintf(`{"job_id": %q}`, out.IDs[0]))
	if _, err := h.Conn.Call(t.Context(), c); bus.CodeOf(err) != bus.NotFound {
		t.Errorf("asked by another job: error is %v", err)
	}
}

// subJobs makes sub-jobs, as jobs.dispatch does.
type subJobs struct {
	mu  sync.Mutex
	ids map[*operationstest.Harness][]uuid.UUID
}

// of returns the input that names a new sub-job of a job.
func (s *subJobs) of(tb testing.TB, h *operationstest.Harness, parent uuid.UUID) any {
	tb.Helper()
	h.Deal()
	due := time.Now().Add(time.Hour)
	job := &bus.Job{Extension: operationstest.Extension, Name: "leaf", Library: h.Library, Due: &due}
	if err := h.Conn.Dispatch(tb.Context(), &bus.Job{ID: parent}, []*bus.Job{job}); err != nil {
		tb.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids[h] = append(s.ids[h], job.ID)
	return map[string]any{"job_id": job.ID}
}

// cancelled is how many of them are.
func (s *subJobs) cancelled(tb testing.TB, h *operationstest.Harness) int {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	runs, err := h.Conn.Runs(tb.Context(), s.ids[h])
	if err != nil {
		tb.Fatal(err)
	}
	n := 0
	for _, run := range runs {
		if run.State == bus.StateCancelled {
			n++
		}
	}
	return n
}

func TestCancel(t *testing.T) {
	t.Parallel()
	made, parent := &subJobs{ids: map[*operationstest.Harness][]uuid.UUID{}}, oneCaller()
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "action:jobs.cancel", Caller: parent, Effects: made.cancelled, InputFor: made.of,
		Input: func(tb testing.TB, h *operationstest.Harness) any { tb.Helper(); return made.of(tb, h, parent(tb, h)) },
		Bad:   map[string]any{"no id": `{"job_id": "me"}`},
	})
}

func TestCancelAnswersTheState(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.Deal()
	parent := caller(t, h)
	var out ids
	call(t, h, parent, "action:jobs.dispatch", `{"jobs": [{"job": "leaf"}, {"job": "leaf", "in_ms": 3600000}]}`, &out)
	runs := h.Begin(t)
	if err := runs.Save(t.Context(), nil, bus.Report{}); err != nil { // so that it has a record
		t.Fatal(err)
	}
	cancel := func(id uuid.UUID) (got struct {
		ID    uuid.UUID `json:"job_id"`
		State bus.State `json:"state"`
		Ended bool      `json:"ended"`
	},
	) {
		t.Helper()
		call(t, h, parent, "action:jobs.cancel", fmt.Sprintf(`{"job_id": %q}`, id), &got)
		if got.ID != id {
			t.Errorf("it is of job %s, want %s", got.ID, id)
		}
		return got
	}
	if got := cancel(out.IDs[1]); got.State != bus.StateCancelled || !got.Ended {
		t.Errorf("of one that waits: %+v", got)
	}
	if got := cancel(runs.Job.ID); got.State != bus.StateRunning || got.Ended {
		t.Errorf("of one that runs: %+v", got)
	}
	if run, err := h.Conn.Run(t.Context(), runs.Job.ID); err != nil || run.CancelRequested == nil {
		t.Errorf("it is not asked to stop: %+v, %v", run, err)
	}
	ended := bus.Outcome{State: bus.StateCancelled}
	if err := runs.End(t.Context(), ended); err != nil {
		t.Fatal(err)
	}
	again := h.NewCall(t, "action:jobs.cancel", fmt.Sprintf(`{"job_id": %q}`, runs.Job.ID))
	again.Job = parent
	if answer, err := h.Conn.Call(t.Context(), again); err != nil || !strings.Contains(string(answer), `"state":"cancelled","ended":true`) {
		t.Errorf("of one that has ended: %s, %v", answer, err)
	}
	for name, job := range map[string]uuid.UUID{"another's sub-job": out.IDs[1], "no job": uuid.New()} {
		c := h.NewCall(t, "action:jobs.cancel", fmt.Sprintf(`{"job_id": %q}`, job))
		c.Job = caller(t, h)
		if _, err := h.Conn.Call(t.Context(), c); bus.CodeOf(err) != bus.NotFound {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}
