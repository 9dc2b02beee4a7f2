package reliability_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/airlock-run/airlock/bus"
)

// A server that stands still, and follows in the streams, answers nothing and hides nothing: each record that was written is read.
func TestAFollowerStandsStill(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := newCluster(t, serverConfig{servers: 3, host: "127.0.0.1"})
	allReplicated(ctx, t, c.url)
	still, other := c.follower(ctx)
	conn, err := bus.Connect(bus.Config{URL: "nats://" + other.address, Replicas: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := still.process.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = still.process.cmd.Process.Signal(syscall.SIGCONT) }()
	slowest := time.Duration(0)
	for range 30 {
		job := &bus.Job{ID: uuid.New(), Extension: "restless", Name: "effects", Library: uuid.New(), CreatedAt: time.Now(), Priority: bus.Normal}
		if err := conn.Enqueue(ctx, job); err != nil {
			t.Fatal(err)
		}
		if err := conn.Cancel(ctx, job.ID); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		runs, err := conn.Runs(ctx, []uuid.UUID{job.ID})
		if err != nil || runs[job.ID] == nil || runs[job.ID].State != bus.StateCancelled {
			t.Fatalf("what was written is not read: %+v, %v", runs[job.ID], err)
		}
		slowest = max(slowest, time.Since(began))
	}
	if slowest > 2*time.Second {
		t.Errorf("one answer took %s", slowest)
	}
	t.Logf("the slowest answer took %s", slowest)
}

// follower is a server that leads neither RUNS nor JOBS, and another one.
func (c *cluster) follower(ctx context.Context) (still, other *server) {
	c.t.Helper()
	nc, err := nats.Connect(c.url)
	if err != nil {
		c.t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		c.t.Fatal(err)
	}
	leads := map[string]bool{}
	for _, name := range []string{"RUNS", "JOBS"} {
		stream, err := js.Stream(ctx, name)
		if err != nil {
			c.t.Fatal(err)
		}
		leads[stream.CachedInfo().Cluster.Leader] = true
	}
	for i, s := range c.servers {
		if name := "n" + string(rune('0'+i)); !leads[name] && still == nil {
			still = s
		} else {
			other = s
		}
	}
	return still, other
}
