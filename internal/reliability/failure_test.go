package reliability_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// trouble does something bad, again and again, until its context ends. It leaves nothing broken.
type trouble func(ctx context.Context, c *cluster)

// wait waits and tells whether there is time for more.
func wait(ctx context.Context, least, most time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(least + rand.N(most-least)):
		return true
	}
}

// killWorkers kills a worker at random moments and starts another.
func killWorkers(ctx context.Context, c *cluster) {
	kills := 0
	for wait(ctx, 500*time.Millisecond, 4*time.Second) {
		c.mu.Lock()
		n := len(c.workers)
		c.mu.Unlock()
		c.replace(rand.IntN(n))
		kills++
	}
	c.t.Logf("%d workers were killed", kills)
}

// killServers kills a server at random moments and starts it again after a while.
func killServers(ctx context.Context, c *cluster) {
	kills := 0
	for wait(ctx, 2*time.Second, 5*time.Second) {
		s := c.servers[rand.IntN(len(c.servers))]
		s.kill()
		wait(ctx, 100*time.Millisecond, 2*time.Second)
		s.start()
		kills++
		if len(c.servers) > 1 { // a cluster bears the loss of one: until it has caught up, another would be the second
			wait(ctx, 4*time.Second, 6*time.Second)
		}
	}
	c.t.Logf("servers were killed %d times", kills)
}

// cutNetworks cuts the network of one worker after the other, for moments and for longer than a worker may be silent.
func cutNetworks(ctx context.Context, c *cluster) {
	cuts := 0
	for wait(ctx, 500*time.Millisecond, 2*time.Second) {
		c.mu.Lock()
		w := c.workers[rand.IntN(len(c.workers))]
		c.mu.Unlock()
		w.network.cut(c.t)
		wait(ctx, 200*time.Millisecond, 9*time.Second)
		w.network.mend(c.t)
		cuts++
	}
	c.t.Logf("networks were cut %d times", cuts)
}

// survive runs jobs while there is trouble, and checks what is promised.
func survive(t *testing.T, c *cluster, troubles ...trouble) {
	t.Helper()
	n := size(t)
	limit := 2*time.Minute + time.Duration(n)*400*time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	start := time.Now()
	var causing sync.WaitGroup
	// A few jobs have ten seconds of trouble; of many, nine in ten end in it.
	calm, stop := context.WithTimeout(ctx, max(10*time.Second, time.Duration(n)*300*time.Millisecond-20*time.Second))
	defer causing.Wait()
	defer stop()
	for _, cause := range troubles {
		causing.Go(func() { cause(calm, c) })
	}
	ids := c.submit(ctx, n)
	for {
		runs, err := c.conn.Runs(ctx, ids)
		ended := 0
		for _, run := range runs {
			if run.State.Ended() {
				ended++
			}
		}
		if err == nil && ended >= n*9/10 || calm.Err() != nil {
			break
		}
		<-time.After(100 * time.Millisecond)
	}
	stop()
	causing.Wait()
	c.finish(ctx, ids)
	c.check(ids)
	t.Logf("all of it took %s", time.Since(start).Round(time.Millisecond))
	<-time.After(time.Second) // nothing comes after the end
	status, err := c.conn.QueueStatus(ctx)
	if err != nil || status.Waiting+status.Running+status.Held != 0 {
		t.Errorf("the queue: %+v, %v", status, err)
	}
	cancel()
}

func durabilities(t *testing.T, test func(t *testing.T, relaxed bool)) {
	t.Helper()
	for name, relaxed := range map[string]bool{"synced": false, "relaxed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, relaxed)
		})
	}
}

func TestWorkersAreKilled(t *testing.T) {
	t.Parallel()
	durabilities(t, func(t *testing.T, relaxed bool) {
		c := newCluster(t, serverConfig{servers: 1, host: "127.0.0.1", relaxed: relaxed})
		for range 3 {
			c.startWorker(nil)
		}
		survive(t, c, killWorkers)
	})
}

func TestServerIsKilled(t *testing.T) {
	t.Parallel()
	durabilities(t, func(t *testing.T, relaxed bool) {
		c := newCluster(t, serverConfig{servers: 1, host: "127.0.0.1", relaxed: relaxed})
		for range 3 {
			c.startWorker(nil)
		}
		survive(t, c, killServers, killWorkers)
	})
}

func TestNetworksAreCut(t *testing.T) {
	t.Parallel()
	networks := []*network{newNetwork(t), newNetwork(t), newNetwork(t)}
	c := newCluster(t, serverConfig{servers: 1, host: "0.0.0.0"})
	for _, network := range networks {
		url := c.url
		c.url = "nats://" + network.host + url[len("nats://0.0.0.0"):]
		c.startWorker(network)
		c.url = url
	}
	survive(t, c, cutNetworks)
}

func TestClusterLosesServers(t *testing.T) {
	t.Parallel()
	durabilities(t, func(t *testing.T, relaxed bool) {
		c := newCluster(t, serverConfig{servers: 3, host: "127.0.0.1", relaxed: relaxed})
		for range 3 {
			c.startWorker(nil)
		}
		survive(t, c, killServers, killWorkers)
	})
}
