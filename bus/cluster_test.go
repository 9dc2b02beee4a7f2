package bus_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
)

// work runs a worker that hands each attempt to handle, in a goroutine of its own, until stop is called or the test ends.
func work(t *testing.T, conn *bus.Conn, name string, slots int, handle func(*bus.Attempt)) (stop func()) {
	t.Helper()
	queue, err := conn.Queue(t.Context(), bus.QueueConfig{Worker: name, Slots: slots})
	if err != nil {
		t.Fatalf("open queue: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		for {
			d, err := queue.Next(ctx)
			if err != nil {
				return
			}
			running.Go(func() {
				attempt, err := d.Begin(ctx)
				if err != nil {
					if !errors.Is(err, bus.ErrSettled) && ctx.Err() == nil {
						t.Logf("begin: %v", err)
					}
					return
				}
				handle(attempt)
			})
		}
	})
	stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		queue.Leave()
	})
	t.Cleanup(stop)
	return stop
}

// dealt is a worker whose attempts a test takes one by one.
func dealt(t *testing.T, conn *bus.Conn, name string, slots int) <-chan *bus.Attempt {
	t.Helper()
	attempts := make(chan *bus.Attempt, 1000)
	work(t, conn, name, slots, func(a *bus.Attempt) { attempts <- a })
	return attempts
}

// next is the next attempt that a worker is dealt.
func next(t *testing.T, attempts <-chan *bus.Attempt, within time.Duration) *bus.Attempt {
	t.Helper()
	select {
	case a := <-attempts:
		return a
	case <-time.After(within):
		t.Fatalf("no job is dealt within %s", within)
		return nil
	}
}

// none checks that no attempt is dealt for a while.
func none(t *testing.T, attempts <-chan *bus.Attempt, within time.Duration) {
	t.Helper()
	select {
	case a := <-attempts:
		t.Fatalf("job %s is dealt, attempt %d", a.Job.ID, a.Token)
	case <-time.After(within):
	}
}

func end(t *testing.T, a *bus.Attempt) {
	t.Helper()
	if err := a.End(t.Context(), completed()); err != nil {
		t.Fatalf("end: %v", err)
	}
}

// becomes waits until the record of a job is as it should be.
func becomes(t *testing.T, conn *bus.Conn, job uuid.UUID, what string, ok func(*bus.Run) bool) *bus.Run {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		run, err := conn.Run(ctx, job)
		if err == nil && ok(run) {
			return run
		}
		select {
		case <-ctx.Done():
			t.Fatalf("job %s is not %s: %+v, %v", job, what, run, err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func ends(t *testing.T, conn *bus.Conn, job uuid.UUID, state bus.State) *bus.Run {
	t.Helper()
	return becomes(t, conn, job, string(state), func(r *bus.Run) bool { return r.State == state })
}

// queueIs waits until the dealer's status is as it should be.
func queueIs(t *testing.T, conn *bus.Conn, what string, ok func(bus.QueueStatus) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var newest bus.QueueStatus
	for {
		asking, stop := context.WithTimeout(ctx, 500*time.Millisecond) // a dealer that stands still does not answer
		status, err := conn.QueueStatus(asking)
		stop()
		if err == nil && ok(status) {
			return
		}
		if err == nil {
			newest = status
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the queue is not %s: %+v, %v", what, newest, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// jobs makes jobs of a library.
func jobs(n int, extension string, library uuid.UUID) []*bus.Job {
	all := make([]*bus.Job, n)
	for i := range all {
		all[i] = &bus.Job{ID: uuid.New(), Extension: extension, Name: "job", Library: library, Input: fmt.Append(nil, i)}
	}
	return all
}

func enqueueAll(t *testing.T, conn *bus.Conn, jobs []*bus.Job) {
	t.Helper()
	for range 10 { // as its error says: a busy machine may confirm a batch too late
		kept, err := conn.EnqueueMany(t.Context(), jobs)
		if err == nil && kept == len(jobs) {
			return
		}
		if bus.CodeOf(err) != bus.Unavailable {
			t.Fatalf("enqueue: %d kept, %v", kept, err)
		}
	}
	t.Fatal("enqueue: not confirmed in ten tries")
}

// scale is how many jobs a test takes: fewer in the inner loop.
func scale(short, long int) int {
	if testing.Short() {
		return short
	}
	return long
}
