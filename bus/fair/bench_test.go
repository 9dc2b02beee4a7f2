package fair

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/google/uuid"
)

// Push, Next and Done of one job.
func BenchmarkQueue(b *testing.B) {
	for _, c := range []struct {
		name                                  string
		extensions, libraries, waiting, limit int
		perLibrary                            int
	}{
		{"one lane, empty", 1, 1, 0, 1000, 0},
		{"one lane, 100000 waiting", 1, 1, 100_000, 1000, 0},
		{"50 extensions x 200 libraries, limit 10", 50, 200, 3, 10, 0},
		{"50 extensions x 200 libraries, limit 10 and 3 a library", 50, 200, 3, 10, 3},
		{"10000 libraries, one extension, limit 10", 1, 10_000, 3, 10, 0},
		{"50 extensions x 10000 libraries, limit 10", 50, 10_000, 1, 10, 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			lim := limits{extension: map[string]int{}, library: map[uuid.UUID]int{}}
			q := New[[5]uint64](lim)
			r := rand.New(rand.NewPCG(1, 1))
			var last Lane
			for i := range c.extensions {
				lim.extension[fmt.Sprint("e", i)] = c.limit
			}
			for range c.libraries {
				last.Library = uuid.New()
				if c.perLibrary > 0 {
					lim.library[last.Library] = c.perLibrary
				}
				for i := range c.extensions {
					last.Extension, last.Priority = fmt.Sprint("e", i), 1
					for range c.waiting {
						q.Push(last, [5]uint64{})
					}
				}
			}
			var running []Lane
			for c.waiting > 0 {
				from, _, ok := q.Next()
				if !ok {
					break
				}
				running = append(running, from)
			}
			step := func() {
				l := &last
				if len(running) > 0 {
					l = &running[r.IntN(len(running))]
					q.Done(l.Extension, l.Library)
				}
				q.Push(*l, [5]uint64{})
				next, _, ok := q.Next()
				if !ok {
					b.Fatal("nothing is dealt")
				}
				if *l = next; len(running) == 0 {
					q.Done(l.Extension, l.Library)
				}
			}
			for range 100_000 {
				step()
			}
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
		})
	}
}

// BenchmarkMemory says how much a waiting job takes beyond itself.
func BenchmarkMemory(b *testing.B) {
	type payload [5]uint64
	for _, c := range []struct{ libraries, waiting int }{{1, 1_000_000}, {1000, 1000}, {100_000, 1}} {
		b.Run(fmt.Sprintf("%d libraries with %d each", c.libraries, c.waiting), func(b *testing.B) {
			for b.Loop() {
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				q := New[payload](noLimits{})
				for i := range c.libraries {
					for range c.waiting {
						q.Push(Lane{"e", 1, uuid.UUID{byte(i), byte(i >> 8), byte(i >> 16)}}, payload{})
					}
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(q.Len())-40, "B/waiting")
				runtime.KeepAlive(q)
			}
		})
	}
}
