package bus

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// fullJob has all that a job's message can have.
func fullJob() *Job {
	parent, due := uuid.New(), time.Now().Add(time.Hour)
	return &Job{
		ID: uuid.Must(uuid.NewV7()), Extension: "com.example", Name: "job", Library: uuid.New(), Priority: High, Input: json.RawMessage(`{"a":[1,"}"]}`),
		InputRef:    &InputRef{Digest: Digest([]byte("1")), Size: 1},
		Event:       &Event{ID: "1", Source: "s", Type: "a.b", Library: uuid.New(), Data: json.RawMessage(`{"secret":1}`), DataBase64: "eA==", Size: 12},
		MaxAttempts: 3, TimeoutMS: 1000, CreatedAt: time.Now(), Parent: &parent, Depth: 1, Hops: 2, Due: &due, ExpiresAt: &due,
		Unique: &Unique{Key: "k"}, Schedule: "nightly", Retry: 7, Anew: true,
	}
}

// fullRun has all that a run record of a job without failures can have.
func fullRun() *Run {
	at, parent, code := time.Now(), uuid.New(), int32(1)
	return &Run{
		Job: uuid.New(), Extension: "com.example", Name: "jöb", Library: uuid.New(), Priority: Low, CreatedAt: at, State: StateRunning,
		Attempt: 3, Failures: 2, Worker: "w", Version: "sha256:1", Digest: "sha256:2", Due: &at, StartedAt: &at, FinishedAt: &at,
		Checkpoint: &Checkpoint{State: []byte("state"), At: at, Calls: map[string]uint32{"{": 1}}, ExitCode: &code,
		Report: Report{
			Progress: 0.25, Message: "a \"word\"\\", Items: 1, Bytes: 2, Warnings: []string{"]"}, Logs: []LogLine{{At: at, Level: "info", Text: "}"}},
			LogsDropped: 1, LastCalls: []CallNote{{Method: "m"}}, Calls: 2, Denied: 3, GuestMS: 0.5, CallMS: 1e-7, Fuel: 5, MemoryBytes: 6,
		},
		Parent: &parent, Lost: 1, Yields: 2, CancelRequested: &at, Paused: true, Trace: "00-", Holder: "h", Write: 4,
		DeadLetter: &DeadLetter{Subject: "s", Job: json.RawMessage(`{"x":"{"}`), Raw: []byte("x")},
		revision:   9,
	}
}

// What is read the quick way is what is read the thorough way; and what we write ourselves is read the quick way, which the members of
// a new field have to be added to.
func TestQuickWay(t *testing.T) {
	t.Parallel()
	for _, full := range []any{*fullRun(), fullRun().Report, *fullJob()} {
		for field, value := range reflect.ValueOf(full).Fields() {
			if value.IsZero() && field.Name != "Errors" {
				t.Errorf("this test knows nothing of %T.%s", full, field.Name)
			}
		}
	}
	for name, run := range map[string]*Run{"full": fullRun(), "empty": {Job: uuid.New(), State: StateAvailable, revision: 9}} {
		data, err := json.Marshal(run)
		if err != nil {
			t.Fatal(err)
		}
		quick := &Change{Version: 18}
		if err := members(data, quick.readRun); err != nil {
			t.Errorf("the %s record is not read the quick way: %v\n%s", name, err, data)
		}
		if diff := cmp.Diff(run.Change(), quick); diff != "" {
			t.Errorf("%s record (-thorough +quick):\n%s", name, diff)
		}
	}
	for name, job := range map[string]*Job{
		"full": fullJob(), "empty": {ID: uuid.New(), Extension: "x", Name: "y", Priority: Normal, CreatedAt: time.Now()},
	} {
		data, err := json.Marshal(job)
		if err != nil {
			t.Fatal(err)
		}
		quick, ok := quickJobChange(JobSubject(job.Extension, job.Priority, job.Library, job.ID), data)
		if !ok {
			t.Fatalf("the %s job is not read the quick way: %s", name, data)
		}
		thorough, err := job.Change()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(thorough, quick); diff != "" {
			t.Errorf("%s job (-thorough +quick):\n%s", name, diff)
		}
		if bytes.Contains(quick.Details, []byte("secret")) {
			t.Errorf("details have the event's data: %s", quick.Details)
		}
	}
}

