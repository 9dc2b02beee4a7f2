package jobs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/operations/jobs"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

// list is a list of jobs that runs, with the bus it follows.
type list struct {
	conn  *bus.Conn
	db    *store.DB
	queue *bus.Queue
}

func newList(t *testing.T, url string) *list {
	t.Helper()
	l := &list{conn: bustest.New(t), db: storetest.Open(t, url)}
	t.Cleanup(l.run(t))
	return l
}

// run starts the list and returns what stops it.
func (l *list) run(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	j := jobs.New(l.conn, l.db, nil)
	ended := make(chan error, 1)
	go func() { ended <- j.Run(ctx) }()
	select {
	case <-j.Ready():
	case err := <-ended:
		cancel()
		t.Fatalf("run: %v", err)
	}
	return sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
}

func (l *list) enqueue(t *testing.T, job *bus.Job) *bus.Job {
	t.Helper()
	if job.Extension == "" {
		job.Extension, job.Name = "finance", "receipt"
	}
	if err := l.conn.Enqueue(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	return job
}

// begin begins an attempt of the job that is dealt next.
func (l *list) begin(t *testing.T) *bus.Attempt {
	t.Helper()
	if l.queue == nil {
		l.queue = bustest.Queue(t, l.conn, bus.QueueConfig{Worker: "worker-1", Slots: 8})
	}
	delivery, err := l.queue.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	attempt, err := delivery.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return attempt
}

func (l *list) list(t *testing.T, request jobs.ListRequest) jobs.ListResponse {
	t.Helper()
	var out jobs.ListResponse
	if err := l.conn.API(t.Context(), "jobs", "list", request, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// shown waits until the list shows a job as it should be: it is allowed to be behind.
func (l *list) shown(t *testing.T, id uuid.UUID, ok func(jobs.Details) bool) jobs.Details {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		var out jobs.Details
		err := l.conn.API(ctx, "jobs", "show", jobs.ShowRequest{ID: id.String()}, &out)
		if err == nil && ok(out) {
			return out
		}
		select {
		case <-ctx.Done():
			t.Fatalf("job %s is %+v, %v", id, out, err)
		case <-tick.C:
		}
	}
}

// listed waits until the list has so many jobs that a request asks for, on one page.
func (l *list) listed(t *testing.T, request jobs.ListRequest, want int) jobs.ListResponse {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for {
		out := l.list(t, request)
		if len(out.Jobs) == want && out.Next == "" {
			return out
		}
		select {
		case <-deadline:
			t.Fatalf("%+v lists %d jobs, want %d", request, len(out.Jobs), want)
		case <-tick.C:
		}
	}
}

func (l *list) in(t *testing.T, id uuid.UUID, state bus.State) jobs.Details {
	t.Helper()
	return l.shown(t, id, func(d jobs.Details) bool { return d.State == state })
}

func TestJobsThroughTheirLife(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		l := newList(t, newURL(t))
		event := bus.NewEvent(uuid.New(), "test", "mail.received", "text/plain", []byte("a secret mail"))
		job := l.enqueue(t, &bus.Job{
			Library: uuid.New(), Priority: bus.High, Input: json.RawMessage(`{"a": 1}`), Event: event, MaxAttempts: 3,
		})

		d := l.in(t, job.ID, bus.StateAvailable)
		want := jobs.Job{
			ID: job.ID, Extension: "finance", Name: "receipt", Library: job.Library, Priority: bus.High, State: bus.StateAvailable,
			CreatedAt: job.CreatedAt.Truncate(time.Microsecond),
		}
		if diff := cmp.Diff(want, d.Job); diff != "" {
			t.Error(diff)
		}
		if string(d.Input) != `{"a":1}` || d.Event == nil || d.Event.ID != event.ID || d.Event.Size != 13 || d.MaxAttempts != 3 {
			t.Errorf("details are %+v", d)
		}
		if d.Event != nil && (d.Event.DataBase64 != "" || d.Event.Data != nil) {
			t.Error("the event has its data")
		}

		attempt := l.begin(t)
		at := time.Now().UTC()
		report := bus.Report{Progress: 0.5, Message: "half\x00way", Logs: []bus.LogLine{{At: at, Level: "info", Text: "a\x00b"}}}
		if err := attempt.Save(t.Context(), &bus.Checkpoint{State: []byte("12345"), At: at}, report); err != nil {
			t.Fatal(err)
		}
		d = l.in(t, job.ID, bus.StateRunning)
		if d.Attempt != 1 || d.Progress != 0.5 || d.Message != "halfway" || d.CheckpointSize != 5 || d.Worker != "worker-1" || d.StartedAt.IsZero() {
			t.Errorf("running job is %+v", d)
		}

		failure := bus.Failure{Attempt: 1, At: at, Code: bus.Unavailable, Error: "no service"}
		if err := attempt.Retry(t.Context(), time.Now().Add(500*time.Millisecond), failure, report); err != nil {
			t.Fatal(err)
		}
		d = l.in(t, job.ID, bus.StateScheduled)
		if d.Failures != 1 || d.Error != "no service" || d.Due.IsZero() {
			t.Errorf("scheduled job is %+v", d)
		}
		l.in(t, job.ID, bus.StateAvailable) // once it is due, without a record of it

		attempt = l.begin(t)
		code := int32(0)
		if err := attempt.End(t.Context(), bus.Outcome{State: bus.StateCompleted, ExitCode: &code, Report: report}); err != nil {
			t.Fatal(err)
		}
		d = l.in(t, job.ID, bus.StateCompleted)
		if d.Attempt != 2 || d.Error != "" || len(d.Errors) != 1 || d.FinishedAt.IsZero() || !d.Due.IsZero() || d.ExitCode == nil {
			t.Errorf("completed job is %+v", d)
		}
		if d.Report == nil || len(d.Report.Logs) != 1 || d.Report.Logs[0].Text != "a\x00b" {
			t.Errorf("report is %+v", d.Report)
		}
	})
}

