package sandbox_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/airlock-run/airlock/runner/sandbox"
)

// What a run took is given back, however it ended. It measures the whole process, so nothing else may run.
func TestRunsGiveMemoryBack(t *testing.T) { //nolint:paralleltest // it counts what the whole process has mapped
	for name, interpreter := range map[string]bool{"compiler": false, "interpreter": true} {
		t.Run(name, func(t *testing.T) {
			m := prepareOn(t, newEngine(t, interpreter), guest)
			round := func(runs int) {
				for i := range runs {
					job := []string{"empty", "grow", "trap", "exit", "bad_log", "loop", "print", "open"}[i%8]
					ctx, cancel := t.Context(), context.CancelFunc(func() {})
					if job == "loop" {
						ctx, cancel = context.WithTimeout(ctx, time.Millisecond)
					}
					_, _ = run(ctx, m, job, "", &recorder{})
					cancel()
				}
			}
			round(200)
			before := mapped(t, "")
			round(2000)
			// The Go heap takes 64 MB at a time; a leak of one run in eight would be 1 GB.
			if grown := mapped(t, "") - before; grown > 256<<20 {
				t.Errorf("%d MB more are mapped after 2000 runs of %d MB", grown>>20, maxMemory>>20)
			}
		})
	}
}

// Modules that are closed give their machine code back; the engine lives on. As above, nothing else may run.
func TestModulesGiveMemoryBack(t *testing.T) { //nolint:paralleltest // as above
	const rounds = 200
	engine := newEngine(t, false)
	wasm := modules(t)["simd"]
	round := func(from int) {
		for i := range rounds {
			// a section that differs makes each a module of its own
			m, err := engine.Prepare(t.Context(), append(bytes.Clone(wasm), section(customSection, []byte("\x04name"),
				section(1, number(1), number(0), number(8), fmt.Appendf(nil, "%08d", from+i)))...), sandbox.Options{MaxMemory: maxMemory})
			if err == nil {
				err = m.Close(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC() // the engine unmaps machine code in finalizers,
		runtime.GC() // which have run when the next collection ends, or soon after
	}
	round(0)
	before := mapped(t, "r-x")
	round(rounds)
	if grown := mapped(t, "r-x") - before; grown >= rounds*os.Getpagesize() {
		t.Errorf("%d KB more of machine code are mapped after %d modules", grown>>10, rounds)
	}
}

// mapped is how many bytes of address space the process has with the permissions, as of /proc/self/maps.
func mapped(t *testing.T, permissions string) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for line := range strings.Lines(string(maps)) {
		var begin, end int
		var has string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &begin, &end, &has); err != nil {
			continue // the last page of the address space does not fit an int
		}
		if strings.HasPrefix(has, permissions) {
			sum += end - begin
		}
	}
	return sum
}
