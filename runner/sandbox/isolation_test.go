package sandbox

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/internal/guests"
	"github.com/airlock-run/airlock/internal/testcache"
)

// guestFiles are the guests there are: those of tests, those that mean harm, and those of the Go toolchain.
func guestFiles(t *testing.T) map[string][]byte {
	t.Helper()
	var files []string
	for _, pattern := range []string{"testdata/*.wasm", "sandboxtest/hostile/*.wasm"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) < 4 {
			t.Fatalf("%s: %d files, %v", pattern, len(found), err)
		}
		files = append(files, found...)
	}
	if !testing.Short() {
		for _, name := range []string{"counter", "finance", "greeter", "panicky"} {
			files = append(files, filepath.Join(guests.Build(t, name), name+".wasm"))
		}
	}
	all := map[string][]byte{}
	for _, file := range files {
		wasm, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(filepath.Dir(file))+"/"+strings.TrimSuffix(filepath.Base(file), ".wasm")] = wasm
	}
	return all
}

// restoring runs a test with each way to restore memory.
func restoring(t *testing.T, test func(t *testing.T, e *Engine)) {
	t.Helper()
	for name, copying := range map[string]bool{"mapped": false, "copied": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, err := NewEngine(Config{CacheDir: filepath.Join(testcache.Dir(t), "guests")})
			if err != nil {
				t.Fatal(err)
			}
			e.copying = copying
			t.Cleanup(func() { _ = e.Close(context.Background()) })
			test(t, e)
		})
	}
}

func prepared(t *testing.T, e *Engine, wasm []byte, options Options) *Module {
	t.Helper()
	m, err := e.Prepare(context.Background(), wasm, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return m
}

func runOnce(t *testing.T, m *Module, job string, limit time.Duration) (Result, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	id := uuid.New()
	input := Input{
		JobID: id, Job: job, State: []byte(`{"current":0,"target":3,"processed":[]}` + strings.Repeat(" ", 64)),
		Context: []byte(`{"job_id":"` + id.String() + `","library_id":"` + uuid.NewString() + `"}`),
	}
	return m.Run(ctx, input, quietHost{})
}

// No bit of guest state passes from one job to the next: whatever ran, the sandbox that is kept for the next job is as one
// in which nothing ever did.
func TestSandboxesAreRestored(t *testing.T) {
	t.Parallel()
	all := guestFiles(t)
	restoring(t, func(t *testing.T, e *Engine) {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				m := prepared(t, e, all[name], Options{MaxMemory: 64 << 20})
				if m.image == nil {
					if len(m.idle) > 0 {
						t.Fatal("a sandbox without a snapshot is kept")
					}
					return
				}
				fresh := newInstance(t, m)
				kept := 0
				for _, job := range m.Jobs() {
					for range 2 {
						_, err := runOnce(t, m, job.Name, 20*time.Millisecond)
						if len(m.idle) == 0 {
							continue
						}
						if err != nil {
							t.Errorf("%s failed, and its sandbox is kept", job.Name)
						}
						kept++
						used := <-m.idle
						if diff := compare(fresh, used); diff != "" {
							t.Errorf("after %s (-fresh +kept):\n%s", job.Name, diff)
						}
						m.idle <- used
					}
				}
				t.Logf("%d sandboxes kept after %d runs", kept, 2*len(m.Jobs()))
			})
		}
	})
}

