package reliability_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/internal/guests"
	"github.com/airlock-run/airlock/internal/testcache"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/store"
)

const (
	// effects is how many effects a job has besides its ticks, ticks how often it makes the same call.
	effects = 9
	ticks   = 3
	// rest is for how long at most a job rests after each effect.
	rest = 100 * time.Millisecond
)

// cluster is what is to survive.
type cluster struct {
	t        *testing.T
	url      string
	servers  []*server
	conn     *bus.Conn
	ledger   *ledger
	replicas int
	// database is the file of the operation's database.
	database string
	// stopServing ends the operation.
	stopServing func()

	mu      sync.Mutex
	workers []*worker
	// outcomes are those of each job, by the revision of the record: the same one may be seen more than once.
	outcomes map[uuid.UUID]map[uint64]bus.State
}

// worker is a worker process, perhaps in a network of its own.
type worker struct {
	*process
	network *network
}

// newCluster starts servers, the operation whose effects the ledger counts, and installs the guest.
func newCluster(t *testing.T, config serverConfig) *cluster {
	t.Helper()
	c := startCluster(t, config, startLedger(t))
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(200 * time.Millisecond) { // a cluster takes a moment
		trying, stop := context.WithTimeout(t.Context(), 5*time.Second) // what is asked before there is a leader is not answered
		err := c.conn.Setup(trying)
		stop()
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("set up: %v", err)
		}
	}
	bustest.AllowUnlisted(t, c.conn)
	c.stopServing = c.serve()
	airlock(t, "extension", "load", guests.Build(t, "restless"), "--nats-url", c.url, "--data-dir", testcache.DataDir(t))
	return c
}

// startCluster starts servers that have nothing yet.
func startCluster(t *testing.T, config serverConfig, ledger *ledger) *cluster {
	t.Helper()
	c := &cluster{
		t: t, servers: startServers(t, config), ledger: ledger, replicas: config.servers, outcomes: map[uuid.UUID]map[uint64]bus.State{},
		database: filepath.Join(t.TempDir(), "store.db"),
	}
	c.url = urls(c.servers)
	var err error
	if c.conn, err = bus.Connect(bus.Config{URL: c.url, Replicas: c.replicas, ConnectTimeout: 5 * time.Second}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.conn.Close)
	return c
}

// serve serves the operation. What it does at the ledger is part of the effect: it happens before the record of it is on disk.
func (c *cluster) serve() (stop func()) {
	c.t.Helper()
	db, err := store.Open(c.t.Context(), c.database)
	if err != nil {
		c.t.Fatal(err)
	}
	type input struct {
		Effect string `json:"effect"`
	}
	effect := operations.Action("test.effect", func(ctx context.Context, _ *store.Tx, call *bus.Call, in input) (struct{}, error) {
		return struct{}{}, c.ledger.note(context.WithoutCancel(ctx), call.Job.String()+" "+in.Effect)
	})
	service, err := operations.Serve(c.conn, operations.Config{Name: "test", Store: db}, effect)
	if err != nil {
		c.t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		_ = service.Stop()
		_ = db.Close()
	})
	c.t.Cleanup(stop)
	return stop
}

// startWorker starts a worker process; network is nil for one of this network.
func (c *cluster) startWorker(network *network) *worker {
	c.t.Helper()
	binary, err := buildAirlock()
	if err != nil {
		c.t.Fatal(err)
	}
	args := []string{"worker", "--nats-url", c.url, "--data-dir", testcache.DataDir(c.t), "--slots", "8", "--replicas", strconv.Itoa(c.replicas), "--call-timeout", "10s"}
	if network != nil {
		binary, args = "ip", append([]string{"netns", "exec", network.name, binary}, args...)
	}
	w := &worker{process: start(c.t, binary, args...), network: network}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.workers = append(c.workers, w)
	return w
}

// replace kills a worker and starts another in its place.
func (c *cluster) replace(i int) {
	c.mu.Lock()
	w := c.workers[i]
	c.workers = append(c.workers[:i:i], c.workers[i+1:]...)
	c.mu.Unlock()
	w.kill()
	c.startWorker(w.network)
}

