package bus_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

func newJob() *bus.Job {
	return &bus.Job{Extension: "test-extension", Name: "counter", Library: uuid.New(), Input: []byte(`{"n":1}`)}
}

func enqueue(t *testing.T, conn *bus.Conn, job *bus.Job) {
	t.Helper()
	if err := conn.Enqueue(t.Context(), job); err != nil {
		t.Fatalf("enqueue: %v", err)
	}
}

func begin(t *testing.T, queue *bus.Queue) *bus.Attempt {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		d, err := queue.Next(ctx)
		if err != nil {
			t.Fatalf("next: %v", err)
		}
		attempt, err := d.Begin(ctx)
		if errors.Is(err, bus.ErrSettled) {
			continue
		}
		if err != nil {
			t.Fatalf("begin: %v", err)
		}
		return attempt
	}
}

func openQueue(t *testing.T, conn *bus.Conn) *bus.Queue {
	t.Helper()
	return bustest.Queue(t, conn, bus.QueueConfig{Worker: "w1", Slots: 8})
}

func nothingMore(t *testing.T, queue *bus.Queue, within time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	for {
		d, err := queue.Next(ctx)
		if err != nil {
			return
		}
		if _, err := d.Begin(ctx); !errors.Is(err, bus.ErrSettled) {
			t.Fatalf("job %s was dealt again (%v)", d.Job.ID, err)
		}
	}
}

func completed() bus.Outcome {
	code := int32(0)
	return bus.Outcome{State: bus.StateCompleted, ExitCode: &code}
}

func TestAttemptEndsWithOneOutcome(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	queue := openQueue(t, conn)
	job := newJob()
	enqueue(t, conn, job)
	enqueue(t, conn, job) // again, as a caller does who is not sure

	attempt := begin(t, queue)
	if diff := cmp.Diff(job, attempt.Job); diff != "" {
		t.Errorf("job differs (-sent +dealt):\n%s", diff)
	}
	if attempt.Token != 1 || attempt.Failures != 0 || attempt.Checkpoint != nil {
		t.Errorf("first attempt: token %d, failures %d, checkpoint %v", attempt.Token, attempt.Failures, attempt.Checkpoint)
	}
	if err := attempt.End(t.Context(), completed()); err != nil {
		t.Fatalf("end: %v", err)
	}
	run, err := conn.Run(t.Context(), job.ID)
	if err != nil {
		t.Fatalf("run: %v", err)
	}
	if run.State != bus.StateCompleted || run.FinishedAt == nil || *run.ExitCode != 0 {
		t.Errorf("outcome is %+v", run)
	}
	nothingMore(t, queue, 300*time.Millisecond)
}

func TestAttemptRetriesFromCheckpoint(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	queue := openQueue(t, conn)
	job := newJob()
	enqueue(t, conn, job)

	first := begin(t, queue)
	checkpoint := &bus.Checkpoint{State: []byte(`{"at":10}`), At: time.Now().UTC(), Calls: map[string]uint32{"ab": 2}}
	if err := first.Save(t.Context(), checkpoint, bus.Report{Progress: 0.4}); err != nil {
		t.Fatalf("save: %v", err)
	}
	failure := bus.Failure{Attempt: 1, At: time.Now().UTC(), Code: bus.Internal, Error: "trap"}
	due := time.Now().Add(300 * time.Millisecond)
	if err := first.Retry(t.Context(), due, failure, bus.Report{}); err != nil {
		t.Fatalf("retry: %v", err)
	}
	if run, err := conn.Run(t.Context(), job.ID); err != nil || run.State != bus.StateScheduled {
		t.Errorf("after a failure: %+v, %v", run, err)
	}

	second := begin(t, queue)
	if time.Now().Before(due) {
		t.Error("the retry came before it was due")
	}
	if second.Token != 2 || second.Failures != 1 {
		t.Errorf("second attempt: token %d, failures %d", second.Token, second.Failures)
	}
	if diff := cmp.Diff(checkpoint, second.Checkpoint); diff != "" {
		t.Errorf("checkpoint differs (-saved +resumed):\n%s", diff)
	}
	if err := second.End(t.Context(), completed()); err != nil {
		t.Fatalf("end: %v", err)
	}
	run, err := conn.Run(t.Context(), job.ID)
	if err != nil || len(run.Errors) != 1 || run.Errors[0].Error != "trap" {
		t.Errorf("the outcome does not tell the failure: %+v, %v", run, err)
	}
}

func TestAttemptHandedBackBurnsNothing(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	queue := openQueue(t, conn)
	enqueue(t, conn, newJob())

	if err := begin(t, queue).HandBack(t.Context(), bus.Report{}); err != nil {
		t.Fatalf("hand back: %v", err)
	}
	second := begin(t, queue)
	if second.Token != 2 || second.Failures != 0 {
		t.Errorf("after a hand-back: token %d, failures %d", second.Token, second.Failures)
	}
	if err := second.End(t.Context(), completed()); err != nil {
		t.Fatalf("end: %v", err)
	}
}