func newInstance(t *testing.T, m *Module) *instance {
	t.Helper()
	s, err := m.instantiate(context.Background(), &instance{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

// compare compares all there is of two sandboxes of a module.
func compare(a, b *instance) string {
	type seen struct {
		Memory  [][2]int // the first bytes that differ, and how many
		Pages   uint32
		Globals []uint64
		Fuel    uint64
		Refused bool
		State   bool
		Output  int
	}
	look := func(s *instance) seen {
		v := seen{
			Pages: s.module.Memory().Size(), Fuel: s.fuel.Get(), Refused: s.memory.refused, Output: len(s.output[0]) + len(s.output[1]),
			State: s.host == nil && s.registry == nil && s.running == nil && !s.allocating && s.job == uuid.Nil && s.spent == spent{} && s.limits == Limits{},
		}
		for _, g := range s.globals {
			v.Globals = append(v.Globals, g.global.Get())
		}
		return v
	}
	x, y := look(a), look(b)
	left, _ := a.module.Memory().Read(0, a.module.Memory().Size())
	right, _ := b.module.Memory().Read(0, b.module.Memory().Size())
	if !bytes.Equal(left, right) {
		for i := range min(len(left), len(right)) {
			if left[i] != right[i] && len(y.Memory) < 4 {
				y.Memory = append(y.Memory, [2]int{i, int(right[i])})
			}
		}
	}
	return cmp.Diff(x, y)
}

// Guests that leave traces wherever they can find none of another.
func TestGuestsFindNoTraces(t *testing.T) {
	t.Parallel()
	read := func(name string) []byte {
		wasm, err := os.ReadFile(filepath.Join("testdata", name+".wasm"))
		if err != nil {
			t.Fatal(err)
		}
		return wasm
	}
	for name, c := range map[string]struct {
		wasm    []byte
		options Options
		restore string
	}{
		"restored":         {read("dirty"), Options{}, RestoreSnapshot},
		"started anew":     {read("dirty"), Options{NoSnapshot: true}, RestorePlain},
		"not to be frozen": {read("dirty_tables"), Options{}, RestorePlain},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			restoring(t, func(t *testing.T, e *Engine) {
				options := c.options
				options.MaxMemory = 4 << 20
				m := prepared(t, e, c.wasm, options)
				if got := m.Facts().Restore; got != c.restore {
					t.Fatalf("restored by %s (%s), want %s", got, m.Facts().Reason, c.restore)
				}
				var wg sync.WaitGroup
				for worker := range 4 {
					wg.Go(func() {
						for i := range 24 {
							job := m.Jobs()[(i+worker)%len(m.Jobs())].Name
							switch result, err := runOnce(t, m, job, time.Minute); {
							case job == "trapped" && (err == nil || !strings.Contains(err.Error(), "the guest trapped: unreachable")):
								t.Errorf("trapped: exit code %d, %v", result.ExitCode, err)
							case job != "trapped" && (err != nil || result.ExitCode != 0):
								t.Errorf("%s found %d traces, %v", job, result.ExitCode, err)
							}
						}
					})
				}
				wg.Wait()
			})
		})
	}
}

// A sandbox whose memory was refused to grow does not put that down to the next job, which fails for another reason.
func TestRefusalsAreForgotten(t *testing.T) {
	t.Parallel()
	wasm, err := os.ReadFile(filepath.Join("testdata", "dirty.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	restoring(t, func(t *testing.T, e *Engine) {
		m := prepared(t, e, wasm, Options{MaxMemory: 4 << 20})
		if _, err := runOnce(t, m, "refused", time.Minute); err != nil {
			t.Fatal(err)
		}
		if _, err := runOnce(t, m, "trapped", time.Minute); err == nil || !strings.HasPrefix(err.Error(), "the guest trapped: unreachable") {
			t.Fatalf("error is %v", err)
		}
	})
}

// The engine tells nobody how large a machine stack is. If this fails, the engine has changed: newEntry needs to look elsewhere.
func TestStackIsFound(t *testing.T) {
	t.Parallel()
	wasm, err := os.ReadFile(filepath.Join("testdata", "guest.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEngine(Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	m := prepared(t, e, wasm, Options{MaxMemory: 4 << 20})
	s := newInstance(t, m)
	entry := newEntry(s.module.ExportedFunction(allocExport))
	if !entry.stack.IsValid() || entry.stack.Len() == 0 {
		t.Fatal("the machine stack is not found")
	}
	if _, err := runOnce(t, m, "recurse", time.Minute); err == nil || !strings.HasPrefix(err.Error(), "limit of call depth: calls are nested so deeply") {
		t.Errorf("error is %v", err)
	}
}
