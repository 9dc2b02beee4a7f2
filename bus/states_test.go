package bus_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

// stand is a job that has been brought to where it stands. The extension "shut" has no slot, so its jobs wait.
type stand struct {
	conn     *bus.Conn
	attempts <-chan *bus.Attempt
	job      *bus.Job
	// attempt is the one that runs.
	attempt *bus.Attempt
}

func failure(text string) bus.Failure {
	return bus.Failure{At: time.Now(), Code: bus.Internal, Error: text}
}

// stands are the ways a job can stand without an outcome.
var stands = map[string]func(t *testing.T, s *stand){
	"scheduled on the server": func(t *testing.T, s *stand) {
		t.Helper()
		due := time.Now().Add(time.Hour)
		s.job.Due = &due
		enqueue(t, s.conn, s.job)
	},
	"scheduled with the dealer": func(t *testing.T, s *stand) {
		t.Helper()
		due := time.Now().Add(1900 * time.Millisecond)
		s.job.Due = &due
		enqueue(t, s.conn, s.job)
		queueIs(t, s.conn, "holding it", func(q bus.QueueStatus) bool { return q.Held == 1 })
	},
	"available": func(t *testing.T, s *stand) {
		t.Helper()
		s.job.Extension = "shut"
		enqueue(t, s.conn, s.job)
		queueIs(t, s.conn, "with it", func(q bus.QueueStatus) bool { return q.Waiting == 1 })
	},
	"running": func(t *testing.T, s *stand) {
		t.Helper()
		enqueue(t, s.conn, s.job)
		s.attempt = next(t, s.attempts, again)
	},
	"running, on record": func(t *testing.T, s *stand) {
		t.Helper()
		enqueue(t, s.conn, s.job)
		s.attempt = next(t, s.attempts, again)
		if err := s.attempt.Save(t.Context(), &bus.Checkpoint{State: []byte("half")}, bus.Report{}); err != nil {
			t.Fatal(err)
		}
	},
	"to be tried again": func(t *testing.T, s *stand) {
		t.Helper()
		enqueue(t, s.conn, s.job)
		if err := next(t, s.attempts, again).Retry(t.Context(), time.Now().Add(time.Hour), failure("once"), bus.Report{}); err != nil {
			t.Fatal(err)
		}
		queueIs(t, s.conn, "holding it", func(q bus.QueueStatus) bool { return q.Held == 1 })
	},
	"waiting": func(t *testing.T, s *stand) {
		t.Helper()
		enqueue(t, s.conn, s.job)
		a := next(t, s.attempts, again)
		child := jobs(1, "shut", s.job.Library)[0]
		child.Parent = &s.job.ID
		if err := s.conn.AddChild(t.Context(), child); err != nil {
			t.Fatal(err)
		}
		enqueue(t, s.conn, child)
		if err := a.Wait(t.Context(), bus.Report{}); err != nil {
			t.Fatal(err)
		}
		queueIs(t, s.conn, "holding it", func(q bus.QueueStatus) bool { return q.Held == 1 && q.Waiting == 1 })
	},
	"to be run once more": func(t *testing.T, s *stand) {
		t.Helper()
		s.job.Extension = "once"
		enqueue(t, s.conn, s.job)
		fail := failure("for good")
		if err := next(t, s.attempts, again).End(t.Context(), bus.Outcome{State: bus.StateDead, Failure: &fail}); err != nil {
			t.Fatal(err)
		}
		if err := s.conn.PauseExtension(t.Context(), "once"); err != nil {
			t.Fatal(err)
		}
		queueIs(t, s.conn, "shut for it", func(q bus.QueueStatus) bool { return len(q.Extensions) == 1 && q.Extensions[0].Paused })
		if err := s.conn.RetryJob(t.Context(), s.job.ID, nil); err != nil {
			t.Fatal(err)
		}
		queueIs(t, s.conn, "with it", func(q bus.QueueStatus) bool { return q.Waiting == 1 })
	},
}

