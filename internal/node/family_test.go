package node

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/internal/guests"
)

// family runs jobs of the guest of that name.
type family struct {
	*running
	conn *bus.Conn
}

func newFamily(t *testing.T) family {
	t.Helper()
	r := up(t)
	t.Cleanup(r.stop)
	p, err := extensions.Load(guests.Build(t, "family"))
	if err != nil {
		t.Fatal(err)
	}
	f := family{r, r.conn}
	f.install(t, p)
	small, err := extensions.NewPackage([]byte(`{"id":"small-family","name":"S","version":"1","wasm_file":"family.wasm",
		"permissions":{"max_memory_mb":64},"jobs":{"weigh":{"max_attempts":1}}}`), p.Wasm)
	if err != nil {
		t.Fatal(err)
	}
	f.install(t, small)
	return f
}

func (f family) install(t *testing.T, p *extensions.Package) {
	t.Helper()
	catalogue, err := Catalogue(t.Context(), f.conn, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	var jobs []extensions.JobInfo
	for _, name := range []string{"fan", "leaf", "nap", "weigh", "echo", "deep"} {
		jobs = append(jobs, extensions.JobInfo{Name: name, Export: "execute_job", Resumable: true})
	}
	if _, err := catalogue.Install(t.Context(), p, jobs); err != nil {
		t.Fatal(err)
	}
}

func (f family) ends(t *testing.T, name string, input json.RawMessage) *bus.Run {
	t.Helper()
	job := &bus.Job{Extension: "family", Name: name, Library: f.library, Input: input}
	if err := f.conn.Enqueue(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	return f.outcome(t, job.ID)
}

func (f family) outcome(t *testing.T, id uuid.UUID) *bus.Run {
	t.Helper()
	runs, err := f.conn.WatchRun(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for run := range runs {
		if run.State.Ended() {
			return run
		}
	}
	t.Fatalf("job %s has no outcome", id)
	return nil
}

func completes(t *testing.T, run *bus.Run, message string) {
	t.Helper()
	if run.State != bus.StateCompleted || run.Report.Message != message || run.Failures != 0 {
		t.Errorf("job %s is %s, %q after %d failures: %+v; want completed, %q", run.Name, run.State, run.Report.Message, run.Failures, run.Errors, message)
	}
}

func TestFamily(t *testing.T) { //nolint:paralleltest // it reads the environment and uses the process's providers
	f := newFamily(t)
	t.Run("a parent collects what its sub-jobs found", func(t *testing.T) {
		run := f.ends(t, "fan", json.RawMessage(`{"leaves":50}`))
		completes(t, run, "42925")
		if run.Attempt != 2 || run.Yields != 1 {
			t.Errorf("attempt %d after giving itself back %d times", run.Attempt, run.Yields)
		}
	})
	t.Run("a job sets itself aside without a failure", func(t *testing.T) {
		start := time.Now()
		run := f.ends(t, "nap", json.RawMessage(`{"naps":3,"for":"300ms"}`))
		completes(t, run, "3")
		if took := time.Since(start); took < 900*time.Millisecond || run.Yields != 3 {
			t.Errorf("it gave itself back %d times in %s", run.Yields, took)
		}
	})
	t.Run("no time to set itself aside for", func(t *testing.T) {
		run := f.ends(t, "nap", json.RawMessage(`{"naps":1,"for":"0s"}`))
		if run.State != bus.StateDead || !strings.Contains(run.Errors[0].Error, `invalid_argument: jobs.snooze: want {"for_ms": a number from 1`) {
			t.Errorf("it is %s: %+v", run.State, run.Errors)
		}
	})
	t.Run("sub-jobs end where they are too deep", func(t *testing.T) {
		job := &bus.Job{Extension: "family", Name: "deep", Library: f.library, Depth: bus.MaxDepth - 2}
		if err := f.conn.Enqueue(t.Context(), job); err != nil {
			t.Fatal(err)
		}
		run := f.outcome(t, job.ID)
		if want := "deeper, deeper, action:jobs.dispatch: failed_precondition: job "; run.State != bus.StateCompleted || !strings.HasPrefix(run.Report.Message, want) {
			t.Errorf("it is %s, %q, %+v", run.State, run.Report.Message, run.Errors)
		}
	})
}

func TestFamilyLargeInputsAndCalls(t *testing.T) { //nolint:paralleltest // it reads the environment and uses the process's providers
	f := newFamily(t)
	t.Run("an input of 50 MB arrives", func(t *testing.T) {
		input := append(append([]byte{'"'}, bytes.Repeat([]byte("x"), 50<<20)...), '"')
		start := time.Now()
		run := f.ends(t, "weigh", input)
		completes(t, run, fmt.Sprintf("%d %x", len(input), sha256.Sum256(input)))
		t.Logf("in %s, %d MB in the guest", time.Since(start).Round(time.Millisecond), run.Report.MemoryBytes>>20)
	})
	t.Run("an input that its memory does not hold is refused", func(t *testing.T) {
		job := &bus.Job{Extension: "small-family", Name: "weigh", Library: f.library, Input: []byte(`"` + strings.Repeat("x", 70_000_000) + `"`)}
		if err := f.conn.Enqueue(t.Context(), job); err != nil {
			t.Fatal(err)
		}
		run := f.outcome(t, job.ID)
		if run.State != bus.StateDead || run.Errors[0].Code != bus.ResourceExhausted {
			t.Errorf("it is %s: %+v", run.State, run.Errors)
		}
		t.Log(run.Errors[0].Error)
	})
	t.Run("50 MB go through a call and back", func(t *testing.T) {
		start := time.Now()
		run := f.ends(t, "echo", json.RawMessage("50000000"))
		completes(t, run, "50000000 true")
		t.Logf("in %s, %d MB in the guest", time.Since(start).Round(time.Millisecond), run.Report.MemoryBytes>>20)
	})
	t.Run("more than a call takes is refused", func(t *testing.T) {
		run := f.ends(t, "echo", json.RawMessage("104857601"))
		if run.State != bus.StateDead || !strings.Contains(run.Errors[0].Error, "payload is 104857601 bytes, at most 104857600 are possible") {
			t.Errorf("it is %s: %+v", run.State, run.Errors)
		}
	})
	t.Run("the answer would be larger than one can be", func(t *testing.T) {
		run := f.ends(t, "echo", json.RawMessage("104857600"))
		if run.State != bus.StateDead || !strings.Contains(run.Errors[0].Error, "resource_exhausted: output of query:test.ping is 1048") {
			t.Errorf("it is %s: %+v", run.State, run.Errors)
		}
	})
}