// A worker that stalls loses its job to another one and, when it wakes up, changes nothing.
func TestAttemptStalledIsFenced(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	queue := openQueue(t, conn)
	job := newJob()
	enqueue(t, conn, job)

	stalled := begin(t, queue)
	stalled.Abandon() // no heartbeats any more
	second := begin(t, queue)
	if second.Token != 2 {
		t.Errorf("second attempt has token %d", second.Token)
	}
	if err := conn.CheckCaller(t.Context(), &bus.Call{Extension: job.Extension, Library: job.Library, Job: job.ID, Attempt: stalled.Token}); bus.CodeOf(err) != bus.FailedPrecondition {
		t.Errorf("an operation would serve the stalled attempt: %v", err)
	}
	if err := conn.CheckCaller(t.Context(), &bus.Call{Extension: job.Extension, Library: job.Library, Job: job.ID, Attempt: second.Token}); err != nil {
		t.Errorf("an operation would refuse the newest attempt: %v", err)
	}
	if err := stalled.Save(t.Context(), &bus.Checkpoint{State: []byte("old")}, bus.Report{}); !errors.Is(err, bus.ErrFenced) {
		t.Errorf("stalled save: %v, want ErrFenced", err)
	}
	if err := stalled.End(t.Context(), completed()); !errors.Is(err, bus.ErrFenced) {
		t.Errorf("stalled end: %v, want ErrFenced", err)
	}
	if err := second.End(t.Context(), completed()); err != nil {
		t.Fatalf("end: %v", err)
	}
	run, err := conn.Run(t.Context(), job.ID)
	if err != nil || run.Checkpoint != nil {
		t.Errorf("the stalled worker left a trace: %+v, %v", run, err)
	}
}

func TestQueueBuriesWhatIsNoJob(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	queue := openQueue(t, conn)
	id := uuid.New()
	bustest.Publish(t, server, bus.JobSubject("x", bus.Normal, uuid.New(), id), []byte("{not json"))
	nothingMore(t, queue, 500*time.Millisecond)
	run, err := conn.Run(t.Context(), id)
	if err != nil || run.State != bus.StateDead || len(run.Errors) != 1 {
		t.Fatalf("a message that is no job left %+v, %v", run, err)
	}
}

func BenchmarkEmptyAttempt(b *testing.B) {
	conn := bustest.New(b)
	queue := bustest.Queue(b, conn, bus.QueueConfig{Worker: "w1", Slots: 8})
	for b.Loop() {
		if err := conn.Enqueue(b.Context(), newJob()); err != nil {
			b.Fatal(err)
		}
		d, err := queue.Next(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		attempt, err := d.Begin(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if err := attempt.End(b.Context(), completed()); err != nil {
			b.Fatal(err)
		}
	}
}

// A write whose confirmation is lost is known again as one's own, and the next one follows it.
func TestAttemptKnowsItsOwnWrites(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	queue := openQueue(t, conn)
	job := newJob()
	enqueue(t, conn, job)
	attempt := begin(t, queue)

	for n := range 20 { // of these some are written and not confirmed, some not written
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n)*20*time.Microsecond)
		err := attempt.Save(ctx, &bus.Checkpoint{State: []byte{byte(n)}}, bus.Report{})
		cancel()
		if errors.Is(err, bus.ErrFenced) {
			t.Fatalf("save %d: the attempt fenced itself", n)
		}
	}
	if err := attempt.Save(t.Context(), &bus.Checkpoint{State: []byte("last")}, bus.Report{}); err != nil {
		t.Fatalf("save: %v", err)
	}
	if err := attempt.End(t.Context(), completed()); err != nil {
		t.Fatalf("end: %v", err)
	}
	run, err := conn.Run(t.Context(), job.ID)
	if err != nil || run.State != bus.StateCompleted || string(run.Checkpoint.State) != "last" {
		t.Fatalf("the record is %+v, %v", run, err)
	}
}

// In whatever state a job's record is, it has one attempt at a time.
func TestBeginGoesByTheRecord(t *testing.T) {
	t.Parallel()
	soon, now := time.Now().Add(400*time.Millisecond), time.Now()
	for name, c := range map[string]struct {
		record bus.Run
		runs   bool
	}{
		"scheduled":              {bus.Run{State: bus.StateScheduled, Due: &soon}, true},
		"cut off while it ran":   {bus.Run{State: bus.StateRunning}, true},
		"handed back":            {bus.Run{State: bus.StateAvailable}, true},
		"waiting for no sub-job": {bus.Run{State: bus.StateWaiting}, true},
		"paused":                 {bus.Run{State: bus.StateAvailable, Paused: true}, false},
		"asked to be cancelled":  {bus.Run{State: bus.StateRunning, CancelRequested: &now}, false},
		"completed":              {bus.Run{State: bus.StateCompleted}, false},
		"dead":                   {bus.Run{State: bus.StateDead}, false},
		"cancelled":              {bus.Run{State: bus.StateCancelled}, false},
		"expired":                {bus.Run{State: bus.StateExpired}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := bustest.Start(t)
			conn := bustest.Connect(t, server)
			queue := openQueue(t, conn)
			job := newJob()
			record := c.record
			record.Attempt, record.Job, record.Extension, record.Name = 3, uuid.New(), job.Extension, job.Name
			job.ID = record.Job
			bustest.PutRun(t, server, &record)
			enqueue(t, conn, job)
			if !c.runs {
				nothingMore(t, queue, 300*time.Millisecond)
				return
			}
			attempt := begin(t, queue)
			if c.record.Due != nil && time.Now().Before(*c.record.Due) {
				t.Error("it runs before it is due")
			}
			if attempt.Token != 4 {
				t.Errorf("its token is %d, want 4", attempt.Token)
			}
			if err := attempt.End(t.Context(), completed()); err != nil {
				t.Errorf("end: %v", err)
			}
			nothingMore(t, queue, 100*time.Millisecond)
		})
	}
}