func each(t *testing.T, test func(t *testing.T, name string, s *stand)) {
	t.Helper()
	for name, bring := range stands {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := bustest.New(t)
			bustest.Deal(t, conn, bus.DealerConfig{ExtensionLimit: func(id string) int {
				if id == "shut" {
					return 0
				}
				return 10
			}})
			s := &stand{conn: conn, attempts: dealt(t, conn, "w1", 4), job: jobs(1, "x", uuid.New())[0]}
			bring(t, s)
			test(t, name, s)
		})
	}
}

// A job can be cancelled wherever it stands, and then it does not run.
func TestCancelInEveryState(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, name string, s *stand) {
		if err := s.conn.Cancel(t.Context(), s.job.ID); err != nil {
			t.Fatalf("cancel: %v", err)
		}
		switch name {
		case "running": // without a record the outcome is there at once, and the attempt is too late
			if err := s.attempt.End(t.Context(), completed()); !errors.Is(err, bus.ErrFenced) {
				t.Errorf("the attempt ends with %v, want ErrFenced", err)
			}
		case "running, on record":
			asked := make(chan bus.Request, 10)
			s.attempt.Follow(func() bus.Report { return bus.Report{} }, func() {}, func(r bus.Request) { asked <- r })
			if r := <-asked; r != bus.CancelRequest {
				t.Errorf("it is asked to %s", r)
			}
			if err := s.attempt.End(t.Context(), bus.Outcome{State: bus.StateCancelled}); err != nil {
				t.Errorf("end: %v", err)
			}
		}
		ends(t, s.conn, s.job.ID, bus.StateCancelled)
		if err := s.conn.ResumeExtension(t.Context(), "once"); err != nil && name == "to be run once more" {
			t.Fatal(err)
		}
		none(t, s.attempts, 300*time.Millisecond)
		if err := s.conn.Cancel(t.Context(), s.job.ID); bus.CodeOf(err) != bus.FailedPrecondition || !strings.Contains(err.Error(), "cancelled") {
			t.Errorf("it is cancelled twice: %v", err)
		}

		if err := s.conn.RetryJob(t.Context(), s.job.ID, nil); err != nil {
			t.Fatalf("retry: %v", err)
		}
		if s.job.Extension == "shut" {
			return
		}
		a := next(t, s.attempts, again)
		if a.Job.ID != s.job.ID || a.Token < 2 {
			t.Errorf("job %s is dealt with token %d", a.Job.ID, a.Token)
		}
		end(t, a)
		ends(t, s.conn, s.job.ID, bus.StateCompleted)
	})
}

// A job can be paused wherever it stands. It runs when it is resumed, and not before it is due.
func TestPauseInEveryState(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, name string, s *stand) {
		if err := s.conn.Pause(t.Context(), s.job.ID); err != nil {
			t.Fatalf("pause: %v", err)
		}
		switch name {
		case "running":
			if err := s.attempt.HandBack(t.Context(), bus.Report{}); !errors.Is(err, bus.ErrFenced) {
				t.Errorf("the attempt ends with %v, want ErrFenced", err)
			}
		case "running, on record":
			if err := s.attempt.HandBack(t.Context(), bus.Report{}); err != nil {
				t.Errorf("hand back: %v", err)
			}
		case "scheduled with the dealer":
			<-time.After(time.Until(*s.job.Due))
		case "to be run once more":
			if err := s.conn.ResumeExtension(t.Context(), "once"); err != nil {
				t.Fatal(err)
			}
		}
		none(t, s.attempts, 500*time.Millisecond)
		becomes(t, s.conn, s.job.ID, "paused", func(r *bus.Run) bool { return r.Paused && !r.State.Ended() })

		if err := s.conn.Resume(t.Context(), s.job.ID); err != nil {
			t.Fatalf("resume: %v", err)
		}
		switch name {
		case "scheduled on the server", "to be tried again", "available", "waiting":
			none(t, s.attempts, 500*time.Millisecond)
			if err := s.conn.Cancel(t.Context(), s.job.ID); err != nil {
				t.Errorf("cancel: %v", err)
			}
			return
		}
		a := next(t, s.attempts, again)
		if s.attempt != nil && a.Token <= s.attempt.Token {
			t.Errorf("its token is %d after %d", a.Token, s.attempt.Token)
		}
		end(t, a)
		ends(t, s.conn, s.job.ID, bus.StateCompleted)
		if err := s.conn.Resume(t.Context(), s.job.ID); bus.CodeOf(err) != bus.FailedPrecondition {
			t.Errorf("a job that has ended is resumed: %v", err)
		}
		if err := s.conn.Pause(t.Context(), s.job.ID); bus.CodeOf(err) != bus.FailedPrecondition {
			t.Errorf("a job that has ended is paused: %v", err)
		}
	})
}

