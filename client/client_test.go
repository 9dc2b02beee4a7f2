package client_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// record is what the catalogue keeps of the extension that these tests use, as far as it matters.
const record = `{"manifest": {"id": "demo", "permissions": {"libraries": ["*"]}, "jobs": {"greet": {"priority": "high"}}},
	"jobs": [{"name": "greet"}, {"name": "fail"}, {"name": "wait"}]}`

// airlock is a bus with an extension that is installed, and a client of it.
type airlock struct {
	*client.Client

	dir  string
	conn *bus.Conn
}

func newAirlock(tb testing.TB, config client.Config) *airlock {
	tb.Helper()
	dir := bustest.Dir(tb)
	server, err := bus.StartServer(tb.Context(), bus.ServerConfig{Dir: dir})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(server.Stop)
	a := &airlock{dir: dir, conn: bustest.Connect(tb, server)}
	a.install(tb, "demo", record)
	config.DataDir = dir
	if a.Client, err = client.Connect(config); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(a.Close)
	return a
}

func (a *airlock) install(tb testing.TB, id, record string) {
	tb.Helper()
	store, err := a.conn.Extensions(tb.Context())
	if err == nil {
		_, err = store.PutRecord(tb.Context(), id, []byte(record))
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// work runs jobs as a worker does, each as run says, until the test ends.
func (a *airlock) work(tb testing.TB, run func(context.Context, *bus.Attempt)) {
	tb.Helper()
	queue := bustest.Queue(tb, a.conn, bus.QueueConfig{Worker: "w", Slots: 4})
	ctx, stop := context.WithCancel(context.Background())
	var working sync.WaitGroup
	for range 4 {
		working.Go(func() {
			for {
				delivery, err := queue.Next(ctx)
				if err != nil {
					return
				}
				if attempt, err := delivery.Begin(ctx); err == nil {
					run(ctx, attempt)
				}
			}
		})
	}
	tb.Cleanup(func() {
		stop()
		working.Wait()
	})
}

// perform greets, fails, or waits to be asked to stop.
func (a *airlock) perform(ctx context.Context, attempt *bus.Attempt) {
	report := bus.Report{Progress: 1, Message: "hello", Logs: []bus.LogLine{{At: time.Now(), Level: "info", Text: "greeting"}}}
	switch attempt.Job.Name {
	case "fail":
		failure := bus.Failure{Attempt: attempt.Token, At: time.Now(), Code: bus.Internal, Error: "it is broken"}
		if attempt.Failures == 0 {
			_ = attempt.Retry(ctx, time.Now().Add(10*time.Millisecond), failure, report)
			return
		}
		_ = attempt.End(ctx, bus.Outcome{State: bus.StateDead, Failure: &failure, Report: report})
	case "wait":
		asked := make(chan bus.Request, 1)
		a.conn.Tell(attempt.Job.ID, bus.Activity{Kind: bus.ActivityState, At: time.Now(), Attempt: attempt.Token, State: bus.StateRunning, Worker: "w"})
		attempt.Follow(func() bus.Report { return report }, func() {}, func(r bus.Request) {
			select {
			case asked <- r:
			default:
			}
		})
		select {
		case <-asked:
			_ = attempt.End(ctx, bus.Outcome{State: bus.StateCancelled, Report: report})
		case <-ctx.Done():
			attempt.Abandon()
		}
	default:
		a.conn.Tell(attempt.Job.ID, bus.Activity{Kind: bus.ActivityProgress, At: time.Now(), Attempt: attempt.Token, Progress: 0.5, Text: "half"})
		_ = attempt.End(ctx, bus.Outcome{State: bus.StateCompleted, Report: report})
	}
}

func TestConnectRefuses(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]client.Config{
		"nothing":       {},
		"both":          {URL: "nats://127.0.0.1:1", DataDir: t.TempDir()},
		"two sockets":   {Socket: "/s", DataDir: t.TempDir()},
		"waiting below": {URL: "nats://127.0.0.1:1", MaxWaiting: -1},
	} {
		if _, err := client.Connect(config); err == nil || errors.Is(err, client.ErrNotReachable) {
			t.Errorf("%s: connect says %v", name, err)
		}
	}
	if _, err := client.Connect(client.Config{DataDir: t.TempDir()}); !errors.Is(err, client.ErrNotReachable) {
		t.Errorf("where nothing runs connect says %v", err)
	}
}
