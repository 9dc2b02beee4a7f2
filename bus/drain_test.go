package bus_test

import (
	"testing"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

func TestDrainWorker(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	drained := bustest.Queue(t, conn, bus.QueueConfig{Worker: "a.1", Slots: 2})
	enqueue(t, conn, newJob())
	runs := begin(t, drained)

	if err := conn.DrainWorker(t.Context(), "nobody"); bus.CodeOf(err) != bus.NotFound {
		t.Errorf("draining nobody: %v, want not_found", err)
	}
	for range 2 {
		if err := conn.DrainWorker(t.Context(), "a.1"); err != nil {
			t.Fatalf("drain: %v", err)
		}
	}
	status, err := conn.QueueStatus(t.Context())
	if err != nil || len(status.Workers) != 1 || !status.Workers[0].Draining || status.Workers[0].Running != 1 {
		t.Fatalf("status after draining: %+v, %v", status, err)
	}

	// What it runs goes on, and what is new goes to another.
	const jobs = 20
	for range jobs {
		enqueue(t, conn, newJob())
	}
	other, err := conn.Queue(t.Context(), bus.QueueConfig{Worker: "b", Slots: jobs})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(other.Leave)
	for range jobs {
		if err := begin(t, other).End(t.Context(), bus.Outcome{State: bus.StateCompleted}); err != nil {
			t.Errorf("end: %v", err)
		}
	}
	if err := runs.End(t.Context(), bus.Outcome{State: bus.StateCompleted}); err != nil {
		t.Errorf("end of the job that ran on: %v", err)
	}
}

// A worker that is drained while it is dealt jobs gives back what it has not begun.
func TestDrainWorkerGivesBack(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	bustest.Queue(t, conn, bus.QueueConfig{Worker: "a", Slots: 8})
	for range 8 {
		enqueue(t, conn, newJob())
	}
	running := func() int {
		status, err := conn.QueueStatus(t.Context())
		if err != nil && bus.CodeOf(err) != bus.Unavailable { // the dealer has just been started
			t.Fatal(err)
		}
		return status.Running
	}
	for deadline := time.Now().Add(10 * time.Second); running() != 8; <-time.After(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the jobs are not dealt")
		}
	}
	if err := conn.DrainWorker(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	other, err := conn.Queue(t.Context(), bus.QueueConfig{Worker: "b", Slots: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(other.Leave)
	for range 8 {
		if attempt := begin(t, other); attempt.Lost != 0 {
			t.Errorf("a job that was given back counts as lost")
		}
	}
}

// A job that was deleted is gone: its message does not make a new one of it.
func TestDeletedJobStaysDeleted(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	job := newJob()
	enqueue(t, conn, job)
	if err := conn.Cancel(t.Context(), job.ID); err != nil {
		t.Fatal(err)
	}
	if err := conn.DeleteJob(t.Context(), job.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Job(t.Context(), job.ID); bus.CodeOf(err) != bus.NotFound {
		t.Errorf("its message: %v, want not_found", err)
	}
	if err := conn.Cancel(t.Context(), job.ID); bus.CodeOf(err) != bus.NotFound {
		t.Errorf("cancel: %v, want not_found", err)
	}
	queue := bustest.Queue(t, conn, bus.QueueConfig{Worker: "a", Slots: 1})
	next := newJob()
	enqueue(t, conn, next)
	if attempt := begin(t, queue); attempt.Job.ID != next.ID {
		t.Errorf("job %s runs, want %s: the other was deleted", attempt.Job.ID, next.ID)
	}
}

// A unique job that is refused names the one that is there.
func TestDuplicateNamesHolder(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	first := newJob()
	first.Unique = &bus.Unique{Key: "k"}
	enqueue(t, conn, first)
	enqueue(t, conn, first) // the same once more is no duplicate

	second := newJob()
	second.Library, second.Unique = first.Library, first.Unique
	err := conn.Enqueue(t.Context(), second)
	want := bus.DuplicateError{Job: first.ID, Key: "k"}
	if got, ok := err.(*bus.DuplicateError); !ok || *got != want { //nolint:errorlint // it is returned as it is
		t.Errorf("enqueue says %v, want %v", err, &want)
	}
}
