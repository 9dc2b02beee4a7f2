package bus_test

import (
	"testing"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

func TestSweepRemovesWhatIsDoneWith(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	queue := openQueue(t, conn)
	ended, scheduled, running, waiting := newJob(), newJob(), newJob(), newJob()
	enqueue(t, conn, ended)
	if err := begin(t, queue, "w").End(t.Context(), completed()); err != nil {
		t.Fatal(err)
	}
	enqueue(t, conn, scheduled)
	failure := bus.Failure{Attempt: 1, Error: "x"}
	due := time.Now().Add(500 * time.Millisecond)
	if err := begin(t, queue, "w").Retry(t.Context(), due, failure, bus.Report{}); err != nil {
		t.Fatal(err)
	}
	enqueue(t, conn, running)
	attempt := begin(t, queue, "w")
	enqueue(t, conn, waiting)

	var done uint64
	for range 100 { // acknowledgements are not waited for
		var err error
		if done, err = conn.SweepJobs(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		if done >= 3 {
			break
		}
		<-time.After(10 * time.Millisecond)
	}
	if _, err := conn.SweepJobs(t.Context(), done); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Job(t.Context(), ended.ID); bus.CodeOf(err) != bus.NotFound {
		t.Errorf("a job that has ended is still there: %v", err)
	}
	for name, job := range map[string]*bus.Job{"running": running, "waiting": waiting} {
		if _, err := conn.Job(t.Context(), job.ID); err != nil {
			t.Errorf("the %s job is gone: %v", name, err)
		}
	}
	if err := attempt.End(t.Context(), completed()); err != nil {
		t.Fatal(err)
	}
	left := map[string]bool{scheduled.ID.String(): true, waiting.ID.String(): true}
	for range 2 {
		a := begin(t, queue, "w")
		if !left[a.Job.ID.String()] {
			t.Errorf("job %s came unexpectedly", a.Job.ID)
		}
		delete(left, a.Job.ID.String())
		if err := a.End(t.Context(), completed()); err != nil {
			t.Fatal(err)
		}
	}
	// What has ended and was swept does not run again when its enqueuer repeats it.
	enqueue(t, conn, ended)
	nothingMore(t, queue, 300*time.Millisecond)
}