// A dead job runs again from its checkpoint; with another input from the beginning. As soon as its outcome is known it can be run again,
// and however often that is.
func TestRetryDead(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	bustest.Deal(t, conn, bus.DealerConfig{})
	attempts := dealt(t, conn, "w1", 4)
	job := jobs(1, "x", uuid.New())[0]
	enqueue(t, conn, job)
	for round := range 20 {
		a := next(t, attempts, again)
		if a.Failures != 0 {
			t.Errorf("round %d begins with %d failures", round, a.Failures)
		}
		switch fresh := a.Checkpoint == nil; {
		case round%2 == 0 && !fresh:
			t.Errorf("round %d begins with a checkpoint", round)
		case round%2 == 1 && fresh:
			t.Errorf("round %d begins without its checkpoint", round)
		}
		if err := a.Save(t.Context(), &bus.Checkpoint{State: []byte("half")}, bus.Report{}); err != nil {
			t.Fatal(err)
		}
		fail := failure("for good")
		if err := a.End(t.Context(), bus.Outcome{State: bus.StateDead, Failure: &fail}); err != nil {
			t.Fatal(err)
		}
		var input json.RawMessage
		if round%2 == 1 {
			input = json.RawMessage(`{"edited":true}`)
		}
		if err := conn.RetryJob(t.Context(), job.ID, input); err != nil {
			t.Fatalf("retry %d: %v", round, err)
		}
	}
	a := next(t, attempts, again)
	if string(a.Job.Input) != `{"edited":true}` {
		t.Errorf("its input is %s", a.Job.Input)
	}
	end(t, a)
	ends(t, conn, job.ID, bus.StateCompleted)
	none(t, attempts, 200*time.Millisecond)
	if err := conn.RetryJob(t.Context(), job.ID, nil); bus.CodeOf(err) != bus.FailedPrecondition {
		t.Errorf("a completed job is run again: %v", err)
	}
}

// A job that has ended can be deleted. Whoever deals next does not take its message for a new job, nor does it run when its id is used
// once more.
func TestDeleteEnded(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	stop := bustest.Deal(t, conn, bus.DealerConfig{})
	attempts := dealt(t, conn, "w1", 4)
	job := jobs(1, "x", uuid.New())[0]
	enqueue(t, conn, job)
	a := next(t, attempts, again)
	if err := a.Save(t.Context(), &bus.Checkpoint{}, bus.Report{}); err != nil {
		t.Fatal(err)
	}
	if err := conn.DeleteJob(t.Context(), job.ID); bus.CodeOf(err) != bus.FailedPrecondition {
		t.Errorf("a job that runs is deleted: %v", err)
	}
	end(t, a)
	if err := conn.DeleteJob(t.Context(), job.ID); err != nil {
		t.Fatalf("delete: %v", err)
	}
	if _, err := conn.Run(t.Context(), job.ID); bus.CodeOf(err) != bus.NotFound {
		t.Errorf("its record is there still: %v", err)
	}
	stop()
	bustest.Deal(t, conn, bus.DealerConfig{})
	none(t, attempts, time.Second)

	enqueue(t, conn, job)
	none(t, attempts, 2*time.Second)
	queueIs(t, conn, "empty", func(s bus.QueueStatus) bool { return s.Waiting+s.Running+s.Held == 0 })
}