func TestDeletedRun(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	got, err := decodeRunChange(RunSubject(id), nil, 4)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&Change{Job: id, Version: 8, Deleted: true}, got); diff != "" {
		t.Error(diff)
	}
}

func TestFailureOfRun(t *testing.T) {
	t.Parallel()
	run := fullRun()
	run.Errors = []Failure{{Error: "first"}, {Error: "second"}}
	for state, want := range map[State]string{StateDead: "second", StateCompleted: ""} {
		run.State = state
		data, err := json.Marshal(run)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeRunChange(RunSubject(run.Job), data, 9); err != nil || got.Error != want {
			t.Errorf("%s: %+v, %v, want the error %q", state, got, err, want)
		}
	}
}

func FuzzRunChange(f *testing.F) {
	full, err := json.Marshal(fullRun())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(full)
	f.Add([]byte(`{"job":"` + uuid.NewString() + `","state":"running","attempt":1,"errors":[{"error":"x"}],"report":{"progress":null}}`))
	f.Add([]byte(` { "job" : null , "state":"dead","name":"\u00e4\ud800" } x`))
	f.Fuzz(func(t *testing.T, data []byte) {
		run, thorough := decodeRun(data, 3)
		var subject string
		if thorough == nil {
			subject = RunSubject(run.Job)
		}
		got, err := decodeRunChange(subject, data, 3)
		if thorough != nil || len(data) == 0 {
			return
		}
		if err != nil {
			t.Fatalf("a record is not read: %v", err)
		}
		if diff := cmp.Diff(run.Change(), got); diff != "" {
			t.Errorf("(-thorough +quick):\n%s", diff)
		}
	})
}

func FuzzJobChange(f *testing.F) {
	full, err := json.Marshal(fullJob())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(full)
	id := uuid.NewString()
	f.Add([]byte(`{"id":"` + id + `","extension":"x","job":"y","library":"` + id + `","priority":"normal","input":{"a":"\\\""},"event":{}}`))
	f.Add([]byte(`{"id":"` + id + `","extension":"x","job":"\"","library":"` + id + `","priority":"low","INPUT":1,"input":[{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		job := &Job{}
		if json.Unmarshal(data, job) != nil {
			_, _ = decodeJobChange("airlock.job.x.low."+id+"."+id, data)
			return
		}
		subject := JobSubject(job.Extension, job.Priority, job.Library, job.ID)
		got, err := decodeJobChange(subject, data)
		if _, thorough := decodeJob(subject, data); thorough != nil {
			return
		}
		if err != nil {
			t.Fatalf("a job is not read: %v", err)
		}
		want, err := job.Change()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(detailsOf(t, want), detailsOf(t, got)); diff != "" {
			t.Errorf("details (-thorough +quick):\n%s", diff)
		}
		want.Details, got.Details = nil, nil
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-thorough +quick):\n%s", diff)
		}
	})
}

// detailsOf are the details as they are shown.
func detailsOf(t *testing.T, c *Change) []byte {
	t.Helper()
	if len(c.Details) == 0 {
		return []byte("{}")
	}
	job := &Job{}
	if err := json.Unmarshal(c.Details, job); err != nil {
		t.Fatalf("details are no JSON: %v\n%s", err, c.Details)
	}
	if job.Event != nil && len(job.Event.Data)+len(job.Event.DataBase64) > 0 {
		t.Errorf("details have the event's data: %s", c.Details)
	}
	text, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func BenchmarkDecodeChange(b *testing.B) {
	run, job := fullRun(), &Job{ID: uuid.New(), Extension: "x", Name: "y", Library: uuid.New(), Priority: Normal, CreatedAt: time.Now()}
	run.Checkpoint, run.DeadLetter, run.Report.Logs = nil, nil, nil
	for name, of := range map[string]struct {
		subject string
		value   any
		decode  func(subject string, data []byte) (*Change, error)
	}{
		"run": {RunSubject(run.Job), run, func(subject string, data []byte) (*Change, error) { return decodeRunChange(subject, data, 1) }},
		"job": {JobSubject(job.Extension, job.Priority, job.Library, job.ID), job, decodeJobChange},
	} {
		data, err := json.Marshal(of.value)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := of.decode(of.subject, data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
