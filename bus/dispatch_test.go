package bus_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

func subJobs(parent *bus.Job, n int) []*bus.Job {
	jobs := make([]*bus.Job, n)
	for i := range jobs {
		jobs[i] = &bus.Job{Extension: parent.Extension, Name: "leaf", Library: parent.Library}
	}
	return jobs
}

func TestParentWaitsForItsSubJobs(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	queue := openQueue(t, conn)
	job := newJob()
	enqueue(t, conn, job)
	parent := begin(t, queue)
	children := subJobs(job, 5)
	for range 2 { // again, as an attempt does that goes on from a checkpoint
		if err := conn.Dispatch(t.Context(), parent.Job, children); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Dispatch(t.Context(), parent.Job, children[:1]); err != nil {
		t.Fatal(err)
	}
	if !parent.HasChildren(t.Context()) {
		t.Fatal("the parent has no sub-jobs")
	}
	if sub, run, err := conn.SubJob(t.Context(), job.ID, children[0].ID); err != nil || run != nil || sub.Depth != 1 || *sub.Parent != job.ID {
		t.Errorf("sub-job that waits: %+v, %+v, %v", sub, run, err)
	}
	if err := parent.Wait(t.Context(), bus.Report{}); err != nil {
		t.Fatal(err)
	}
	for range children {
		attempt := begin(t, queue)
		if attempt.Job.Parent == nil || attempt.Job.Depth != 1 {
			t.Fatalf("the parent runs before its sub-jobs have ended: %+v", attempt.Job)
		}
		if err := attempt.End(t.Context(), completed()); err != nil {
			t.Fatal(err)
		}
	}
	again := begin(t, queue)
	if again.Job.ID != job.ID || again.Token != 2 {
		t.Errorf("job %s runs in attempt %d", again.Job.ID, again.Token)
	}
	if _, run, err := conn.SubJob(t.Context(), job.ID, children[0].ID); err != nil || run.State != bus.StateCompleted {
		t.Errorf("sub-job that has ended: %+v, %v", run, err)
	}
	if _, _, err := conn.SubJob(t.Context(), uuid.New(), children[0].ID); bus.CodeOf(err) != bus.NotFound {
		t.Errorf("sub-job of another: error is %v", err)
	}
	if err := again.End(t.Context(), completed()); err != nil {
		t.Fatal(err)
	}
	nothingMore(t, queue, 300*time.Millisecond)
}

func TestDispatchRefuses(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	parent := newJob()
	enqueue(t, conn, parent)
	deep := *parent
	deep.Depth = bus.MaxDepth
	for name, c := range map[string]struct {
		parent *bus.Job
		jobs   []*bus.Job
		want   string
	}{
		"too many": {parent, subJobs(parent, bus.MaxBatch+1), "1001 sub-jobs at once, at most 1000 are possible"},
		"too deep": {&deep, subJobs(parent, 1), "it is 17 jobs deep, and at most 16 are possible"},
	} {
		if err := conn.Dispatch(t.Context(), c.parent, c.jobs); bus.CodeOf(err) != bus.InvalidArgument || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

// Between one dealer and the next nobody cancels sub-jobs, and who asks for it waits.
func TestCancelSubJobWaitsForADealer(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	parent := newJob()
	enqueue(t, conn, parent)
	child := subJobs(parent, 1)[0]
	if err := conn.Dispatch(t.Context(), parent, []*bus.Job{child}); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.CancelSubJob(t.Context(), child.Extension, parent.ID, child.ID); bus.CodeOf(err) != bus.Unavailable {
		t.Errorf("with no dealer the error is %v", err)
	}
	cancelled := make(chan error, 1)
	go func() {
		state, err := conn.CancelSubJob(t.Context(), child.Extension, parent.ID, child.ID)
		if err == nil && state != bus.StateCancelled {
			err = fmt.Errorf("state is %s", state)
		}
		cancelled <- err
	}()
	bustest.Deal(t, conn, bus.DealerConfig{})
	if err := <-cancelled; err != nil {
		t.Error(err)
	}
}

func TestDispatchTogether(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	parent := newJob()
	enqueue(t, conn, parent)
	start := time.Now()
	jobs := subJobs(parent, bus.MaxBatch)
	if err := conn.Dispatch(t.Context(), parent, jobs); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d sub-jobs in %s", len(jobs), time.Since(start).Round(time.Millisecond))
	for _, job := range []*bus.Job{jobs[0], jobs[999]} {
		if _, _, err := conn.SubJob(t.Context(), parent.ID, job.ID); err != nil {
			t.Error(err)
		}
	}
}

func TestCaller(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	for _, priority := range []bus.Priority{bus.High, bus.Normal, bus.Low} {
		job := newJob()
		job.Priority = priority
		enqueue(t, conn, job)
		for _, library := range []uuid.UUID{job.Library, uuid.New()} {
			got, err := conn.Caller(t.Context(), &bus.Call{Extension: job.Extension, Library: library, Job: job.ID})
			if err != nil || got.ID != job.ID {
				t.Errorf("%s: %+v, %v", priority, got, err)
			}
		}
	}
	if _, err := conn.Caller(t.Context(), &bus.Call{Extension: "a", Job: uuid.New()}); bus.CodeOf(err) != bus.NotFound {
		t.Errorf("error is %v", err)
	}
}
