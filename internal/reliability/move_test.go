package reliability_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/internal/guests"
	"github.com/airlock-run/airlock/internal/testcache"
)

// What `airlock up` has moves to a cluster of three: jobs that wait, that are due later, that start again and again, and dead ones.
func TestUpMovesToACluster(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	binary, err := buildAirlock()
	if err != nil {
		t.Fatal(err)
	}
	home, backup := testcache.DataDir(t), filepath.Join(t.TempDir(), "backup")
	up := start(t, binary, "up", "--data-dir", home)
	conn := reach(ctx, t, bus.Config{Socket: filepath.Join(home, bus.SocketName)})
	bustest.AllowUnlisted(t, conn)
	airlock(t, "extension", "load", guests.Build(t, "family"), "--data-dir", home)
	library := uuid.New()
	submit := func(name, input string, more func(*bus.Job)) uuid.UUID {
		job := &bus.Job{Extension: "family", Name: name, Library: library, Input: json.RawMessage(input)}
		if more != nil {
			more(job)
		}
		if err := conn.Enqueue(ctx, job); err != nil {
			t.Fatal(err)
		}
		return job.ID
	}
	dead := submit("nap", `{"naps":1,"for":"0s"}`, func(j *bus.Job) { j.MaxAttempts = 1 })
	endsAs(ctx, t, conn, dead, bus.StateDead)
	done := submit("fan", `{"leaves":3}`, nil)
	endsAs(ctx, t, conn, done, bus.StateCompleted)
	if err := conn.PauseExtension(ctx, "family"); err != nil {
		t.Fatal(err)
	}
	if err := conn.AddRecurring(ctx, &bus.Recurring{Name: "often", Spec: "@every 2s", Extension: "family", Job: "fan", Library: library, Input: json.RawMessage(`{"leaves":1}`)}); err != nil {
		t.Fatal(err)
	}
	waiting := submit("fan", `{"leaves":2}`, nil)
	due := time.Now().Add(15 * time.Second)
	delayed := submit("fan", `{"leaves":2}`, func(j *bus.Job) { j.Due = &due })
	airlock(t, "backup", backup, "--data-dir", home)
	conn.Close()
	_ = up.cmd.Process.Signal(syscall.SIGTERM)
	_ = up.cmd.Wait()

	c := startCluster(t, serverConfig{servers: 3, host: "127.0.0.1"}, nil)
	office := testcache.DataDir(t)
	c.database = filepath.Join(office, "airlock.db")
	c.untilRestored(ctx, backup)
	member := []string{"--nats-url", c.url, "--replicas", "3", "--data-dir"}
	for _, role := range [][]string{{"operations", office}, {"worker", testcache.DataDir(t)}, {"worker", testcache.DataDir(t)}} {
		p := start(t, binary, append(append([]string{role[0]}, member...), role[1])...)
		for !strings.Contains(p.output.tail(), "msg=ready") {
			select {
			case <-ctx.Done():
				t.Fatalf("%s is not ready", role[0])
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	allReplicated(ctx, t, c.url)
	if err := c.conn.ResumeExtension(ctx, "family"); err != nil {
		t.Fatal(err)
	}
	endsAs(ctx, t, c.conn, waiting, bus.StateCompleted)
	if run := endsAs(ctx, t, c.conn, delayed, bus.StateCompleted); run.StartedAt.Before(due) {
		t.Errorf("the delayed job began %s early", due.Sub(*run.StartedAt))
	}
	endsAs(ctx, t, c.conn, done, bus.StateCompleted)
	endsAs(ctx, t, c.conn, dead, bus.StateDead)
	if err := c.conn.RetryJob(ctx, dead, json.RawMessage(`{"naps":1,"for":"10ms"}`)); err != nil {
		t.Fatal(err)
	}
	endsAs(ctx, t, c.conn, dead, bus.StateCompleted)
	listed(ctx, t, c.url, []uuid.UUID{dead, done, waiting, delayed})
}

// reach connects to a process that is about to be ready.
func reach(ctx context.Context, t *testing.T, config bus.Config) *bus.Conn {
	t.Helper()
	for {
		conn, err := bus.Connect(config)
		if err == nil {
			t.Cleanup(conn.Close)
			if _, err = conn.QueueStatus(ctx); err == nil {
				return conn
			}
			conn.Close()
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func endsAs(ctx context.Context, t *testing.T, conn *bus.Conn, job uuid.UUID, state bus.State) *bus.Run {
	t.Helper()
	for {
		run, err := conn.Run(ctx, job)
		if err == nil && run.State == state {
			return run
		}
		select {
		case <-ctx.Done():
			t.Fatalf("job %s is not %s: %+v, %v", job, state, run, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// allReplicated waits until three servers keep each stream, and have all of it.
func allReplicated(ctx context.Context, t *testing.T, url string) {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	for {
		var behind []string
		all, n := js.ListStreams(ctx), 0
		for info := range all.Info() {
			n++
			current := info.Config.Replicas == 3 && info.Cluster != nil && len(info.Cluster.Replicas) == 2
			for _, replica := range infoReplicas(info) {
				current = current && replica.Current
			}
			if !current {
				behind = append(behind, info.Config.Name)
			}
		}
		if all.Err() == nil && n >= 17 && len(behind) == 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("of %d streams are not on three servers: %v, %v", n, behind, all.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func infoReplicas(info *jetstream.StreamInfo) []*jetstream.PeerInfo {
	if info.Cluster == nil {
		return nil
	}
	return info.Cluster.Replicas
}

// listed waits until the list of jobs, which is made anew, has jobs and three more, that a schedule has started.
func listed(ctx context.Context, t *testing.T, url string, ids []uuid.UUID) {
	t.Helper()
	for {
		out := airlock(t, "job", "list", "--nats-url", url, "--limit", "500", "--json")
		missing := slices.DeleteFunc(slices.Clone(ids), func(id uuid.UUID) bool { return strings.Contains(out, id.String()) })
		if len(missing) == 0 && strings.Count(out, `"job": "fan"`) >= 3+3 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("jobs %v are not listed, or no jobs of the schedule:\n%s", missing, out)
		case <-time.After(300 * time.Millisecond):
		}
	}
}
