package runner_test

import (
	"strings"
	"testing"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/runner"
)

// The manifest says how often and after which pauses a job is tried again.
func TestRetryPolicyOfTheManifest(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.install(`{}`, `,"jobs":{"trap":{"retry":{"max_attempts":3,"initial_ms":300,"max_ms":5000,"multiplier":3,"jitter":0}}}`)
	c.work(runner.Config{})
	job := c.submit("trap", "")
	for i, want := range []time.Duration{300 * time.Millisecond, 900 * time.Millisecond} {
		failures := i + 1
		run := c.until(job.ID, func(r *bus.Run) bool { return r.Failures == failures && r.Due != nil })
		if pause := run.Due.Sub(run.Errors[failures-1].At); pause < want || pause > want+100*time.Millisecond {
			t.Errorf("after failure %d it pauses for %s, want %s", failures, pause, want)
		}
	}
	if run := c.outcome(job); run.State != bus.StateDead || run.Failures != 3 {
		t.Errorf("outcome %s after %d failures", run.State, run.Failures)
	}
}

func TestLargeInput(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.install(`{"max_memory_mb":16}`, `,"jobs":{"empty":{"max_attempts":3}}`)
	c.work(runner.Config{GuestMemory: 26}) // with its input beside its memory the job wants more than there is, and gets that
	t.Run("not kept any more", func(t *testing.T) {
		job := c.submitRef("empty", bus.Digest([]byte("x")), 1<<20)
		run := c.outcome(job)
		if run.State != bus.StateDead || run.Failures != 1 || run.Errors[0].Code != bus.NotFound || !strings.Contains(run.Errors[0].Error, "is not kept any more") {
			t.Errorf("outcome %s: %+v", run.State, run.Errors)
		}
	})
	t.Run("ok", func(t *testing.T) {
		job := c.submit("empty", `"`+strings.Repeat("x", 4<<20)+`"`)
		if run := c.outcome(job); run.State != bus.StateCompleted {
			t.Errorf("outcome %s: %+v", run.State, run.Errors)
		}
	})
}

// submitRef submits a job whose input is said to be kept aside.
func (c *cluster) submitRef(name, digest string, size int64) *bus.Job {
	c.tb.Helper()
	job := &bus.Job{Extension: "test-extension", Name: name, Library: c.library, InputRef: &bus.InputRef{Digest: digest, Size: size}}
	if err := c.conn.Enqueue(c.tb.Context(), job); err != nil {
		c.tb.Fatal(err)
	}
	return job
}
