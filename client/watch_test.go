package client_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/client"
)

func TestWatch(t *testing.T) {
	t.Parallel()
	a := newAirlock(t, client.Config{})
	a.work(t, a.perform)
	kinds := func(name string) (kinds []string, last client.Update) {
		id, err := a.Enqueue(t.Context(), client.Job{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		for update, err := range a.Watch(t.Context(), id) {
			if err != nil {
				t.Fatal(err)
			}
			text := string(update.Kind)
			if update.Failure != nil {
				text += " " + update.Failure.Error
			}
			kinds, last = append(kinds, strings.TrimSpace(text+" "+update.Text)), update
		}
		return kinds, last
	}
	t.Run("completed", func(t *testing.T) {
		got, last := kinds("demo:greet")
		// Whether it is told live that it is half done is a matter of luck; if not, it is told at the end that it ran.
		if len(got) > 0 && got[0] == "progress half" {
			got[0] = "state"
		}
		if diff := cmp.Diff([]string{"state", "log greeting", "progress hello", "outcome"}, got); diff != "" {
			t.Errorf("updates (-want +got):\n%s", diff)
		}
		if last.State != client.Completed || last.Outcome.Report.Message != "hello" || last.At.IsZero() {
			t.Errorf("the last one is %+v", last)
		}
	})
	t.Run("failed", func(t *testing.T) {
		got, last := kinds("demo:fail")
		if len(got) < 2 || got[len(got)-1] != "outcome" || last.State != client.Dead || last.Outcome.Failures != 2 {
			t.Errorf("updates are %q, the last is %+v", got, last)
		}
	})
	t.Run("asked to stop", func(t *testing.T) {
		id, err := a.Enqueue(t.Context(), client.Job{Name: "demo:wait"})
		if err != nil {
			t.Fatal(err)
		}
		var state client.State
		for update, err := range a.Watch(t.Context(), id) {
			if err != nil {
				t.Fatal(err)
			}
			if update.Kind == client.StateUpdate && update.State == client.Running {
				// Its record says that it runs a second after it began; before that it is cancelled as one that waits.
				go func() {
					for {
						if run, err := a.Status(t.Context(), id); err != nil || run.State == client.Running {
							_ = a.Cancel(t.Context(), id)
							return
						}
						<-time.After(20 * time.Millisecond)
					}
				}()
			}
			state = update.State
		}
		if state != client.Cancelled {
			t.Errorf("it ended as %s", state)
		}
	})
	t.Run("no more wanted", func(t *testing.T) {
		id, err := a.Enqueue(t.Context(), client.Job{Name: "demo:greet"})
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range a.Watch(t.Context(), id) {
			if err != nil {
				t.Error(err)
			}
			break
		}
	})
	t.Run("not there", func(t *testing.T) {
		for _, err := range a.Watch(t.Context(), uuid.New()) {
			if !errors.Is(err, client.ErrNotFound) {
				t.Errorf("watching a job that is not there: %v", err)
			}
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		id, err := a.Enqueue(t.Context(), client.Job{Name: "demo:greet", In: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		var last error
		for _, err := range a.Watch(ctx, id) {
			last = err
		}
		if !errors.Is(last, context.DeadlineExceeded) {
			t.Errorf("after its time it says %v", last)
		}
		if _, err := a.Result(ctx, id); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, client.ErrUnavailable) {
			t.Errorf("the result after its time: %v", err)
		}
	})
}

// A server that goes away and comes back is waited for.
func TestWatchOutlivesServer(t *testing.T) {
	t.Parallel()
	dir := bustest.Dir(t)
	serve := func() *bus.Server {
		server, err := bus.StartServer(context.WithoutCancel(t.Context()), bus.ServerConfig{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		return server
	}
	server := serve()
	a := &airlock{dir: dir, conn: bustest.Connect(t, server)}
	a.install(t, "demo", record)
	var err error
	if a.Client, err = client.Connect(client.Config{DataDir: dir}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	id, err := a.Enqueue(t.Context(), client.Job{Name: "demo:greet"})
	if err != nil {
		t.Fatal(err)
	}
	results := make(chan client.Outcome, 2)
	go func() {
		outcome, _ := a.Result(t.Context(), id)
		results <- outcome
	}()
	go func() {
		for update, err := range a.Watch(t.Context(), id) {
			if err == nil && update.Outcome != nil {
				results <- *update.Outcome
			}
		}
	}()
	<-time.After(200 * time.Millisecond) // both wait
	server.Stop()
	server = serve()
	t.Cleanup(server.Stop)
	again := &airlock{dir: dir, conn: bustest.Connect(t, server)}
	again.work(t, again.perform)
	for range 2 {
		select {
		case outcome := <-results:
			if outcome.Run == nil || outcome.State != client.Completed {
				t.Errorf("the outcome is %+v", outcome)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("no outcome 30 seconds after the server came back")
		}
	}
}
