package bus

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// hold takes the lease as lead does, and returns it.
func hold(t *testing.T, conn *Conn) *lease {
	t.Helper()
	l := &lease{conn: conn, name: "test", holder: "h"}
	if err := l.take(t.Context()); err != nil {
		t.Fatalf("take: %v", err)
	}
	return l
}

// Many want the lease and give it back after a moment: one at a time has it, each time with a greater epoch.
func TestLeaseHasOneHolder(t *testing.T) {
	t.Parallel()
	server, _ := startBus(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var inside, terms atomic.Int64
	var newest atomic.Uint64
	var wg sync.WaitGroup
	for range 4 {
		conn := connectTo(t, server)
		wg.Go(func() {
			for ctx.Err() == nil { // each time as a process that stops and another that starts
				one, cancel := context.WithCancel(ctx)
				conn.lead(one, "test", "h", func(ctx context.Context, l *lease) error {
					if n := inside.Add(1); n != 1 {
						t.Errorf("%d hold the lease", n)
					}
					if before := newest.Swap(l.epoch); before >= l.epoch {
						t.Errorf("epoch %d comes after %d", l.epoch, before)
					}
					select {
					case <-ctx.Done():
					case <-time.After(20 * time.Millisecond):
					}
					inside.Add(-1)
					if terms.Add(1) == 12 {
						stop()
					}
					cancel()
					return nil
				})
				cancel()
			}
		})
	}
	wg.Wait()
	if terms.Load() < 12 {
		t.Errorf("only %d terms", terms.Load())
	}
}

func TestLeaseTellsHowItWasGivenUp(t *testing.T) {
	t.Parallel()
	_, conn := startBus(t)
	first := hold(t, conn)
	if first.unclean {
		t.Error("nobody held it before, and it is said to have been lost")
	}
	first.release(true)
	second := hold(t, conn)
	if second.unclean {
		t.Error("it was given back, and is said to have been lost")
	}
	second.release(false)
	third := hold(t, conn)
	if !third.unclean {
		t.Error("it was lost, and is said to have been given back")
	}
	third.release(true)
	if fourth := hold(t, conn); fourth.unclean {
		t.Error("a loss of long ago counts still")
	}
}

// A holder that cannot renew gives up before another may take it.
func TestLeaseIsGivenUpInTime(t *testing.T) {
	t.Parallel()
	server, conn := startBus(t)
	other := connectTo(t, server)
	l := hold(t, conn)
	taken := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	l.name = "elsewhere" // so that its renewals are refused, and the lease is not renewed
	ended := make(chan time.Duration, 1)
	go func() {
		_ = l.renew(ctx)
		ended <- time.Since(taken)
	}()
	next := &lease{conn: other, name: "test", holder: "h2"}
	for next.take(ctx) != nil {
		if ctx.Err() != nil {
			t.Fatal("nobody can take it")
		}
		<-time.After(20 * time.Millisecond)
	}
	took := time.Since(taken)
	if gaveUp := <-ended; gaveUp > took {
		t.Errorf("given up after %s, taken by another after %s", gaveUp, took)
	}
	if took < leaseTime-leaseSafety || took > leaseTime+2*time.Second {
		t.Errorf("taken by another after %s, want about %s", took, leaseTime)
	}
	if !next.unclean || next.epoch <= l.epoch {
		t.Errorf("unclean %v, epoch %d after %d", next.unclean, next.epoch, l.epoch)
	}
}

// Whoever held it on an embedded server that was started again is gone: it is free at once.
func TestLeaseOfAnotherBoot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var epoch uint64
	for boot := range 2 {
		server, err := StartServer(t.Context(), ServerConfig{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		conn, err := Connect(Config{Server: server})
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Setup(t.Context()); err != nil {
			t.Fatal(err)
		}
		l := hold(t, conn)
		if l.unclean != (boot == 1) || l.epoch <= epoch {
			t.Errorf("boot %d: unclean %v, epoch %d after %d", boot, l.unclean, l.epoch, epoch)
		}
		epoch = l.epoch
		conn.Close()
		server.Stop()
	}
}
