package prepare_test

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/airlock-run/airlock/runner/prepare"
	"github.com/airlock-run/airlock/runner/sandbox"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wasm        []byte
		limits      prepare.Limits
		stage, want string
	}{
		"validate":     {wasm: module("refuse no such thing"), stage: "validate", want: "no such thing"},
		"snapshot":     {wasm: module("fail"), stage: "snapshot", want: "it will not start"},
		"compile":      {wasm: append(module(""), 1, 0), stage: "compile", want: "invalid"},
		"too_large":    {wasm: make([]byte, 64<<20+1), stage: "validate", want: "at most 67108864"},
		"cpu":          {wasm: module("spin"), limits: prepare.Limits{CPU: time.Second}, stage: "snapshot", want: "took longer than 1s of CPU time"},
		"wall":         {wasm: module("hang"), limits: prepare.Limits{Wall: time.Second}, stage: "snapshot", want: "took longer than 1s"},
		"memory":       {wasm: module("eat"), limits: prepare.Limits{Memory: 64 << 20}, stage: "snapshot", want: "needs more than 64 MB of memory"},
		"stack":        {wasm: module("recurse"), stage: "snapshot", want: "broke over the module: fatal error: stack overflow"},
		"file":         {wasm: module("write"), stage: "snapshot", want: "file"},
		"compile_cpu":  {wasm: cpuBomb(), limits: prepare.Limits{CPU: time.Second}, stage: "compile", want: "took longer than 1s of CPU time"},
		"compile_wall": {wasm: cpuBomb(), limits: prepare.Limits{Wall: time.Second}, stage: "compile", want: "took longer than 1s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, prepare.Config{Limits: c.limits})
			start := time.Now()
			_, err := b.Prepare(t.Context(), c.wasm, sandbox.Options{MaxMemory: 1 << 20})
			refused, ok := errors.AsType[*sandbox.StageError](err)
			if !ok || refused.Stage != c.stage || !strings.Contains(refused.Err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("after %s: %v, want stage %s and %q", time.Since(start), err, c.stage, c.want)
			}
			if len(b.left()) != 0 {
				t.Errorf("%v is left", b.left())
			}
		})
	}
}

func TestBadChildren(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		command []string
		wasm    []byte
		want    error
		words   string
	}{
		"silent":      {command: []string{"true"}, want: prepare.ErrNoChild},
		"talks":       {command: []string{"echo"}, want: prepare.ErrNoChild},
		"talks_json":  {command: []string{"echo", `{"stage":"compile"}`}, want: prepare.ErrNoChild},
		"other_build": {command: []string{"sh", "-c", `echo '{"hello":"other"}'; exec sleep 60`}, words: `it is "other", and this is`},
		"missing":     {command: []string{"/nowhere"}, want: os.ErrNotExist},
		"link":        {wasm: module("leave"), words: "link is no file"},
		"image":       {wasm: module("image"), words: "the child left 67108865 bytes of memory.image"},
		"shouts":      {wasm: module("shout"), words: "reports"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, prepare.Config{Command: c.command})
			if c.wasm == nil {
				c.wasm = module("hello")
			}
			_, err := b.Prepare(t.Context(), c.wasm, options)
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.words) {
				t.Errorf("got %v, want %v %q", err, c.want, c.words)
			}
			if _, ok := errors.AsType[*sandbox.StageError](err); ok {
				t.Errorf("the module is blamed: %v", err)
			}
			if len(b.left()) != 0 {
				t.Errorf("%v is left", b.left())
			}
		})
	}
}

// What a module takes, its child takes, and not who asked. Not parallel to others, for it measures this process.
func TestMemoryBomb(t *testing.T) { //nolint:paralleltest // see above
	b := newBench(t, prepare.Config{Limits: prepare.Limits{Memory: 64 << 20}})
	wasm := memoryBomb()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := b.Prepare(t.Context(), wasm, sandbox.Options{MaxMemory: 1 << 20})
	if want := "compile: the module needs more than 64 MB of memory"; err == nil || err.Error() != want {
		t.Fatalf("got %v, want %s", err, want)
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.Sys) - int64(before.Sys); grown > 16<<20 {
		t.Errorf("the parent grew by %d MB", grown>>20)
	}
}