func TestList(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		l := newList(t, newURL(t))
		library := uuid.New()
		start := time.Now().UTC().Truncate(time.Second)
		var ids []uuid.UUID
		var attempt *bus.Attempt
		for i := range 7 {
			job := &bus.Job{Extension: "finance", Name: fmt.Sprintf("job%d", i%2), Library: library, CreatedAt: start.Add(time.Duration(i) * time.Second)}
			if i == 6 {
				job.Extension, job.Library = "photos", uuid.New()
			}
			ids = append(ids, l.enqueue(t, job).ID)
			if i == 0 {
				attempt = l.begin(t)
			}
		}
		for _, id := range ids {
			l.in(t, id, bus.StateAvailable)
		}
		if err := attempt.End(t.Context(), bus.Outcome{State: bus.StateDead, Failure: &bus.Failure{Error: "broken"}}); err != nil {
			t.Fatal(err)
		}
		dead := attempt.Job.ID
		l.in(t, dead, bus.StateDead)
		l.listed(t, jobs.ListRequest{State: bus.StateDead}, 1)
		l.listed(t, jobs.ListRequest{}, 7)

		t.Run("newest first, page by page", func(t *testing.T) {
			var seen []uuid.UUID
			for after := ""; ; {
				page := l.list(t, jobs.ListRequest{Limit: 2, After: after})
				for _, job := range page.Jobs {
					seen = append(seen, job.ID)
				}
				if after = page.Next; after == "" {
					break
				}
			}
			want := []uuid.UUID{ids[6], ids[5], ids[4], ids[3], ids[2], ids[1], ids[0]}
			if diff := cmp.Diff(want, seen); diff != "" {
				t.Error(diff)
			}
		})
		for name, tt := range map[string]struct {
			in   jobs.ListRequest
			want int
		}{
			"all":          {jobs.ListRequest{}, 7},
			"available":    {jobs.ListRequest{State: bus.StateAvailable}, 6},
			"dead":         {jobs.ListRequest{State: bus.StateDead}, 1},
			"scheduled":    {jobs.ListRequest{State: bus.StateScheduled}, 0},
			"an extension": {jobs.ListRequest{Extension: "photos"}, 1},
			"a job":        {jobs.ListRequest{Name: "job1"}, 3},
			"a library":    {jobs.ListRequest{Library: library.String()}, 6},
			"everything":   {jobs.ListRequest{Library: library.String(), Extension: "finance", Name: "job0", State: bus.StateAvailable}, 2},
			"nothing":      {jobs.ListRequest{Extension: "fin%"}, 0},
		} {
			t.Run("filters "+name, func(t *testing.T) {
				if got := l.list(t, tt.in); len(got.Jobs) != tt.want || got.Jobs == nil {
					t.Errorf("%d jobs, want %d", len(got.Jobs), tt.want)
				}
			})
		}
	})
}

