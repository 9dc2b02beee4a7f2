package reliability_test

import (
	"context"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/testcache"
	"github.com/airlock-run/airlock/operations/store"
)

// A backup is taken while jobs run and workers are killed. Then all is destroyed, and restored elsewhere. Every job that was accepted before the
// backup began ends once, and each effect that the database of the backup does not have happens once more, and no other.
func TestBackupIsRestored(t *testing.T) {
	t.Parallel()
	for name, servers := range map[string]int{"one server": 1, "a cluster of three": 3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			restoreElsewhere(t, servers)
		})
	}
}

func restoreElsewhere(t *testing.T, servers int) {
	t.Helper()
	n := size(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute+time.Duration(n)*400*time.Millisecond)
	defer cancel()
	old := newCluster(t, serverConfig{servers: 1, host: "127.0.0.1"})
	for range 3 {
		old.startWorker(nil)
	}
	following, unfollow := context.WithCancel(ctx)
	defer unfollow()
	ids := old.submit(following, n)
	old.ended(ctx, ids, n/4)
	calm, stop := context.WithCancel(ctx)
	killed := make(chan struct{})
	go func() {
		defer close(killed)
		killWorkers(calm, old)
	}()
	dir := filepath.Join(t.TempDir(), "backup")
	began := time.Now()
	t.Log(airlock(t, "backup", dir, "--nats-url", old.url, "--database-url", old.database, "--data-dir", testcache.DataDir(t)))
	t.Logf("the backup took %s", time.Since(began).Round(time.Millisecond))
	old.ended(ctx, ids, n/2) // it goes on after that, which is lost
	stop()
	<-killed
	unfollow()
	for _, w := range old.workers {
		w.kill()
	}
	old.stopServing()
	old.conn.Close()
	for _, s := range old.servers {
		s.kill()
	}
	happened := old.ledger.counts(t)

	c := startCluster(t, serverConfig{servers: servers, host: "127.0.0.1"}, old.ledger)
	restored := time.Now()
	c.untilRestored(ctx, dir)
	t.Logf("the restore took %s", time.Since(restored).Round(time.Millisecond))
	kept := effectsOf(t, filepath.Join(dir, "database.sqlite"))
	c.stopServing = c.serve()
	for range 3 {
		c.startWorker(nil)
	}
	c.finish(ctx, ids)
	runs, err := c.conn.Runs(ctx, ids)
	if err != nil {
		t.Fatal(err)
	}
	counts := c.ledger.counts(t)
	again := 0
	for _, id := range ids {
		if run := runs[id]; run.State != bus.StateCompleted {
			t.Errorf("job %s is %s: %+v", id, run.State, run.Errors)
		}
		before, after := 0, 0
		for effect, n := range counts {
			if strings.HasPrefix(effect, id.String()) {
				before += happened[effect]
				after += n
				if n > 2*ticks || !strings.HasSuffix(effect, "tick") && n > 2 {
					t.Errorf("effect %s happened %d times", effect, n)
				}
			}
		}
		// What the database of the backup has is not done again, and all else is done.
		if want := before + effects + ticks - kept[id]; after != want {
			t.Errorf("job %s had %d effects before, %d of them in the backup, and has %d now, want %d", id, before, kept[id], after, want)
		}
		again += after - effects - ticks
	}
	t.Logf("%d jobs, %d effects that happened after the backup happened again", len(ids), again)
	if done := effectsOf(t, c.database); len(done) != n {
		t.Errorf("%d jobs have effects in the database", len(done))
	}
	for id, n := range effectsOf(t, c.database) {
		if n != effects+ticks {
			t.Errorf("job %s has %d effects in the database, want %d", id, n, effects+ticks)
		}
	}
	c.settles(ctx)
}

// untilRestored restores a backup, once the servers of a cluster have found each other.
func (c *cluster) untilRestored(ctx context.Context, dir string) {
	c.t.Helper()
	for {
		asking, stop := context.WithTimeout(ctx, 5*time.Second)
		err := c.conn.CheckEmpty(asking)
		stop()
		if err == nil {
			break
		}
		select {
		case <-ctx.Done():
			c.t.Fatal(err)
		case <-time.After(200 * time.Millisecond):
		}
	}
	c.t.Log(airlock(c.t, "restore", dir, "--nats-url", c.url, "--database-url", c.database, "--data-dir", testcache.DataDir(c.t), "--replicas", strconv.Itoa(c.replicas)))
}

// ended waits until so many jobs have ended.
func (c *cluster) ended(ctx context.Context, ids []uuid.UUID, n int) {
	c.t.Helper()
	for {
		ended := 0
		runs, _ := c.conn.Runs(ctx, ids)
		for _, run := range runs {
			if run.State.Ended() {
				ended++
			}
		}
		if ended >= n {
			return
		}
		select {
		case <-ctx.Done():
			c.t.Fatalf("%d of %d jobs have ended", ended, n)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// settles waits until the queue is empty.
func (c *cluster) settles(ctx context.Context) {
	c.t.Helper()
	var status bus.QueueStatus
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); <-time.After(100 * time.Millisecond) {
		var err error
		if status, err = c.conn.QueueStatus(ctx); err == nil && status.Waiting+status.Running+status.Held == 0 {
			return
		}
	}
	c.t.Errorf("the queue: %+v", status)
}

// effectsOf is how many effects a database has of each job.
func effectsOf(t *testing.T, database string) map[uuid.UUID]int {
	t.Helper()
	db, err := store.Inspect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	counts := map[uuid.UUID]int{}
	err = db.Read(t.Context(), func(tx *store.Tx) error {
		clear(counts)
		return tx.Query(t.Context(), func(scan func(...any) error) error {
			var job uuid.UUID
			err := scan(&job)
			counts[job]++
			return err
		}, `SELECT job_id FROM calls`)
	})
	if err != nil {
		t.Fatal(err)
	}
	return counts
}
