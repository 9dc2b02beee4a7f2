package bus_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

func inTime(d time.Duration) *time.Time {
	at := time.Now().Add(d)
	return &at
}

// openable is a bus with a dealer, and an extension "gate" that is shut until open is called.
func openable(t *testing.T) (conn *bus.Conn, attempts <-chan *bus.Attempt, open func()) {
	t.Helper()
	conn = bustest.New(t)
	if err := conn.PauseExtension(t.Context(), "gate"); err != nil {
		t.Fatal(err)
	}
	bustest.Deal(t, conn, bus.DealerConfig{})
	return conn, dealt(t, conn, "w1", 4), func() {
		if err := conn.ResumeExtension(t.Context(), "gate"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDelayedJobStartsWhenDue(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	bustest.Deal(t, conn, bus.DealerConfig{})
	attempts := dealt(t, conn, "w1", 4)
	for _, delay := range []time.Duration{3 * time.Second, 500 * time.Millisecond, -time.Hour} {
		job := jobs(1, "x", uuid.New())[0]
		job.Due = inTime(delay)
		enqueue(t, conn, job)
		enqueue(t, conn, job)
		due := *job.Due
		if delay < 0 {
			due = time.Now()
		}
		a := next(t, attempts, again)
		if late := time.Since(due); late < 0 || late > time.Second {
			t.Errorf("due in %s, it starts %s after that", delay, late)
		}
		end(t, a)
		none(t, attempts, 400*time.Millisecond)
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	t.Run("of a job that waits", func(t *testing.T) {
		t.Parallel()
		conn, attempts, open := openable(t)
		job := jobs(1, "gate", uuid.New())[0]
		job.ExpiresAt = inTime(500 * time.Millisecond)
		enqueue(t, conn, job)
		run := ends(t, conn, job.ID, bus.StateExpired)
		if late := run.FinishedAt.Sub(*job.ExpiresAt); late < 0 || late > time.Second {
			t.Errorf("it expires %s after its time", late)
		}
		open()
		none(t, attempts, 300*time.Millisecond)
		if err := conn.RetryJob(t.Context(), job.ID, nil); err != nil {
			t.Fatalf("retry: %v", err)
		}
		end(t, next(t, attempts, again))
	})
	t.Run("of a delayed job that waits", func(t *testing.T) {
		t.Parallel()
		conn, _, _ := openable(t)
		job := jobs(1, "gate", uuid.New())[0]
		job.Due, job.ExpiresAt = inTime(300*time.Millisecond), inTime(700*time.Millisecond)
		enqueue(t, conn, job)
		ends(t, conn, job.ID, bus.StateExpired)
	})
	t.Run("before anyone deals", func(t *testing.T) {
		t.Parallel()
		conn := bustest.New(t)
		job := jobs(1, "x", uuid.New())[0]
		job.ExpiresAt = inTime(200 * time.Millisecond)
		enqueue(t, conn, job)
		<-time.After(300 * time.Millisecond)
		attempts := dealt(t, conn, "w1", 4)
		bustest.Deal(t, conn, bus.DealerConfig{})
		ends(t, conn, job.ID, bus.StateExpired)
		none(t, attempts, 300*time.Millisecond)
	})
	t.Run("not of one that has begun", func(t *testing.T) {
		t.Parallel()
		conn, attempts, open := openable(t)
		open()
		job := jobs(1, "gate", uuid.New())[0]
		job.ExpiresAt = inTime(time.Second)
		enqueue(t, conn, job)
		a := next(t, attempts, again)
		if err := conn.PauseExtension(t.Context(), "gate"); err != nil {
			t.Fatal(err)
		}
		queueIs(t, conn, "shut", func(s bus.QueueStatus) bool { return len(s.Extensions) == 1 && s.Extensions[0].Paused })
		if err := a.HandBack(t.Context(), bus.Report{}); err != nil {
			t.Fatal(err)
		}
		none(t, attempts, 1500*time.Millisecond)
		open()
		end(t, next(t, attempts, again))
		ends(t, conn, job.ID, bus.StateCompleted)
	})
	t.Run("of one that was paused before it began", func(t *testing.T) {
		t.Parallel()
		conn, attempts, open := openable(t)
		job := jobs(1, "gate", uuid.New())[0]
		job.ExpiresAt = inTime(500 * time.Millisecond)
		enqueue(t, conn, job)
		if err := conn.Pause(t.Context(), job.ID); err != nil {
			t.Fatal(err)
		}
		<-time.After(600 * time.Millisecond)
		open()
		if err := conn.Resume(t.Context(), job.ID); err != nil && bus.CodeOf(err) != bus.FailedPrecondition {
			t.Fatal(err)
		}
		ends(t, conn, job.ID, bus.StateExpired)
		none(t, attempts, 300*time.Millisecond)
	})
}

// A recurring schedule starts one job for each time it is due, although the dealer changes all the while.
func TestRecurringWhileDealersChange(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	stop := bustest.Deal(t, conn, bus.DealerConfig{})
	attempts := dealt(t, conn, "w1", 4)
	r := &bus.Recurring{Name: "each.two", Spec: "@every 2s", Extension: "x", Job: "job", Library: uuid.New()}
	if err := conn.AddRecurring(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	var at []time.Time
	seen := map[uuid.UUID]bool{}
	want := scale(4, 10)
	for len(at) < want {
		if err := conn.AddRecurring(t.Context(), r); err != nil { // as each start of a process may do
			t.Fatal(err)
		}
		a := next(t, attempts, again)
		if seen[a.Job.ID] || a.Job.Schedule != "each.two" {
			t.Errorf("job %s of schedule %q", a.Job.ID, a.Job.Schedule)
		}
		seen[a.Job.ID] = true
		at = append(at, a.Job.CreatedAt)
		end(t, a)
		stop()
		<-time.After(time.Until(a.Job.CreatedAt.Add(1900 * time.Millisecond))) // so that it is due while nobody deals
		stop = bustest.Deal(t, bustest.Connect(t, server), bus.DealerConfig{})
	}
	if !slices.IsSortedFunc(at, time.Time.Compare) {
		t.Errorf("times: %v", at)
	}
	for i := range at[1:] {
		if gap := at[i+1].Sub(at[i]); gap < 1500*time.Millisecond || gap > 2500*time.Millisecond {
			t.Errorf("%s between one and the next: %v", gap, at)
		}
	}
	if err := conn.PauseRecurring(t.Context(), r.Name, true); err != nil {
		t.Fatal(err)
	}
	select { // the one that was due just before
	case a := <-attempts:
		end(t, a)
	case <-time.After(time.Second):
	}
	none(t, attempts, 2500*time.Millisecond)
}

// A delayed job that a person has run at once comes no second time, however often it is enqueued again.
func TestDelayedJobEnqueuedAgainAfterItsTime(t *testing.T) {
	t.Parallel()
	for name, enqueue := range map[string]func(*bus.Conn, *bus.Job) error{
		"alone": func(conn *bus.Conn, job *bus.Job) error { return conn.Enqueue(t.Context(), job) },
		"among others": func(conn *bus.Conn, job *bus.Job) error {
			other := jobs(1, "x", uuid.New())[0]
			other.Due = job.Due
			kept, err := conn.EnqueueMany(t.Context(), []*bus.Job{other, job})
			if err == nil && kept != 2 {
				t.Errorf("%d are kept", kept)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := bustest.New(t)
			due := time.Now().Add(time.Hour)
			job := jobs(1, "x", uuid.New())[0]
			job.Due = &due
			if err := conn.Enqueue(t.Context(), job); err != nil {
				t.Fatal(err)
			}
			if err := conn.RetryJob(t.Context(), job.ID, nil); err != nil {
				t.Fatal(err)
			}
			if err := enqueue(conn, job); err != nil {
				t.Fatal(err)
			}
			if got, err := conn.Job(t.Context(), job.ID); err != nil || got.Due != nil {
				t.Errorf("it is due %v, %v", got.Due, err)
			}
			if err := conn.RetryJob(t.Context(), job.ID, nil); bus.CodeOf(err) != bus.FailedPrecondition {
				t.Errorf("it is scheduled once more: %v", err)
			}
		})
	}
}
