package runner_test

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/runner"
)

// older calls query:test.old, newer query:test.new; the rest is the same.
//
//go:embed testdata/guest.wasm
var older []byte

var newer = bytes.ReplaceAll(older, []byte("query:test.old"), []byte("query:test.new"))

const (
	mayOld = `{"methods":["query:test.old"]}`
	mayNew = `{"methods":["query:test.new"]}`
	twice  = `,"jobs":{"again":{"max_attempts":2,"backoff":{"initial":"50ms"}}}`
)

// whatTheGuestGot is the last line of its log.
func whatTheGuestGot(t *testing.T, run *bus.Run) string {
	t.Helper()
	if len(run.Report.Logs) == 0 {
		t.Fatalf("the guest got nothing: %s %+v", run.State, run.Errors)
	}
	return run.Report.Logs[len(run.Report.Logs)-1].Text
}

// hasOnly waits until a worker has prepared the module of one digest and no other.
func hasOnly(t *testing.T, worker *runner.Worker, digest string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; <-time.After(5 * time.Millisecond) {
		prepared := worker.Prepared()
		if slices.Equal(prepared, []string{digest}) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the worker has the modules %q, want %q alone", prepared, digest)
		}
	}
}

// A job in the middle of its attempts stays with the version it began with, module and permissions, while another version
// is installed over it; a new job runs the new one. The old module is freed when its last job has ended.
func TestSwapUnderARunningJob(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	worker, _ := c.start(runner.Config{})
	old := c.installModule(older, mayOld, twice)
	var after extensions.Installed
	var attempts atomic.Int64
	c.serve(bus.Query, "test.old", func(context.Context, *bus.Call) (json.RawMessage, error) {
		if attempts.Add(1) == 1 { // the first attempt is inside
			after = c.installModule(newer, mayNew, "")
			for !slices.Contains(worker.Prepared(), after.Digest) {
				<-time.After(5 * time.Millisecond)
			}
			if !slices.Contains(worker.Prepared(), old.Digest) {
				t.Error("the old module was freed while a job ran it")
			}
		}
		return json.RawMessage(`"old"`), nil
	})
	c.serve(bus.Query, "test.new", func(context.Context, *bus.Call) (json.RawMessage, error) { return json.RawMessage(`"new"`), nil })

	began := c.outcome(c.submit("again", "1"))
	if began.State != bus.StateCompleted || began.Attempt != 2 || began.Failures != 1 {
		t.Errorf("the job that began before is %s in attempt %d: %+v", began.State, began.Attempt, began.Errors)
	}
	if began.Version != string(old.Version) || began.Digest != old.Digest || whatTheGuestGot(t, began) != `"old"` {
		t.Errorf("it went on with version %s, module %s, and got %s", began.Version, began.Digest, whatTheGuestGot(t, began))
	}
	fresh := c.outcome(c.submit("again", "1"))
	if fresh.Version != string(after.Version) || fresh.Digest != after.Digest || whatTheGuestGot(t, fresh) != `"new"` {
		t.Errorf("a new job ran version %s, module %s, and got %s", fresh.Version, fresh.Digest, whatTheGuestGot(t, fresh))
	}
	hasOnly(t, worker, after.Digest)
}

// The same module with another manifest is another version, too.
func TestSwapOfTheManifestAlone(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.installModule(older, mayOld, twice)
	c.work(runner.Config{})
	var attempts atomic.Int64
	c.serve(bus.Query, "test.old", func(context.Context, *bus.Call) (json.RawMessage, error) {
		if attempts.Add(1) == 1 {
			c.installModule(older, noCalls, twice)
		}
		return json.RawMessage(`"old"`), nil
	})
	if run := c.outcome(c.submit("again", "1")); run.Attempt != 2 || whatTheGuestGot(t, run) != `"old"` {
		t.Errorf("in attempt %d the job that began before got %s", run.Attempt, whatTheGuestGot(t, run))
	}
	if run := c.outcome(c.submit("again", "1")); !strings.Contains(whatTheGuestGot(t, run), "permission_denied") {
		t.Errorf("a new job got %s", whatTheGuestGot(t, run))
	}
}

