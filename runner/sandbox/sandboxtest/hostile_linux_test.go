package sandboxtest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"go.uber.org/goleak"

	"github.com/airlock-run/airlock/runner/sandbox"
	"github.com/airlock-run/airlock/runner/sandbox/sandboxtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	// deadline is how long a guest may run.
	deadline = 40 * time.Millisecond
	// late is how long after that it may go on, on a machine that has other things to do.
	late = 5 * time.Second
	// longest is how much processor time may go by between two moments at which a guest can be ended.
	longest = 50 * time.Millisecond
	// end is how much it may take to give back what a guest had, of which half a gigabyte of memory takes longest.
	end = 250 * time.Millisecond
)

// Each guest ends as it must and within its time, and another job of the same engine runs meanwhile. What they took is
// given back. Nothing else runs, so that both can be measured.
func TestHostile(t *testing.T) { //nolint:paralleltest // measures
	engine := newEngine(t)
	good := prepare(t, engine, "loops", sandbox.Options{MaxMemory: 1 << 20})
	stop := serve(t, good)
	defer stop()
	table := &strings.Builder{}
	w := tabwriter.NewWriter(table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "class\tguest\tlongest step\tits end\tafter the deadline\tends with")
	modules := map[string]*sandbox.Module{}
	before := runtime.NumGoroutine()
	for _, g := range sandboxtest.Hostile() {
		t.Run(g.Class+"/"+g.Name, func(t *testing.T) {
			if testing.Short() && g.Class == "straight" {
				return // compiling it takes seconds, all else is done
			}
			m := modules[g.Class]
			if g.Job == "j" || m == nil {
				m = prepareGuest(t, engine, &g)
				modules[g.Class] = m
			}
			o := run(t, m, &g)
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%.70v\n", g.Class, g.Name, o.longest.Round(10*time.Microsecond), o.end.Round(10*time.Microsecond), o.late.Round(10*time.Microsecond), o.err)
			o.check(t, &g)
		})
	}
	if grown := runtime.NumGoroutine() - before; grown > 2 {
		t.Errorf("%d goroutines more than before", grown)
	}
	_ = w.Flush()
	t.Log("\n" + table.String())
}

// outcome is how a guest ended.
type outcome struct {
	err                error
	late, longest, end time.Duration
}

func run(t *testing.T, m *sandbox.Module, g *sandboxtest.Guest) outcome {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	end := time.Now().Add(deadline)
	if g.Error != "" { // this is no matter of time
		end = end.Add(late)
	}
	ctx, cancel := context.WithDeadline(t.Context(), end)
	defer cancel()
	steps := sandboxtest.NewSteps(ctx)
	_, err := m.Run(steps, g.Input(), sandboxtest.Host{})
	return outcome{err, max(0, time.Since(end)), steps.Longest(), steps.Last()}
}

func (o *outcome) check(t *testing.T, g *sandboxtest.Guest) {
	t.Helper()
	switch {
	case g.Error == "" && !errors.Is(o.err, context.DeadlineExceeded):
		t.Errorf("error is %v, want deadline exceeded", o.err)
	case g.Error != "" && (o.err == nil || !strings.Contains(o.err.Error(), g.Error)):
		t.Errorf("error is %v, want one with %q", o.err, g.Error)
	}
	if o.late > late {
		t.Errorf("ended %s after the deadline", o.late)
	}
	if o.longest > longest {
		t.Errorf("nothing could end it for %s", o.longest)
	}
	if o.end > end {
		t.Errorf("its end took %s", o.end)
	}
}

// serve runs a short job over and over until stop is called, which fails the test when one took too long.
func serve(t *testing.T, m *sandbox.Module) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	var worst time.Duration
	served := 0
	wg.Go(func() {
		for ctx.Err() == nil {
			start := time.Now()
			input := sandbox.Input{Job: "tight", Context: []byte("{}"), Limits: sandbox.Limits{Fuel: 300_000}}
			_, err := m.Run(context.Background(), input, sandboxtest.Host{})
			if limit := (*sandbox.LimitError)(nil); !errors.As(err, &limit) || limit.Limit != sandbox.LimitFuel {
				t.Errorf("the other job: %v", err)
				return
			}
			worst, served = max(worst, time.Since(start)), served+1
		}
	})
	return func() {
		cancel()
		wg.Wait()
		if t.Logf("%d other jobs meanwhile, the longest took %s", served, worst); worst > late || served == 0 {
			t.Errorf("others were not served: %d, the longest took %s", served, worst)
		}
	}
}

// Bombs are refused, soon and with a reason.
func TestBombs(t *testing.T) {
	t.Parallel()
	for _, b := range sandboxtest.Bombs() {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			start := time.Now()
			_, err := sandbox.Prepare(ctx, b.Wasm, sandbox.Options{MaxMemory: 64 << 20})
			if err == nil || !strings.HasPrefix(err.Error(), b.Error) {
				t.Errorf("error is %v, want one that begins with %q", err, b.Error)
			}
			if took := time.Since(start); took > time.Second+late {
				t.Errorf("took %s", took)
			}
		})
	}
}

func newEngine(t *testing.T) *sandbox.Engine {
	t.Helper()
	engine, err := sandbox.NewEngine(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	return engine
}

func prepareGuest(t *testing.T, engine *sandbox.Engine, g *sandboxtest.Guest) *sandbox.Module {
	t.Helper()
	m, err := engine.Prepare(context.Background(), g.Wasm(), g.Options)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func prepare(t *testing.T, engine *sandbox.Engine, name string, options sandbox.Options) *sandbox.Module {
	t.Helper()
	wasm, err := os.ReadFile("hostile/" + name + ".wasm")
	if err != nil {
		t.Fatal(err)
	}
	m, err := engine.Prepare(t.Context(), wasm, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close(context.Background()) })
	return m
}
