package bus_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

func unique(library uuid.UUID, forTime time.Duration) *bus.Job {
	job := jobs(1, "x", library)[0]
	job.Unique = &bus.Unique{Key: "the one", ForMS: forTime.Milliseconds()}
	return job
}

// refused checks that a job is not enqueued, because of another.
func refused(t *testing.T, conn *bus.Conn, job, holder *bus.Job) {
	t.Helper()
	var duplicate *bus.DuplicateError
	if err := conn.Enqueue(t.Context(), job); !errors.As(err, &duplicate) || duplicate.Job != holder.ID || bus.CodeOf(err) != bus.AlreadyExists {
		t.Fatalf("enqueue: %v, want that %s holds the key", err, holder.ID)
	}
}

// A unique key is its job's until that has an outcome, whichever it is.
func TestUniqueUntilTheOutcome(t *testing.T) {
	t.Parallel()
	for name, finish := range map[string]func(t *testing.T, conn *bus.Conn, a *bus.Attempt){
		"completed": func(t *testing.T, _ *bus.Conn, a *bus.Attempt) { t.Helper(); end(t, a) },
		"dead": func(t *testing.T, _ *bus.Conn, a *bus.Attempt) {
			t.Helper()
			fail := failure("for good")
			if err := a.End(t.Context(), bus.Outcome{State: bus.StateDead, Failure: &fail}); err != nil {
				t.Fatal(err)
			}
		},
		"cancelled": func(t *testing.T, conn *bus.Conn, a *bus.Attempt) {
			t.Helper()
			if err := conn.Cancel(t.Context(), a.Job.ID); err != nil {
				t.Fatal(err)
			}
			a.Abandon()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := bustest.New(t)
			library := uuid.New()
			first, second := unique(library, 0), unique(library, 0)
			enqueue(t, conn, first)
			enqueue(t, conn, first) // once more, as who is not sure
			refused(t, conn, second, first)
			enqueue(t, conn, unique(uuid.New(), 0)) // of another library
			other := unique(library, 0)
			other.Unique.Key = "another"
			enqueue(t, conn, other)
			third := unique(library, 0)
			third.Name = "other"
			enqueue(t, conn, third)

			bustest.Deal(t, conn, bus.DealerConfig{})
			attempts := dealt(t, conn, "w1", 8)
			for range 4 {
				a := next(t, attempts, again)
				if a.Job.ID != first.ID {
					end(t, a)
					continue
				}
				refused(t, conn, second, first)
				finish(t, conn, a)
			}
			becomes(t, conn, first.ID, "ended", func(r *bus.Run) bool { return r.State.Ended() })
			enqueue(t, conn, second)
			refused(t, conn, unique(library, 0), second)
			if name != "completed" {
				var duplicate *bus.DuplicateError
				if err := conn.RetryJob(t.Context(), first.ID, nil); !errors.As(err, &duplicate) || duplicate.Job != second.ID {
					t.Errorf("a job whose key another has is run again: %v", err)
				}
			}
			end(t, next(t, attempts, again))
			if name == "completed" {
				return
			}
			ends(t, conn, second.ID, bus.StateCompleted)
			if err := conn.PauseExtension(t.Context(), "x"); err != nil {
				t.Fatal(err)
			}
			if err := conn.RetryJob(t.Context(), first.ID, nil); err != nil {
				t.Fatalf("retry: %v", err)
			}
			refused(t, conn, unique(library, 0), first) // it is about to run once more
		})
	}
}

// A job that has expired, or was cancelled before it began, has no claim.
func TestUniqueOfWhatNeverBegan(t *testing.T) {
	t.Parallel()
	conn, _, _ := openable(t)
	library := uuid.New()
	make := func() *bus.Job {
		job := unique(library, 0)
		job.Extension = "gate"
		return job
	}
	expires := make()
	expires.ExpiresAt = inTime(300 * time.Millisecond)
	enqueue(t, conn, expires)
	refused(t, conn, make(), expires)
	ends(t, conn, expires.ID, bus.StateExpired)
	cancelled := make()
	cancelled.Due = inTime(time.Hour)
	enqueue(t, conn, cancelled)
	refused(t, conn, make(), cancelled)
	if err := conn.Cancel(t.Context(), cancelled.ID); err != nil {
		t.Fatal(err)
	}
	enqueue(t, conn, make())
}

// A key that is taken for a time is taken that long, whatever becomes of the job, and whatever the next one asks for.
func TestUniqueForATime(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	bustest.Deal(t, conn, bus.DealerConfig{})
	attempts := dealt(t, conn, "w1", 8)
	library := uuid.New()
	first := unique(library, 1600*time.Millisecond)
	start := time.Now()
	enqueue(t, conn, first)
	end(t, next(t, attempts, again))
	ends(t, conn, first.ID, bus.StateCompleted)
	for _, next := range []*bus.Job{unique(library, 0), unique(library, time.Second)} {
		refused(t, conn, next, first)
	}
	last := unique(library, 0)
	for conn.Enqueue(t.Context(), last) != nil {
		if time.Since(start) > again {
			t.Fatal("it is taken for ever")
		}
		<-time.After(50 * time.Millisecond)
	}
	if took := time.Since(start); took < 1600*time.Millisecond {
		t.Errorf("it is free after %s", took)
	}
}

// Who claims a key and cannot publish the job may repeat it; others are kept out meanwhile.
func TestUniqueClaimedAndNotPublished(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	bad := bustest.NewProxy(t, server)
	far := bad.Connect(t)
	bad.Lose(func(subject string) bool { return strings.HasPrefix(subject, "airlock.job.") })
	library := uuid.New()
	first := unique(library, 0)
	if err := far.Enqueue(t.Context(), first); bus.CodeOf(err) != bus.Unavailable {
		t.Fatalf("enqueue: %v", err)
	}
	refused(t, conn, unique(library, 0), first)
	bad.Lose(nil)
	if err := far.Enqueue(t.Context(), first); err != nil {
		t.Errorf("repeated: %v", err)
	}
}

// What a batch claimed that is then refused is free at once, and what was enqueued before keeps its key.
func TestARefusedBatchClaimsNothing(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	library := uuid.New()
	keyed := func(key string) *bus.Job {
		job := unique(library, 0)
		job.Unique.Key = key
		return job
	}
	there, before := keyed("taken"), keyed("before")
	enqueue(t, conn, there)
	enqueue(t, conn, before)
	for range 2 {
		kept, err := conn.EnqueueMany(t.Context(), []*bus.Job{keyed("a"), before, keyed("b"), keyed("taken")})
		var duplicate *bus.DuplicateError
		if kept != 0 || !errors.As(err, &duplicate) || duplicate.Job != there.ID {
			t.Fatalf("%d are kept, %v", kept, err)
		}
	}
	a := keyed("a")
	enqueue(t, conn, a)
	refused(t, conn, keyed("a"), a)
	refused(t, conn, keyed("before"), before)
}
