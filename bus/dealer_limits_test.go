package bus_test

import (
	"context"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

// gauge counts what runs at once.
type gauge struct {
	mu      sync.Mutex
	running map[string]int
	most    map[string]int
}

func (g *gauge) add(key string, n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running[key] += n
	g.most[key] = max(g.most[key], g.running[key])
}

// However often the dealer changes, cleanly or not, no more jobs of an extension or of a library run at once than may.
func TestDealerKeepsLimits(t *testing.T) {
	t.Parallel()
	const perExtension, perLibrary = 5, 7
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	config := bus.DealerConfig{
		ExtensionLimit: func(extension string) int {
			if extension == "wide" {
				return 1000
			}
			return perExtension
		},
		LibraryLimit: perLibrary,
	}
	g := &gauge{running: map[string]int{}, most: map[string]int{}}
	var done atomic.Int64
	for _, name := range []string{"w1", "w2", "w3"} {
		work(t, bustest.Connect(t, server), name, 8, func(a *bus.Attempt) {
			extension, library := a.Job.Extension, a.Job.Library.String()
			g.add(extension, 1)
			g.add(library, 1)
			<-time.After(rand.N(20 * time.Millisecond))
			g.add(extension, -1)
			g.add(library, -1)
			if err := a.End(context.Background(), completed()); err != nil {
				t.Errorf("end: %v", err)
			}
			done.Add(1)
		})
	}
	libraries := []uuid.UUID{uuid.New(), uuid.New()}
	total := 0
	for _, library := range libraries {
		for _, extension := range []string{"narrow", "other", "wide"} {
			n := scale(100, 300)
			enqueueAll(t, conn, jobs(n, extension, library))
			total += n
		}
	}

	bad := bustest.NewProxy(t, server)
	dealers := []*bus.Conn{conn, bad.Connect(t), bustest.Connect(t, server)}
	for change, dealer := range dealers {
		stop := bustest.Deal(t, dealer, config)
		queueIs(t, conn, "dealt", func(s bus.QueueStatus) bool { return s.Running > 0 || s.Waiting == 0 })
		before := done.Load()
		for done.Load() < min(before+int64(total/6), int64(total)) {
			<-time.After(time.Millisecond)
		}
		switch change {
		case 0:
			stop()
		case 1:
			bad.Freeze() // its lease expires
		}
	}
	for deadline := time.Now().Add(time.Minute); done.Load() < int64(total); <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d jobs are done", done.Load(), total)
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	t.Logf("at most at once: %v", g.most)
	for _, extension := range []string{"narrow", "other"} {
		if g.most[extension] != perExtension {
			t.Errorf("at most %d of %s ran at once, want %d", g.most[extension], extension, perExtension)
		}
	}
	for _, library := range libraries {
		if g.most[library.String()] != perLibrary {
			t.Errorf("at most %d of a library ran at once, want %d", g.most[library.String()], perLibrary)
		}
	}
	bad.Heal()
}

// A job of one library does not wait for the many of another.
func TestDealerIsFair(t *testing.T) {
	t.Parallel()
	const slots = 4
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	bustest.Deal(t, conn, bus.DealerConfig{})
	many, one := uuid.New(), uuid.New()
	n := scale(2000, 20_000)
	if os.Getenv("AIRLOCK_PROOF") != "" {
		n = 100_000
	}
	enqueueAll(t, conn, jobs(n, "x", many))
	queueIs(t, conn, "full", func(s bus.QueueStatus) bool { return s.Waiting == n })

	attempts := dealt(t, conn, "w1", slots)
	for range 200 {
		end(t, next(t, attempts, 10*time.Second))
	}
	job := jobs(1, "x", one)[0]
	enqueue(t, conn, job)
	start := time.Now()
	queueIs(t, conn, "one more", func(s bus.QueueStatus) bool { return s.Waiting == n-200-slots+1 })
	for deals := 1; ; deals++ {
		a := next(t, attempts, 10*time.Second)
		end(t, a)
		if a.Job.ID == job.ID {
			t.Logf("dealt as the %dth, after %s, with %d others in the queue", deals, time.Since(start), n-200)
			return
		}
		if deals > 2*slots {
			t.Fatalf("%d jobs of the other library were dealt before it", deals)
		}
	}
}

// High goes before normal and low, and starves neither.
func TestDealerGoesByPriority(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	bustest.Deal(t, conn, bus.DealerConfig{})
	library := uuid.New()
	for _, priority := range []bus.Priority{bus.Low, bus.Normal, bus.High} {
		batch := jobs(100, "x", library)
		for _, job := range batch {
			job.Priority = priority
		}
		enqueueAll(t, conn, batch)
	}
	queueIs(t, conn, "full", func(s bus.QueueStatus) bool { return s.Waiting == 300 })
	attempts := dealt(t, conn, "w1", 1)
	counts := map[bus.Priority]int{}
	for range 84 {
		a := next(t, attempts, 10*time.Second)
		counts[a.Job.Priority]++
		end(t, a)
	}
	for priority, want := range map[bus.Priority]int{bus.High: 64, bus.Normal: 16, bus.Low: 4} {
		if n := counts[priority]; n < want-1 || n > want+1 {
			t.Errorf("%d of 84 are %s, want about %d: %v", n, priority, want, counts)
		}
	}
}
