package bus_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

// again is after how long at most what a dead worker ran is dealt to another.
const again = 10 * time.Second

// A message between dealer and worker that is lost, of whatever kind, is made up for.
func TestLostMessagesAreMadeUpFor(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]string{
		"deals": "airlock.worker.deal.", "hellos": "airlock.worker.hello", "reports": "airlock.dealer",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := bustest.Start(t)
			conn := bustest.Connect(t, server)
			bustest.Deal(t, conn, bus.DealerConfig{})
			bad := bustest.NewProxy(t, server)
			far := bad.Connect(t)
			attempts := dealt(t, far, "w1", 2)
			queueIs(t, conn, "with a worker", func(s bus.QueueStatus) bool { return len(s.Workers) == 1 })

			n := 0
			bad.Lose(func(subject string) bool {
				if !strings.HasPrefix(subject, lost) {
					return false
				}
				n++
				return n <= 2 // one after the other
			})
			all := jobs(6, "x", uuid.New())
			enqueueAll(t, conn, all)
			for range all {
				end(t, next(t, attempts, 2*again))
			}
			for _, job := range all {
				ends(t, conn, job.ID, bus.StateCompleted)
			}
			queueIs(t, conn, "empty", func(s bus.QueueStatus) bool { return s.Waiting+s.Running+s.Held == 0 })
			if lost != "airlock.worker.hello" && bad.Lost() == 0 {
				t.Error("nothing was lost")
			}
		})
	}
}

// What a worker runs that is not heard from is dealt to another, and when the first one comes back it changes nothing.
func TestSilentWorkerIsFenced(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	bustest.Deal(t, conn, bus.DealerConfig{})
	bad := bustest.NewProxy(t, server)
	far := bad.Connect(t)
	stalled := dealt(t, far, "w1", 2)
	job := jobs(1, "x", uuid.New())[0]
	enqueue(t, conn, job)
	first := next(t, stalled, again)
	bad.Freeze()
	start := time.Now()
	near := dealt(t, conn, "w2", 2)
	second := next(t, near, again)
	t.Logf("dealt again after %s", time.Since(start))
	if second.Token != 2 || second.Lost != 1 {
		t.Errorf("the second attempt has token %d, and %d were lost", second.Token, second.Lost)
	}
	if err := conn.CheckCaller(t.Context(), &bus.Call{Extension: job.Extension, Library: job.Library, Job: job.ID, Attempt: first.Token}); bus.CodeOf(err) != bus.FailedPrecondition {
		t.Errorf("an operation would serve the first attempt: %v", err)
	}
	bad.Heal()
	ctx, cancel := context.WithTimeout(t.Context(), again)
	defer cancel()
	if err := first.End(ctx, completed()); !errors.Is(err, bus.ErrFenced) {
		t.Errorf("the first attempt ends with %v, want ErrFenced", err)
	}
	end(t, second)
	ends(t, conn, job.ID, bus.StateCompleted)
	none(t, stalled, 100*time.Millisecond)
}

// A worker that was cut off and comes back is told which of its jobs are another's by now.
func TestReturningWorkerIsTold(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	bustest.Deal(t, conn, bus.DealerConfig{})
	bad := bustest.NewProxy(t, server)
	stalled := dealt(t, bad.Connect(t), "w1", 2)
	enqueue(t, conn, jobs(1, "x", uuid.New())[0])
	first := next(t, stalled, again)
	told := make(chan struct{})
	first.Follow(func() bus.Report { return bus.Report{} }, sync.OnceFunc(func() { close(told) }), func(bus.Request) {})
	<-time.After(1500 * time.Millisecond) // it has written its record, and does so again 10 s later
	bad.Cut()
	second := next(t, dealt(t, conn, "w2", 2), again)
	bad.Heal()
	select {
	case <-told:
	case <-time.After(again):
		t.Error("it still runs")
	}
	first.Abandon()
	end(t, second)
}

// Whether the dealer stops, dies or stands still: what runs goes on and is not dealt once more, what waits is dealt once.
func TestDealerChangesHands(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(bad *bustest.Proxy, stop func()){
		"stopped":  func(_ *bustest.Proxy, stop func()) { stop() },
		"cut off":  func(bad *bustest.Proxy, _ func()) { bad.Cut() },
		"standing": func(bad *bustest.Proxy, _ func()) { bad.Freeze() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := bustest.Start(t)
			conn := bustest.Connect(t, server)
			if name == "stopped" {
				<-time.After(6 * time.Second) // for as long, a server that was just started may have forgotten workers, and a dealer doubts
			}
			bad := bustest.NewProxy(t, server)
			stop := bustest.Deal(t, bad.Connect(t), bus.DealerConfig{Name: "first"})
			attempts := dealt(t, conn, "w1", 2)
			all := jobs(4, "x", uuid.New())
			enqueueAll(t, conn, all)
			running := []*bus.Attempt{next(t, attempts, again), next(t, attempts, again)}

			bustest.Deal(t, conn, bus.DealerConfig{Name: "second"})
			leave(bad, stop)
			queueIs(t, conn, "dealt by the second", func(s bus.QueueStatus) bool { return s.Dealer == "second" && s.Running == 2 && s.Waiting == 2 })
			none(t, attempts, 500*time.Millisecond)
			bad.Heal()
			for _, a := range running {
				end(t, a)
			}
			for range 2 {
				a := next(t, attempts, again)
				if name == "stopped" && a.Token != 1 {
					t.Errorf("nothing was lost, and job %s has token %d", a.Job.ID, a.Token)
				}
				end(t, a)
			}
			for _, job := range all {
				ends(t, conn, job.ID, bus.StateCompleted)
			}
			none(t, attempts, 500*time.Millisecond)
			queueIs(t, conn, "empty", func(s bus.QueueStatus) bool { return s.Waiting+s.Running+s.Held == 0 })
		})
	}
}

