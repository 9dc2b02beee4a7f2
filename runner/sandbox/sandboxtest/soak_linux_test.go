//go:build soak

package sandboxtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/internal/guests"
	"github.com/airlock-run/airlock/internal/testcache"
	"github.com/airlock-run/airlock/runner/sandbox"
	"github.com/airlock-run/airlock/runner/sandbox/sandboxtest"
)

// soakJobs is how many jobs are run unless SOAK_JOBS says otherwise; soakFirst of ten of them are run before it is measured
// for the first time.
const soakJobs, soakFirst = 1_000_000, 10

// soakGrowth is by how much what the process holds may grow after that, in percent.
const soakGrowth = 5

// soaked is a job of the soak: what it is and whether it is to fail.
type soaked struct {
	module *sandbox.Module
	input  sandbox.Input
	fails  string
	limit  time.Duration
}

// chatty answers calls with as many bytes as the payload says, which is how guests that lie about room are asked for it.
type chatty struct{ sandboxtest.Host }

func (chatty) Call(context.Context, sandbox.Call) json.RawMessage {
	return json.RawMessage(`"` + strings.Repeat("x", 994) + `"`)
}

// A million jobs of mixed guests, of which every tenth fails, in each way there is: what the process holds stays.
func TestSoak(t *testing.T) { //nolint:paralleltest // measures the process
	jobs := soakJobs
	if text := os.Getenv("SOAK_JOBS"); text != "" {
		var err error
		if jobs, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	engine, err := sandbox.NewEngine(sandbox.Config{CacheDir: filepath.Join(testcache.Dir(t), "guests")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	good, bad := soakedJobs(t, engine)

	table := &strings.Builder{}
	w := tabwriter.NewWriter(table, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "jobs\tjobs/s\tRSS KB\tPSS KB\tGo heap KB\tmappings\tgoroutines\t")
	done := 0
	stretch := func(until int) held {
		start := time.Now()
		soak(t, done, until, good, bad)
		rate := float64(until-done) / time.Since(start).Seconds()
		done = until
		h := measure(t)
		fmt.Fprintf(w, "%d\t%.0f\t%d\t%d\t%d\t%d\t%d\t\n", done, rate, h.rss, h.pss, h.heap, h.mappings, h.goroutines)
		return h
	}
	first := stretch(jobs / soakFirst)
	stretch(jobs / 2)
	last := stretch(jobs)
	_ = w.Flush()
	t.Log("\n" + table.String())
	for what, values := range map[string][2]int{
		"RSS": {first.rss, last.rss}, "PSS": {first.pss, last.pss}, "mappings": {first.mappings, last.mappings}, "goroutines": {first.goroutines, last.goroutines},
	} {
		if values[1]*100 > values[0]*(100+soakGrowth) {
			t.Errorf("%s grew from %d to %d", what, values[0], values[1])
		}
	}
}

// soakedJobs prepares the guests.
func soakedJobs(t *testing.T, engine *sandbox.Engine) (good, bad []soaked) {
	t.Helper()
	load := func(file string, memory uint64) *sandbox.Module {
		wasm, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := engine.Prepare(t.Context(), wasm, sandbox.Options{MaxMemory: memory})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = m.Close(context.Background()) })
		return m
	}
	small, lies := load("../testdata/guest.wasm", 4<<20), load("../testdata/hostile.wasm", 4<<20)
	loops, recursion, growth := load("hostile/loops.wasm", 1<<20), load("hostile/recursion.wasm", 1<<20), load("hostile/growth.wasm", 4<<20)
	counter := load(filepath.Join(guests.Build(t, "counter"), "counter.wasm"), 64<<20)
	panicky := load(filepath.Join(guests.Build(t, "panicky"), "panicky.wasm"), 64<<20)

	id := uuid.New()
	job := func(m *sandbox.Module, name, state string) soaked {
		return soaked{module: m, limit: time.Minute, input: sandbox.Input{
			JobID: id, Job: name, State: []byte(state),
			Context: []byte(`{"job_id":"` + id.String() + `","library_id":"` + uuid.NewString() + `"}`),
		}}
	}
	for range 4 { // the others are fewer: it is a mixture
		good = append(good, job(small, "empty", ""), job(small, "tell", ""), job(small, "call", "query:test.ping\n{}"), job(small, "print", ""), job(small, "dirty", ""))
	}
	good = append(good, job(small, "grow", ""), job(counter, "counter", `{"current":0,"target":3,"processed":[]}`), job(lies, "nothing", strings.Repeat("x", 1006)))

	fails := func(s soaked, want string) {
		s.fails = want
		bad = append(bad, s)
	}
	fails(job(small, "trap", ""), "the guest trapped: unreachable")
	fails(job(small, "exit", ""), "the guest exited with code 7")
	fails(job(small, "recurse", ""), "limit of call depth")
	fails(job(recursion, "endless_pair", ""), "limit of call depth")
	fails(job(growth, "trap_at_limit", ""), "limit of memory")
	fails(job(small, "bad_log", ""), "spacedrive_log: text at ")
	fails(job(small, "other_job", ""), "is not that of the running job")
	fails(job(panicky, panicky.Jobs()[0].Name, "{}"), "")
	for _, length := range []int{1000, 1001, 1003, 1004, 1005} {
		fails(job(lies, "nothing", strings.Repeat("x", length)), "")
	}
	fuel := job(loops, "tight", "")
	fuel.input.Limits.Fuel = 50_000
	fails(fuel, "limit of fuel")
	calls := job(small, "asked", "")
	calls.input.Limits.HostCalls = 100
	fails(calls, "limit of host calls")
	late := job(recursion, "twice", "")
	late.limit = 200 * time.Microsecond
	fails(late, context.DeadlineExceeded.Error())
	return good, bad
}

// soak runs the jobs of the numbers from one on up to another one.
func soak(t *testing.T, from, until int, good, bad []soaked) {
	t.Helper()
	var next atomic.Int64
	next.Store(int64(from))
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= until || t.Failed() {
					return
				}
				s := good[n%len(good)]
				if n%10 == 0 {
					s = bad[n/10%len(bad)]
				}
				if err := s.run(); (err != nil) != (n%10 == 0) || err != nil && !strings.Contains(err.Error(), s.fails) {
					t.Errorf("job %s: %v, want %q", s.input.Job, err, s.fails)
				}
			}
		})
	}
	wg.Wait()
}

func (s *soaked) run() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.limit)
	defer cancel()
	_, err := s.module.Run(ctx, s.input, chatty{})
	return err
}

// held is what the process holds.
type held struct{ rss, pss, heap, mappings, goroutines int }

func measure(t *testing.T) held {
	t.Helper()
	debug.FreeOSMemory()
	debug.FreeOSMemory() // what finalizers let go of
	rollup, err := os.ReadFile("/proc/self/smaps_rollup")
	if err != nil {
		t.Fatal(err)
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	h := held{mappings: bytes.Count(maps, []byte("\n")), goroutines: runtime.NumGoroutine()}
	for line := range strings.Lines(string(rollup)) {
		_, _ = fmt.Sscanf(line, "Rss: %d", &h.rss)
		_, _ = fmt.Sscanf(line, "Pss: %d", &h.pss)
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	h.heap = int(stats.HeapInuse >> 10) //nolint:gosec // far below
	return h
}
