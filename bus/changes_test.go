package bus_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

var errTest = errors.New("of the test")

// followed collects changes until done says that it has seen enough.
func followed(t *testing.T, conn *bus.Conn, from bus.Position, done func(all []*bus.Change) bool) (all []*bus.Change, at bus.Position) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := conn.FollowChanges(ctx, from, func(_ context.Context, changes *bus.Changes) error {
		all, at = append(all, changes.All...), changes.Position
		if done(all) {
			return errTest
		}
		return nil
	})
	if !errors.Is(err, errTest) {
		t.Fatalf("after %d changes: %v", len(all), err)
	}
	return all, at
}

func enqueued(t *testing.T, conn *bus.Conn, n int) []*bus.Job {
	t.Helper()
	jobs := make([]*bus.Job, n)
	for i := range jobs {
		jobs[i] = &bus.Job{Extension: "x", Name: "y", Library: uuid.New()}
	}
	if _, err := conn.EnqueueMany(t.Context(), jobs); err != nil {
		t.Fatal(err)
	}
	return jobs
}

func TestFollowChanges(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	count := func(n int) func([]*bus.Change) bool { return func(all []*bus.Change) bool { return len(all) >= n } }

	jobs := enqueued(t, conn, 3000)
	later := time.Now().Add(time.Hour)
	delayed := &bus.Job{Extension: "x", Name: "y", Due: &later}
	if err := conn.Enqueue(t.Context(), delayed); err != nil {
		t.Fatal(err)
	}
	bustest.Publish(t, server, bus.JobSubject("x", bus.Low, uuid.New(), uuid.New()), []byte("no job"))
	all, at := followed(t, conn, bus.Position{}, count(3001))
	for i, change := range all {
		want, state := delayed, bus.StateScheduled
		if i < len(jobs) {
			want, state = jobs[i], bus.StateAvailable
		}
		if change.Job != want.ID || change.State != state || change.Version != 1 {
			t.Fatalf("change %d is %+v, want %s of %s", i, change, state, want.ID)
		}
	}

	t.Run("goes on from a position", func(t *testing.T) {
		next := enqueued(t, conn, 1)[0]
		all, _ := followed(t, conn, at, count(1))
		if len(all) != 1 || all[0].Job != next.ID {
			t.Errorf("%d changes, the first %+v, want that of %s alone", len(all), all[0], next.ID)
		}
	})
	t.Run("hands out again what was not handled", func(t *testing.T) {
		first, _ := followed(t, conn, bus.Position{}, count(1))
		again, _ := followed(t, conn, bus.Position{}, count(1))
		if first[0].Job != jobs[0].ID || again[0].Job != jobs[0].ID {
			t.Errorf("first are %s and %s, want %s", first[0].Job, again[0].Job, jobs[0].ID)
		}
	})
	t.Run("follows records", func(t *testing.T) {
		id := uuid.New()
		_, from := followed(t, conn, bus.Position{}, count(3002))
		bustest.PutRun(t, server, &bus.Run{Job: id, State: bus.StateRunning, Attempt: 2})
		all, _ := followed(t, conn, from, count(1))
		if all[0].Job != id || all[0].State != bus.StateRunning || all[0].Version < 2 {
			t.Errorf("change is %+v", all[0])
		}
	})
	t.Run("begins anew with streams that are shorter than its position", func(t *testing.T) {
		all, _ := followed(t, conn, bus.Position{Jobs: 1 << 40, Runs: 1 << 40}, count(3003))
		if all[0].Job != jobs[0].ID && all[1].Job != jobs[0].ID {
			t.Errorf("first is %s, want %s", all[0].Job, jobs[0].ID)
		}
	})
	t.Run("ends with its context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		err := conn.FollowChanges(ctx, at, func(context.Context, *bus.Changes) error {
			cancel()
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestListed(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	if p, err := conn.Listed(t.Context()); err != nil || p.Jobs != ^uint64(0) {
		t.Errorf("without a list the position is %+v, %v", p, err)
	}
	for list, p := range map[string]bus.Position{"a": {Jobs: 7, Runs: 20}, "b": {Jobs: 9, Runs: 10}} {
		for range 2 {
			if err := conn.MarkListed(t.Context(), list, p); err != nil {
				t.Fatal(err)
			}
		}
	}
	if p, err := conn.Listed(t.Context()); err != nil || p != (bus.Position{Jobs: 7, Runs: 10}) {
		t.Errorf("position is %+v, %v, want the lowest", p, err)
	}
}

// A lonely change is not held back: this is from publishing it until it is handed out.
func BenchmarkLonelyChange(b *testing.B) {
	conn := bustest.New(b)
	arrived := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = conn.FollowChanges(ctx, bus.Position{}, func(context.Context, *bus.Changes) error {
			arrived <- struct{}{}
			return nil
		})
	}()
	defer func() {
		cancel()
		<-ended
	}()
	for b.Loop() {
		if err := conn.Enqueue(b.Context(), &bus.Job{Extension: "x", Name: "y"}); err != nil {
			b.Fatal(err)
		}
		<-arrived
	}
}