// A worker that stands still while the dealer is replaced, properly: the new dealer gives it up, and what it may have begun has a token of
// its own when it is dealt again.
func TestDealerDoubtsWhomItNeverHeard(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	bad := bustest.NewProxy(t, server)
	stop := bustest.Deal(t, conn, bus.DealerConfig{})
	stalled := dealt(t, bad.Connect(t), "w1", 2)
	job := jobs(1, "x", uuid.New())[0]
	enqueue(t, conn, job)
	first := next(t, stalled, again)
	bad.Freeze()
	stop()
	bustest.Deal(t, bustest.Connect(t, server), bus.DealerConfig{})
	second := next(t, dealt(t, conn, "w2", 2), again+5*time.Second)
	if second.Token <= first.Token {
		t.Errorf("tokens %d and %d", first.Token, second.Token)
	}
	end(t, second)
	bad.Heal()
}

// A message that is no job's ends as dead, whatever is wrong with it, and nothing else is held up.
func TestStrayMessagesAreBuried(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	bustest.Deal(t, conn, bus.DealerConfig{})
	library := uuid.New()
	id := uuid.New
	first, second, third, other := id(), id(), id(), id()
	for subject, data := range map[string]string{
		bus.JobSubject("x", bus.Normal, library, first):                                 "{not json",
		bus.JobSubject("x", bus.Normal, library, second):                                "",
		bus.JobSubject("x", bus.Normal, library, third):                                 `{"id":"` + other.String() + `","extension":"x","job":"j","priority":"normal","library":"` + library.String() + `"}`,
		"airlock.job.x.normal.nolibrary.nojob":                                          "{}",
		"airlock.job.x":                                                                 "{}",
		"airlock.job.x.urgent." + library.String() + "." + other.String() + ".and.more": "{}",
	} {
		bustest.Publish(t, server, subject, []byte(data))
	}
	attempts := dealt(t, conn, "w1", 2)
	job := jobs(1, "x", library)[0]
	enqueue(t, conn, job)
	a := next(t, attempts, again)
	if a.Job.ID != job.ID {
		t.Errorf("job %s is dealt", a.Job.ID)
	}
	end(t, a)
	for _, id := range []uuid.UUID{first, second, third} {
		run := ends(t, conn, id, bus.StateDead)
		if len(run.Errors) != 1 || run.DeadLetter == nil || run.DeadLetter.Subject == "" {
			t.Errorf("dead letter %+v", run)
		}
		if err := conn.RetryJob(t.Context(), id, nil); bus.CodeOf(err) != bus.FailedPrecondition {
			t.Errorf("it is run again: %v", err)
		}
	}
	dead := 0
	ctx, cancel := context.WithTimeout(t.Context(), again)
	defer cancel()
	_ = conn.FollowRuns(ctx, "test", func(_ context.Context, run *bus.Run) error {
		if run.State == bus.StateDead {
			dead++
		}
		if dead == 6 {
			cancel()
		}
		return nil
	})
	if dead != 6 {
		t.Errorf("%d dead letters, want 6", dead)
	}
}

// A job that is published with headers that are the dealer's is dealt as any other.
func TestForgedHeaders(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	bustest.Deal(t, conn, bus.DealerConfig{ExtensionLimit: func(id string) int {
		if id == "held" {
			return 0
		}
		return 10
	}})
	victim := jobs(1, "held", uuid.New())[0]
	enqueue(t, conn, victim)
	queueIs(t, conn, "with one", func(s bus.QueueStatus) bool { return s.Waiting == 1 })
	attacker := jobs(1, "x", uuid.New())[0]
	bustest.PublishJob(t, server, attacker, map[string]string{"Airlock-Moved": "1", "Airlock-Fresh": "1", "Airlock-Again": "1", "Airlock-Deal": "7"})
	a := next(t, dealt(t, conn, "w1", 2), again)
	if a.Job.ID != attacker.ID || a.Token != 1 {
		t.Errorf("job %s is dealt with token %d", a.Job.ID, a.Token)
	}
	end(t, a)
	queueIs(t, conn, "with the other one", func(s bus.QueueStatus) bool { return s.Waiting == 1 && s.Running == 0 })
	if _, err := conn.Job(t.Context(), victim.ID); err != nil {
		t.Errorf("the other job is gone: %v", err)
	}
}
