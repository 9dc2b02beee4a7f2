package bus_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

// keepConn connects with records that are kept for a moment only, so that sweeping is in a hurry.
func keepConn(t *testing.T, server *bus.Server, keep time.Duration) *bus.Conn {
	t.Helper()
	conn, err := bus.Connect(bus.Config{Server: server, KeepEnded: keep, KeepDead: keep})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	if err := conn.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	return conn
}

// kept is how many messages JOBS has.
func kept(t *testing.T, server *bus.Server) int {
	t.Helper()
	var info struct {
		State struct {
			Messages int `json:"messages"`
		} `json:"state"`
	}
	if err := json.Unmarshal(bustest.Request(t, server, "$JS.API.STREAM.INFO.JOBS", nil, nil), &info); err != nil {
		t.Fatal(err)
	}
	return info.State.Messages
}

func keptBecomes(t *testing.T, server *bus.Server, want int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); kept(t, server) != want; <-time.After(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("JOBS has %d messages, want %d", kept(t, server), want)
		}
	}
}

// What has ended is removed before its record is, although a job before it waits, another runs and a third is held; those stay, and
// go on after the dealer and the worker have changed. Nothing that has ended runs again.
func TestSweepKeepsWhatLives(t *testing.T) {
	t.Parallel()
	const keep = 4 * time.Second
	server := bustest.Start(t)
	conn := keepConn(t, server, keep)
	config := bus.DealerConfig{ExtensionLimit: func(id string) int { return map[string]int{"x": 4}[id] }}
	stop := bustest.Deal(t, conn, config)
	bad := bustest.NewProxy(t, server)
	far := dealt(t, bad.Connect(t), "w1", 4)

	library := uuid.New()
	waits, runs, held := jobs(1, "shut", library)[0], jobs(1, "x", library)[0], jobs(1, "x", library)[0]
	enqueueAll(t, conn, []*bus.Job{waits, held, runs})
	for range 2 {
		a := next(t, far, again)
		if a.Job.ID == runs.ID {
			continue // without a record
		}
		if err := a.Retry(t.Context(), time.Now().Add(time.Hour), failure("once"), bus.Report{}); err != nil {
			t.Fatal(err)
		}
	}
	ended := jobs(50, "x", library)
	enqueueAll(t, conn, ended)
	for range ended {
		end(t, next(t, far, again))
	}

	stop() // the next dealer learns of what runs from the worker
	stop = bustest.Deal(t, keepConn(t, server, keep), config)
	keptBecomes(t, server, 3)
	none(t, far, keep) // the records of what has ended are gone
	stop()
	opened := bus.DealerConfig{}
	bustest.Deal(t, keepConn(t, server, keep), opened)
	a := next(t, far, again)
	if a.Job.ID != waits.ID {
		t.Errorf("job %s is dealt", a.Job.ID)
	}
	end(t, a)
	if err := conn.RetryJob(t.Context(), held.ID, nil); err != nil {
		t.Fatal(err)
	}
	if a = next(t, far, again); a.Job.ID != held.ID || a.Token != 2 {
		t.Errorf("job %s is dealt with token %d", a.Job.ID, a.Token)
	}
	end(t, a)

	bad.Cut()
	near := dealt(t, conn, "w2", 4)
	if a = next(t, near, again); a.Job.ID != runs.ID || a.Token < 2 {
		t.Errorf("job %s is dealt with token %d", a.Job.ID, a.Token)
	}
	end(t, a)
	none(t, near, 300*time.Millisecond)
	keptBecomes(t, server, 0)
}

// The dealer is replaced while it moves jobs: each is dealt once.
func TestSweepIsCutShort(t *testing.T) {
	t.Parallel()
	const keep = 2 * time.Second
	server := bustest.Start(t)
	conn := keepConn(t, server, keep)
	shut := bus.DealerConfig{ExtensionLimit: func(id string) int { return map[string]int{"x": 4}[id] }}
	stop := bustest.Deal(t, conn, shut)
	attempts := dealt(t, conn, "w1", 8)
	library := uuid.New()
	waiting := jobs(scale(400, 1500), "shut", library)
	for _, half := range [][]*bus.Job{waiting[:200], waiting[200:]} {
		enqueueAll(t, conn, half)
		enqueue(t, conn, jobs(1, "x", library)[0])
		end(t, next(t, attempts, again))
	}
	for range 4 {
		<-time.After(keep/2 + 300*time.Millisecond)
		stop()
		stop = bustest.Deal(t, keepConn(t, server, keep), shut)
	}
	stop()
	bustest.Deal(t, keepConn(t, server, time.Hour), bus.DealerConfig{})
	seen := map[uuid.UUID]int{}
	for n := 0; n < len(waiting); {
		a := next(t, attempts, again)
		if a.Job.Extension == "shut" { // records are kept so shortly here that others may run again
			seen[a.Job.ID]++
			n++
		}
		end(t, a)
	}
	for _, job := range waiting {
		if seen[job.ID] != 1 {
			t.Errorf("job %s was dealt %d times", job.ID, seen[job.ID])
		}
	}
	none(t, attempts, 300*time.Millisecond)
}
