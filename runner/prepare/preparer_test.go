package prepare_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/runner/prepare"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// options are those of tests.
var options = sandbox.Options{MaxMemory: 64 << 20}

// bench is a Preparer with a cache of its own.
type bench struct {
	*prepare.Preparer
	t *testing.T
	// dir is where the cache is, and what children tell beside it.
	dir string
}

func newBench(t *testing.T, config prepare.Config) *bench {
	t.Helper()
	dir := t.TempDir()
	config.Dir = filepath.Join(dir, "cache")
	preparer, err := prepare.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return &bench{Preparer: preparer, t: t, dir: dir}
}

func (b *bench) cache() string { return filepath.Join(b.dir, "cache") }

// must prepares a module and closes it when the test ends.
func (b *bench) must(wasm []byte) *prepare.Result {
	b.t.Helper()
	result, err := b.Prepare(b.t.Context(), wasm, options)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = result.Close() })
	return result
}

// children are the ids of all children there were.
func (b *bench) children() []int {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.dir, childrenFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		b.t.Fatal(err)
	}
	var ids []int
	for line := range strings.Lines(string(text)) {
		id, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			b.t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// child waits for the first child and returns its id.
func (b *bench) child() int {
	b.t.Helper()
	eventually(b.t, "a child", func() bool { return len(b.children()) > 0 })
	return b.children()[0]
}

// left are the files in the cache that are no entries.
func (b *bench) left() []string {
	b.t.Helper()
	items, err := os.ReadDir(b.cache())
	if err != nil {
		b.t.Fatal(err)
	}
	var names []string
	for _, item := range items {
		if strings.Contains(item.Name(), ".") {
			names = append(names, item.Name())
		}
	}
	return names
}

func eventually(t *testing.T, what string, true func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !true(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after 20 s: no %s", what)
		}
	}
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	b := newBench(t, prepare.Config{})
	first := b.must(module("hello"))
	if first.Cached || string(first.Image) != "image of hello" || !cmp.Equal(first.Wasm, module("hello")) {
		t.Errorf("prepared %q with image %q, cached: %v", first.Wasm, first.Image, first.Cached)
	}
	if first.Cost.Wall <= 0 || first.Cost.CPU <= 0 || runtime.GOOS == "linux" && (first.Cost.Memory < 1<<20 || first.Cost.Memory > 1<<30) {
		t.Errorf("it cost %+v", first.Cost)
	}
	second := b.must(module("hello"))
	if !second.Cached || second.CacheDir != first.CacheDir || second.Cost != first.Cost {
		t.Errorf("the second time: cached %v, in %s, cost %v; the first time in %s, %v", second.Cached, second.CacheDir, second.Cost, first.CacheDir, first.Cost)
	}
	if diff := cmp.Diff(first.Prepared, second.Prepared); diff != "" {
		t.Errorf("from the cache it is another (-first +second):\n%s", diff)
	}
	other, err := b.Prepare(t.Context(), module("hello"), sandbox.Options{MaxMemory: options.MaxMemory, NoSnapshot: true})
	if err != nil || other.Cached || other.Close() != nil || other.Close() != nil {
		t.Errorf("with other options: cached %v, %v", other.Cached, err)
	}
	if len(b.children()) != 2 || len(b.left()) != 0 {
		t.Errorf("children %v, want two; %v is left", b.children(), b.left())
	}
}

// The engine finds the machine code: it need not compile.
func TestMachineCode(t *testing.T) {
	t.Parallel()
	b := newBench(t, prepare.Config{})
	result := b.must(module("hello"))
	before := tree(t, result.CacheDir)
	if err := compile(t.Context(), result.Wasm, result.CacheDir); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, tree(t, result.CacheDir)); diff != "" {
		t.Errorf("the engine compiled (-before +after):\n%s", diff)
	}
}

// tree is what files there are, and when they were written.
func tree(t *testing.T, dir string) map[string]time.Time {
	t.Helper()
	files := map[string]time.Time{}
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			files[path] = info.ModTime()
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("files in %s: %v, %v", dir, files, err)
	}
	return files
}

func TestOneChildHoweverManyAsk(t *testing.T) {
	t.Parallel()
	b := newBench(t, prepare.Config{})
	again, err := prepare.New(prepare.Config{Dir: b.cache()}) // another, on the same cache
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range 40 {
		preparer := b.Preparer
		if i%2 == 0 {
			preparer = again
		}
		group.Go(func() {
			result, err := preparer.Prepare(t.Context(), module("hello"), options)
			if err != nil {
				t.Error(err)
				return
			}
			_ = result.Close()
		})
	}
	group.Wait()
	if n := len(b.children()); n != 1 {
		t.Errorf("%d children, want 1", n)
	}
}

func TestNobodyWaits(t *testing.T) {
	t.Parallel()
	b := newBench(t, prepare.Config{})
	ctx, cancel := context.WithCancelCause(t.Context())
	var group sync.WaitGroup
	stopped := errors.New("shutting down")
	for range 3 {
		group.Go(func() {
			if _, err := b.Prepare(ctx, module("hang"), options); !errors.Is(err, stopped) {
				t.Errorf("got %v, want %v", err, stopped)
			}
		})
	}
	b.child()
	cancel(stopped)
	group.Wait()
	if len(b.left()) != 0 || len(b.children()) != 1 {
		t.Errorf("%v is left of %v", b.left(), b.children())
	}
}
