package runner_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/runner"
)

const mayHold = `{"methods":["action:test.hold"],"max_memory_mb":`

// holders counts how many guests are in test.hold at once, each with all its memory touched.
type holders struct {
	mu         sync.Mutex
	now, most  int
	came, free chan struct{}
}

// hold serves test.hold: a guest that calls it is kept until free lets it go.
func hold(c *cluster) *holders {
	h := &holders{came: make(chan struct{}, 100), free: make(chan struct{})}
	c.serve(bus.Action, "test.hold", func(ctx context.Context, _ *bus.Call) (json.RawMessage, error) {
		h.change(1)
		defer h.change(-1)
		h.came <- struct{}{}
		select {
		case <-h.free:
			return json.RawMessage("null"), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
	return h
}

func (h *holders) change(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now += n
	h.most = max(h.most, h.now)
}

// Ten guests of 512 MB each, which touch all of it, run on a budget of 1 GB: all complete, and never more at once than fit.
func TestMemoryOfGuestsIsBounded(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.installModule(older, mayHold+`512}`, "")
	h := hold(c)
	close(h.free)
	c.work(runner.Config{Slots: 10, GuestMemory: 1024})
	jobs := make([]*bus.Job, 10)
	for i := range jobs {
		jobs[i] = c.submit("fill", "")
	}
	for _, job := range jobs {
		run := c.outcome(job)
		if run.State != bus.StateCompleted || run.Failures != 0 || run.Attempt != 1 || run.Report.MemoryBytes != 512<<20 {
			t.Errorf("job %s is %s in attempt %d, with %d bytes: %+v", job.ID, run.State, run.Attempt, run.Report.MemoryBytes, run.Errors)
		}
	}
	if h.most < 1 || h.most > 2 {
		t.Errorf("%d guests of 512 MB were there at once on a budget of 1024 MB", h.most)
	}
}

// As many guests as fit run at once, and no more.
func TestMemoryOfGuestsIsUsed(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.installModule(older, mayHold+`8}`, "")
	h := hold(c)
	c.work(runner.Config{Slots: 10, GuestMemory: 2 * (8 + 8)})
	jobs := make([]*bus.Job, 5)
	for i := range jobs {
		jobs[i] = c.submit("fill", "")
	}
	<-h.came
	<-h.came
	close(h.free)
	for _, job := range jobs {
		if run := c.outcome(job); run.State != bus.StateCompleted {
			t.Errorf("job %s is %s: %+v", job.ID, run.State, run.Errors)
		}
	}
	if h.most != 2 {
		t.Errorf("%d guests were there at once, want 2", h.most)
	}
}

// A job that may have more than there is gets what there is, and the worker says so once.
func TestJobAboveTheBudget(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.installModule(older, mayHold+`512}`, "")
	h := hold(c)
	close(h.free)
	var log lockedBuffer
	c.work(runner.Config{GuestMemory: 40, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for range 3 {
		if run := c.outcome(c.submit("fill", "")); run.State != bus.StateCompleted || run.Report.MemoryBytes != 32<<20 {
			t.Errorf("the job is %s with %d bytes: %+v", run.State, run.Report.MemoryBytes, run.Errors)
		}
	}
	if n := strings.Count(log.String(), "asked_mb=512 memory_mb=32"); n != 1 {
		t.Errorf("it was said %d times:\n%s", n, log.String())
	}
}

// A job that waits for memory is kept alive while it does, longer than a job without a heartbeat would be. It is handed
// back when its worker shuts down, at once and without a failure, though the job before it goes on.
func TestWaitingForMemory(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.installModule(older, mayHold+`8}`, "")
	h := hold(c)
	stop := c.work(runner.Config{Name: "first", GuestMemory: 16, Grace: 30 * time.Second})
	inside := c.submit("fill", "")
	<-h.came
	waiting := c.submit("fill", "")
	c.until(waiting.ID, func(r *bus.Run) bool { return r.State == bus.StateRunning && r.Worker == "first" })
	select {
	case <-h.came:
		t.Fatal("it came in without room, or was dealt again")
	case <-time.After(7 * time.Second):
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		stop()
	}()
	run := c.until(waiting.ID, func(r *bus.Run) bool { return r.State == bus.StateAvailable })
	if run.Failures != 0 || run.Attempt != 1 {
		t.Errorf("handed back with %d failures after attempt %d: %+v", run.Failures, run.Attempt, run.Errors)
	}
	close(h.free)
	<-stopped
	if run := c.outcome(inside); run.State != bus.StateCompleted || run.Attempt != 1 {
		t.Errorf("the job inside is %s in attempt %d: %+v", run.State, run.Attempt, run.Errors)
	}
	c.work(runner.Config{Name: "second"})
	if run := c.outcome(waiting); run.State != bus.StateCompleted || run.Worker != "second" || run.Failures != 0 {
		t.Errorf("the job that waited is %s by %s: %+v", run.State, run.Worker, run.Errors)
	}
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
