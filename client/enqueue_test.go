package client_test

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/client"
)

func TestEnqueueAndResult(t *testing.T) {
	t.Parallel()
	a := newAirlock(t, client.Config{})
	id, err := a.Enqueue(t.Context(), client.Job{Name: "demo:greet", Input: map[string]int{"n": 1}})
	if err != nil {
		t.Fatal(err)
	}
	status, err := a.Status(t.Context(), id)
	if err != nil || status.State != client.Available || status.Priority != client.High || status.Library != client.DefaultLibrary {
		t.Errorf("before it runs it is %+v, %v", status, err)
	}
	job, err := a.conn.Job(t.Context(), id)
	if err != nil || string(job.Input) != `{"n":1}` {
		t.Errorf("it was enqueued as %+v, %v", job, err)
	}
	a.work(t, a.perform)
	outcome, err := a.Result(t.Context(), id)
	if err != nil || outcome.Err() != nil || outcome.Report.Message != "hello" {
		t.Errorf("result: %+v, %v", outcome, err)
	}
	// It may be asked for again.
	if again, err := a.Result(t.Context(), id); err != nil || again.State != client.Completed {
		t.Errorf("result again: %+v, %v", again, err)
	}

	id, err = a.Enqueue(t.Context(), client.Job{Name: "demo:fail"})
	if err != nil {
		t.Fatal(err)
	}
	outcome, err = a.Result(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var failed *client.FailedError
	if !errors.As(outcome.Err(), &failed) || failed.State != client.Dead || failed.Failure.Error != "it is broken" || outcome.Failures != 2 {
		t.Errorf("result of a job that fails: %+v", outcome.Err())
	}
}

func TestEnqueueMany(t *testing.T) {
	t.Parallel()
	a := newAirlock(t, client.Config{})
	jobs := make([]client.Job, client.MaxBatch+100)
	for i := range jobs {
		jobs[i] = client.Job{Name: "demo:greet", Input: i}
	}
	ids, err := a.EnqueueMany(t.Context(), jobs)
	if err != nil || len(ids) != len(jobs) {
		t.Fatalf("%d are enqueued: %v", len(ids), err)
	}
	for _, i := range []int{0, client.MaxBatch, len(jobs) - 1} {
		if job, err := a.conn.Job(t.Context(), ids[i]); err != nil || string(job.Input) != strconv.Itoa(i) {
			t.Errorf("job %d was enqueued as %+v, %v", i, job, err)
		}
	}
	jobs[client.MaxBatch+1].Name = "demo:nothing"
	if ids, err := a.EnqueueMany(t.Context(), jobs); len(ids) != 0 || !errors.Is(err, client.ErrUnknownJob) {
		t.Errorf("with a job that is not there %d are enqueued: %v", len(ids), err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	a := newAirlock(t, client.Config{MaxWaiting: 3})
	bustest.Deal(t, a.conn, bus.DealerConfig{})
	only := uuid.New()
	a.install(t, "narrow", `{"manifest":{"permissions":{"libraries":["`+only.String()+`"]}},"jobs":[{"name":"greet"}]}`)
	for name, c := range map[string]struct {
		job  client.Job
		want error
		text string
	}{
		"no name":             {client.Job{}, client.ErrInvalid, "want <extension>:<job>"},
		"unknown extension":   {client.Job{Name: "gone:greet"}, client.ErrUnknownExtension, "extension gone is not installed"},
		"no extension":        {client.Job{Name: "DE MO:greet"}, client.ErrUnknownExtension, "is not installed"},
		"unknown job":         {client.Job{Name: "demo:nothing"}, client.ErrUnknownJob, "it has greet, fail, wait"},
		"library":             {client.Job{Name: "narrow:greet", Library: uuid.New()}, client.ErrNotAllowed, "may not run in library"},
		"priority":            {client.Job{Name: "demo:greet", Priority: "urgent"}, client.ErrInvalid, `priority is "urgent"`},
		"past":                {client.Job{Name: "demo:greet", At: time.Now().Add(-time.Hour)}, client.ErrInvalid, "in the past"},
		"negative delay":      {client.Job{Name: "demo:greet", In: -time.Second}, client.ErrInvalid, "in the past"},
		"two times":           {client.Job{Name: "demo:greet", In: time.Second, At: time.Now().Add(time.Hour)}, client.ErrInvalid, "not both"},
		"expired":             {client.Job{Name: "demo:greet", ExpiresAt: time.Now().Add(-time.Second)}, client.ErrInvalid, "would never begin"},
		"expires before due":  {client.Job{Name: "demo:greet", In: time.Hour, ExpiresAt: time.Now().Add(time.Minute)}, client.ErrInvalid, "before it is due"},
		"input":               {client.Job{Name: "demo:greet", Input: func() {}}, client.ErrInvalid, "cannot be encoded"},
		"input not json":      {client.Job{Name: "demo:greet", Input: json.RawMessage("{")}, client.ErrInvalid, "input is not JSON"},
		"key too long":        {client.Job{Name: "demo:greet", Unique: strings.Repeat("k", 513)}, client.ErrInvalid, "unique key is 513 bytes"},
		"unique for nothing":  {client.Job{Name: "demo:greet", UniqueFor: time.Hour}, client.ErrInvalid, "has no key"},
		"unique for a moment": {client.Job{Name: "demo:greet", Unique: "k", UniqueFor: time.Millisecond}, client.ErrInvalid, "at least 1000"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := a.Enqueue(t.Context(), c.job)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("enqueue says %v, want %v with %q", err, c.want, c.text)
			}
			if wire, ok := errors.AsType[*client.Error](err); !ok || wire.Code == "" {
				t.Errorf("the error has no code: %v", err)
			}
		})
	}
	t.Run("allowed library", func(t *testing.T) {
		if _, err := a.Prepare(t.Context(), client.Job{Name: "narrow:greet", Library: only}); err != nil {
			t.Error(err)
		}
	})
	t.Run("duplicate", func(t *testing.T) {
		first, err := a.Enqueue(t.Context(), client.Job{Name: "demo:greet", Unique: "once"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.Enqueue(t.Context(), client.Job{Name: "demo:greet", Unique: "once"})
		var duplicate *client.DuplicateError
		if !errors.As(err, &duplicate) || duplicate.Job != first || duplicate.Key != "once" {
			t.Errorf("enqueue says %v, want a duplicate of %s", err, first)
		}
	})
	t.Run("full", func(t *testing.T) {
		var err error
		for deadline := time.Now().Add(20 * time.Second); err == nil && time.Now().Before(deadline); <-time.After(5 * time.Millisecond) {
			_, err = a.Enqueue(t.Context(), client.Job{Name: "demo:greet"})
		}
		wire, ok := errors.AsType[*client.Error](err)
		if !errors.Is(err, client.ErrQueueFull) || !ok || wire.RetryAfter == 0 {
			t.Errorf("with more than three that wait enqueue says %v", err)
		}
	})
}

// What is known of an extension is a second old at most.
func TestInstalledIsNew(t *testing.T) {
	t.Parallel()
	a := newAirlock(t, client.Config{})
	if _, err := a.Prepare(t.Context(), client.Job{Name: "demo:late"}); !errors.Is(err, client.ErrUnknownJob) {
		t.Fatalf("before it is installed: %v", err)
	}
	a.install(t, "demo", `{"manifest":{"permissions":{"libraries":["*"]}},"jobs":[{"name":"late"}]}`)
	start := time.Now()
	for {
		_, err := a.Prepare(t.Context(), client.Job{Name: "demo:late"})
		if err == nil {
			return
		}
		if time.Since(start) > 3*time.Second {
			t.Fatalf("three seconds after it was installed: %v", err)
		}
		<-time.After(20 * time.Millisecond)
	}
}