// submit enqueues n jobs, however often that takes, and follows what becomes of them.
func (c *cluster) submit(ctx context.Context, n int) []uuid.UUID {
	c.t.Helper()
	var jobs []*bus.Job
	ids := make([]uuid.UUID, n)
	libraries := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
	for i := range ids {
		ids[i] = uuid.New()
		jobs = append(jobs, &bus.Job{
			ID: ids[i], Extension: "restless", Name: "effects", Library: libraries[i%3],
			Input: fmt.Appendf(nil, `{"effects":%d,"sleep":%d}`, effects, rest.Milliseconds()),
		})
	}
	var following sync.WaitGroup
	c.t.Cleanup(following.Wait)
	following.Go(func() {
		for ctx.Err() == nil {
			_ = c.conn.FollowRuns(ctx, "ledger", func(_ context.Context, run *bus.Run) error {
				if run.State.Ended() {
					c.mu.Lock()
					defer c.mu.Unlock()
					if c.outcomes[run.Job] == nil {
						c.outcomes[run.Job] = map[uint64]bus.State{}
					}
					c.outcomes[run.Job][run.Revision()] = run.State
				}
				return nil
			})
			<-time.After(100 * time.Millisecond)
		}
	})
	for len(jobs) > 0 {
		part := jobs[:min(len(jobs), 20)]
		_, err := c.conn.EnqueueMany(ctx, part)
		if ctx.Err() != nil {
			c.t.Fatalf("not all jobs are enqueued: %v", err)
		}
		if err == nil {
			jobs = jobs[len(part):]
		}
	}
	return ids
}

// finish waits until all jobs have ended.
func (c *cluster) finish(ctx context.Context, ids []uuid.UUID) {
	c.t.Helper()
	var newest error
	for {
		left := 0
		runs, err := c.conn.Runs(ctx, ids)
		for _, id := range ids {
			if runs[id] == nil || !runs[id].State.Ended() {
				left++
			}
		}
		if err == nil && left == 0 {
			return
		}
		if ctx.Err() == nil {
			newest = err
		}
		select {
		case <-ctx.Done():
			for _, id := range ids {
				if runs[id] == nil || !runs[id].State.Ended() {
					c.t.Logf("job %s: %+v", id, runs[id])
				}
			}
			status, asked := c.conn.QueueStatus(context.WithoutCancel(ctx))
			c.t.Fatalf("%d jobs have not ended; the queue: %+v; %v", left, status, errors.Join(newest, err, asked))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// check holds what happened against what is promised.
func (c *cluster) check(ids []uuid.UUID) {
	c.t.Helper()
	runs, err := c.conn.Runs(c.t.Context(), ids)
	if err != nil {
		c.t.Fatal(err)
	}
	attempts, lost, failures := uint64(0), 0, 0
	for _, id := range ids {
		run := runs[id]
		if run.State != bus.StateCompleted {
			c.t.Errorf("job %s is %s: %+v", id, run.State, run.Errors)
		}
		attempts += run.Attempt
		lost += run.Lost
		failures += run.Failures
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, states := range c.outcomes {
		if len(states) != 1 {
			c.t.Errorf("job %s has the outcomes %v", id, states)
		}
	}
	counts := c.ledger.counts(c.t)
	for _, id := range ids {
		want := map[string]int{id.String() + " tick": ticks}
		for i := range effects {
			want[fmt.Sprintf("%s e%d", id, i)] = 1
		}
		for effect, n := range want {
			if counts[effect] != n {
				c.t.Errorf("effect %s happened %d times, want %d", effect, counts[effect], n)
			}
			delete(counts, effect)
		}
	}
	for effect, n := range counts {
		c.t.Errorf("effect %s, which nobody wanted, happened %d times", effect, n)
	}
	c.t.Logf("%d jobs, %d effects; %d attempts, %d of them lost and %d failed", len(ids), len(ids)*(effects+ticks), attempts, lost, failures)
}