func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	l := newList(t, storetest.SQLite(t))
	for name, tt := range map[string]struct {
		verb string
		in   any
		code bus.Code
	}{
		"an unknown state":    {"list", jobs.ListRequest{State: "lost"}, bus.InvalidArgument},
		"a limit below 0":     {"list", jobs.ListRequest{Limit: -1}, bus.InvalidArgument},
		"a limit too large":   {"list", jobs.ListRequest{Limit: 501}, bus.InvalidArgument},
		"a library of words":  {"list", jobs.ListRequest{Library: "home"}, bus.InvalidArgument},
		"a parent of words":   {"list", jobs.ListRequest{Parent: "mother"}, bus.InvalidArgument},
		"a time of words":     {"list", map[string]string{"created_after": "yesterday"}, bus.InvalidArgument},
		"after of nothing":    {"list", jobs.ListRequest{After: "x"}, bus.InvalidArgument},
		"after without an id": {"list", jobs.ListRequest{After: "1."}, bus.InvalidArgument},
		"an array":            {"list", []int{1}, bus.InvalidArgument},
		"no id":               {"show", jobs.ShowRequest{}, bus.InvalidArgument},
		"an unknown id":       {"show", jobs.ShowRequest{ID: uuid.NewString()}, bus.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := l.conn.API(t.Context(), "jobs", tt.verb, tt.in, nil); bus.CodeOf(err) != tt.code {
				t.Errorf("error is %v, want %s", err, tt.code)
			}
		})
	}
}

func TestShow(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		l := newList(t, newURL(t))
		parent := uuid.New()
		job := l.enqueue(t, &bus.Job{Input: json.RawMessage(`{"a":1}`), Parent: &parent, Depth: 1, Unique: &bus.Unique{Key: "k"}, MaxAttempts: 2})
		l.listed(t, jobs.ListRequest{Parent: parent.String()}, 1)
		check := func(d jobs.Details) {
			t.Helper()
			if string(d.Input) != `{"a":1}` || d.Parent != parent || d.Depth != 1 || d.Unique == nil || d.Unique.Key != "k" || d.MaxAttempts != 2 {
				t.Errorf("details are %+v", d)
			}
		}
		check(l.in(t, job.ID, bus.StateAvailable))
		attempt := l.begin(t)
		if err := attempt.End(t.Context(), bus.Outcome{State: bus.StateDead, Failure: &bus.Failure{Error: "broken"}}); err != nil {
			t.Fatal(err)
		}
		d := l.in(t, job.ID, bus.StateDead)
		if check(d); d.DeadLetter == nil || len(d.Errors) != 1 {
			t.Errorf("dead letter is %+v, errors are %+v", d.DeadLetter, d.Errors)
		}
		if err := l.conn.RetryJob(t.Context(), job.ID, json.RawMessage(`{"a":1}`)); err != nil {
			t.Fatal(err)
		}
		l.listed(t, jobs.ListRequest{State: bus.StateAvailable}, 1)
		check(l.in(t, job.ID, bus.StateAvailable))
		if err := l.begin(t).End(t.Context(), bus.Outcome{State: bus.StateCompleted}); err != nil {
			t.Fatal(err)
		}
		l.listed(t, jobs.ListRequest{State: bus.StateCompleted}, 1)
		check(l.in(t, job.ID, bus.StateCompleted))
		if err := l.conn.DeleteJob(t.Context(), job.ID); err != nil {
			t.Fatal(err)
		}
		l.listed(t, jobs.ListRequest{}, 0)
	})
}