// A job of an extension that was removed goes on if it had begun, and does not begin if it had not.
func TestRemovedUnderARunningJob(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.installModule(older, mayOld, twice)
	worker, _ := c.start(runner.Config{})
	var attempts atomic.Int64
	c.serve(bus.Query, "test.old", func(ctx context.Context, _ *bus.Call) (json.RawMessage, error) {
		if attempts.Add(1) == 1 {
			if err := c.catalogue.Remove(ctx, "test-extension"); err != nil {
				t.Error(err)
			}
		}
		return json.RawMessage(`"old"`), nil
	})
	if run := c.outcome(c.submit("again", "1")); run.State != bus.StateCompleted || run.Attempt != 2 {
		t.Errorf("the job that had begun is %s in attempt %d: %+v", run.State, run.Attempt, run.Errors)
	}
	if run := c.outcome(c.submit("again", "1")); run.State != bus.StateDead || run.Errors[0].Code != bus.NotFound {
		t.Errorf("a new job is %s: %+v", run.State, run.Errors)
	}
	for deadline := time.Now().Add(20 * time.Second); len(worker.Prepared()) > 0; <-time.After(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the worker still has %q", worker.Prepared())
		}
	}
}

// Jobs that are dealt before their version is prepared wait for it: none fails, none is lost.
func TestSwapUnderLoad(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.installModule(older, mayOld, "")
	c.work(runner.Config{Name: "one"})
	c.work(runner.Config{Name: "two"})
	const rounds, each = 4, 25
	var submitted []*bus.Job
	versions := map[string]bool{}
	for round := range rounds {
		wasm, may := older, mayOld
		if round%2 == 0 {
			wasm, may = newer, mayNew
		}
		for range each {
			submitted = append(submitted, c.submit("chat", `"ab"`))
		}
		versions[string(c.installModule(wasm, may, "").Version)] = true
		for range each {
			submitted = append(submitted, c.submit("chat", `"ab"`))
		}
	}
	for _, job := range submitted {
		run := c.outcome(job)
		if run.State != bus.StateCompleted || run.Failures != 0 || !versions[run.Version] || len(run.Report.Logs) != 4 {
			t.Errorf("job %s is %s with %d failures and %d lines, by version %q", job.ID, run.State, run.Failures, len(run.Report.Logs), run.Version)
		}
	}
}

func TestRunRecords(t *testing.T) {
	t.Parallel()
	put := func(c *cluster, version, digest string) *bus.Job {
		job := &bus.Job{ID: uuid.New(), Extension: "test-extension", Name: "again", Library: c.library}
		bustest.PutRun(c.tb, c.server, &bus.Run{
			Job: job.ID, Extension: job.Extension, Name: job.Name, Library: job.Library, State: bus.StateAvailable,
			Attempt: 1, Version: version, Digest: digest, Checkpoint: &bus.Checkpoint{State: []byte("saved")},
		})
		if err := c.conn.Enqueue(c.tb.Context(), job); err != nil {
			c.tb.Fatal(err)
		}
		return job
	}
	t.Run("without a version: the module it names, by the current manifest", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		old := c.installModule(older, mayOld, "")
		c.installModule(newer, mayNew, "")
		c.work(runner.Config{})
		run := c.outcome(put(c, "", old.Digest))
		if run.Digest != old.Digest || run.Version != "" || !strings.Contains(whatTheGuestGot(t, run), `"code":"permission_denied"`) {
			t.Errorf("version %q, module %s got %s", run.Version, run.Digest, whatTheGuestGot(t, run))
		}
	})
	t.Run("without a version, of the current module: the current version", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		current := c.installModule(older, mayOld, "")
		c.work(runner.Config{})
		if run := c.outcome(put(c, "", current.Digest)); run.Version != string(current.Version) {
			t.Errorf("version %q, want %q", run.Version, current.Version)
		}
	})
	t.Run("of a version that is not kept: dead", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.installModule(older, mayOld, "")
		c.work(runner.Config{})
		run := c.outcome(put(c, extensions.Digest(nil), ""))
		if run.State != bus.StateDead || run.Errors[0].Code != bus.FailedPrecondition || !strings.Contains(run.Errors[0].Error, "version e3b0c44298fc of extension test-extension") {
			t.Errorf("it is %s: %+v", run.State, run.Errors)
		}
	})
	t.Run("of a version of another extension: dead", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.installModule(older, mayOld, "")
		other := `{"id":"other","name":"Other","version":"1","wasm_file":"guest.wasm","permissions":` + mayOld + `}`
		p, err := extensions.NewPackage([]byte(other), older)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.catalogue.Install(t.Context(), p, jobsOf(t, older)); err != nil {
			t.Fatal(err)
		}
		c.work(runner.Config{})
		if run := c.outcome(put(c, string(p.Version()), "")); run.State != bus.StateDead || run.Errors[0].Code != bus.FailedPrecondition {
			t.Errorf("it is %s: %+v", run.State, run.Errors)
		}
	})
}
