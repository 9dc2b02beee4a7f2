package sandbox_test

import (
	"context"
	_ "embed"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/airlock-run/airlock/runner/sandbox"
)

//go:embed testdata/stop.wasm
var endless []byte

// late is how long after its deadline a guest may go on, on a machine that has other things to do.
const late = time.Second

// runUntil runs a job that does not end by itself and returns how long after the deadline it was stopped.
func runUntil(t *testing.T, m *sandbox.Module, job string, after time.Duration) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), after)
	defer cancel()
	deadline, _ := ctx.Deadline()
	if _, err := run(ctx, m, job, "", &recorder{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%s: error is %v, want deadline exceeded", job, err)
	}
	return time.Since(deadline)
}

// Nothing else runs meanwhile: it is about time.
func TestGuestsAreStopped(t *testing.T) { //nolint:paralleltest // measures time
	for name, interpreter := range map[string]bool{"compiler": false, "interpreter": true} {
		m := prepareOn(t, newEngine(t, interpreter), endless)
		for _, job := range m.Jobs() {
			if job.Name == "count" {
				continue
			}
			t.Run(name+"/"+job.Name, func(t *testing.T) {
				took := runUntil(t, m, job.Name, 20*time.Millisecond)
				if t.Logf("stopped %s after the deadline", took); took > late {
					t.Errorf("that is more than %s", late)
				}
			})
		}
	}
}

// Guests that are stopped for another reason than time say which.
func TestGuestsAreStoppedForAReason(t *testing.T) {
	t.Parallel()
	gone := errors.New("the worker goes")
	eachEngine(t, func(t *testing.T, engine *sandbox.Engine) {
		m := prepareOn(t, engine, endless)
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(gone)
		if _, err := run(ctx, m, "tight", "", &recorder{}); !errors.Is(err, gone) {
			t.Errorf("cancelled before: error is %v, want %v", err, gone)
		}
		ctx, cancel = context.WithCancelCause(t.Context())
		timer := time.AfterFunc(20*time.Millisecond, func() { cancel(gone) })
		defer timer.Stop()
		if _, err := run(ctx, m, "tight", "", &recorder{}); !errors.Is(err, gone) {
			t.Errorf("cancelled meanwhile: error is %v, want %v", err, gone)
		}
	})
}

// A guest that comes to its end is not stopped, however many checks it passes.
func TestGuestsThatEndAreNotStopped(t *testing.T) {
	t.Parallel()
	m := prepareOn(t, newEngine(t, false), endless)
	if result, err := run(t.Context(), m, "count", "", &recorder{}); err != nil || result.ExitCode != 0 {
		t.Fatalf("exit code %d, %v", result.ExitCode, err)
	}
}

// Guests on all processors leave the rest of the process its turn: timers, which are what ends them, and the garbage
// collector, which waits until all goroutines stand still. Nothing else runs meanwhile, so that there are enough of them.
func TestGuestsInLoopsLeaveOthersTheirTurn(t *testing.T) { //nolint:paralleltest // measures the whole process
	m := prepareOn(t, newEngine(t, false), endless)
	for _, job := range []string{"tight", "twice", "calls"} {
		t.Run(job, func(t *testing.T) {
			var wg sync.WaitGroup
			for range 2 * runtime.GOMAXPROCS(0) {
				wg.Go(func() {
					if took := runUntil(t, m, job, 200*time.Millisecond); took > late {
						t.Errorf("stopped %s after the deadline", took)
					}
				})
			}
			for range 3 {
				start := time.Now()
				runtime.GC()
				if took := time.Since(start); took > late {
					t.Errorf("the garbage collector took %s", took)
				}
			}
			wg.Wait()
		})
	}
}

// BenchmarkLoop is what ten million rounds of an empty loop cost.
func BenchmarkLoop(b *testing.B) {
	m := prepareOn(b, newEngine(b, false), endless)
	for b.Loop() {
		if _, err := run(b.Context(), m, "count", "", &recorder{}); err != nil {
			b.Fatal(err)
		}
	}
}
