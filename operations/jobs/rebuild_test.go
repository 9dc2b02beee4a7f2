package jobs_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/operations/jobs"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

func TestListIsMadeFromTheStreams(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		l := &list{conn: bustest.New(t), db: storetest.Open(t, newURL(t))}
		end := func(outcome bus.Outcome) uuid.UUID {
			t.Helper()
			attempt := l.begin(t)
			if err := attempt.End(t.Context(), outcome); err != nil {
				t.Fatal(err)
			}
			return attempt.Job.ID
		}
		// What happened before it ran, what happens while it runs, and what happens while it is stopped.
		l.enqueue(t, &bus.Job{Input: json.RawMessage(`1`)})
		end(bus.Outcome{State: bus.StateCompleted})
		deleted := l.enqueue(t, &bus.Job{})
		end(bus.Outcome{State: bus.StateDead, Failure: &bus.Failure{Error: "broken"}})
		stop := l.run(t)
		l.listed(t, jobs.ListRequest{}, 2)
		for range 3 {
			l.enqueue(t, &bus.Job{Parent: &deleted.ID, Input: json.RawMessage(`2`)})
		}
		end(bus.Outcome{State: bus.StateCompleted})
		end(bus.Outcome{State: bus.StateDead, Failure: &bus.Failure{Error: "broken"}})
		l.listed(t, jobs.ListRequest{State: bus.StateDead}, 2)
		later := time.Now().Add(time.Hour)
		l.enqueue(t, &bus.Job{Due: &later})
		l.listed(t, jobs.ListRequest{State: bus.StateScheduled}, 1)
		stop()
		if err := l.conn.DeleteJob(t.Context(), deleted.ID); err != nil {
			t.Fatal(err)
		}
		cancelled := l.enqueue(t, &bus.Job{})
		if err := l.conn.Cancel(t.Context(), cancelled.ID); err != nil {
			t.Fatal(err)
		}
		stop = l.run(t)
		l.listed(t, jobs.ListRequest{State: bus.StateCancelled}, 1)
		followed := l.listed(t, jobs.ListRequest{}, 6)

		// While it runs, from here and from another process, and while it is stopped.
		if err := l.conn.API(t.Context(), "jobs", "rebuild", struct{}{}, nil); err != nil {
			t.Fatal(err)
		}
		l.settled(t, followed)
		if err := jobs.Rebuild(t.Context(), l.db); err != nil {
			t.Fatal(err)
		}
		l.settled(t, followed)
		stop()
		if err := jobs.Rebuild(t.Context(), l.db); err != nil {
			t.Fatal(err)
		}
		stop = l.run(t)
		l.settled(t, followed)
		stop()
	})
}

// settled waits until the list is as it should be.
func (l *list) settled(t *testing.T, want jobs.ListResponse) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for {
		diff := cmp.Diff(want.Jobs, l.list(t, jobs.ListRequest{}).Jobs)
		if diff == "" {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("the list is not what it was (-followed +rebuilt):\n%s", diff)
		case <-tick.C:
		}
	}
}

func TestTwoListsShareADatabase(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		l := newList(t, newURL(t))
		stop := l.run(t) // as another process
		step := func(want int) {
			t.Helper()
			for range 20 {
				l.enqueue(t, &bus.Job{})
			}
			for range 20 {
				if err := l.begin(t).End(t.Context(), bus.Outcome{State: bus.StateCompleted}); err != nil {
					t.Fatal(err)
				}
			}
			l.listed(t, jobs.ListRequest{State: bus.StateCompleted, Limit: 500}, want)
			l.listed(t, jobs.ListRequest{Limit: 500}, want)
		}
		step(20)
		step(40)
		stop() // the other goes on alone
		step(60)
	})
}
