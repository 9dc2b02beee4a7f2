package prepare_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/runner/prepare"
)

func kill(id int) error { return syscall.Kill(id, syscall.SIGKILL) }

func TestKilledChild(t *testing.T) {
	t.Parallel()
	b := newBench(t, prepare.Config{})
	ended := make(chan error)
	go func() {
		_, err := b.Prepare(t.Context(), module("hang-first"), options)
		ended <- err
	}()
	if err := kill(b.child()); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, prepare.ErrKilled) {
		t.Errorf("got %v, want %v", err, prepare.ErrKilled)
	}
	b.must(module("hang-first"))
	if len(b.left()) != 0 {
		t.Errorf("%v is left", b.left())
	}
}

func TestKilledParent(t *testing.T) {
	t.Parallel()
	b := newBench(t, prepare.Config{})
	parent := another(t, b.cache(), module("hang-first"))
	err := parent.Start()
	if err != nil {
		t.Fatal(err)
	}
	id := b.child()
	if len(b.left()) != 2 {
		t.Errorf("while it works there is %v, want a directory and a lock", b.left())
	}
	if _, err := prepare.New(prepare.Config{Dir: b.cache()}); err != nil || len(b.left()) != 2 {
		t.Errorf("somebody else came: %v, %v is left", err, b.left())
	}
	_ = parent.Process.Kill()
	_ = parent.Wait()
	eventually(t, "end of the child", func() bool { return gone(id) })
	// A process that ended can have threads that have not; they keep the lock a moment longer.
	eventually(t, "clean cache", func() bool {
		if b.Preparer, err = prepare.New(prepare.Config{Dir: b.cache()}); err != nil {
			t.Fatal(err)
		}
		return len(b.left()) == 0
	})
	result, err := b.Prepare(t.Context(), module("hang-first"), options)
	if err != nil {
		t.Fatal(err)
	}
	_ = result.Close()
}

// gone tells whether a process has ended, whether or not somebody asked how.
func gone(id int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", id))
	return err != nil || bytes.Contains(text, []byte(") Z "))
}

func TestProcessesShareACache(t *testing.T) {
	t.Parallel()
	b := newBench(t, prepare.Config{})
	var all [4]*exec.Cmd
	for i := range all {
		all[i] = another(t, b.cache(), module("hello"))
		if err := all[i].Start(); err != nil {
			t.Fatal(err)
		}
	}
	for _, one := range all {
		if err := one.Wait(); err != nil {
			t.Error(err)
		}
	}
	if n := len(b.children()); n != 1 || len(b.left()) != 0 {
		t.Errorf("%d children, want 1; %v is left", n, b.left())
	}
}

// another is a process that prepares a module.
func another(t *testing.T, cache string, wasm []byte) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), actAsWorker+"="+cache)
	cmd.Stdin = bytes.NewReader(wasm)
	return cmd
}

func TestSurroundings(t *testing.T) {
	t.Parallel()
	limits := prepare.Limits{Memory: 512 << 20, CPU: 7 * time.Second}
	b := newBench(t, prepare.Config{Limits: limits})
	var got surrounding
	if err := json.Unmarshal(b.must(module("tell")).Image, &got); err != nil {
		t.Fatal(err)
	}
	// On top of what it had when it began.
	if data, least := got.Limits["data"], limits.Memory+options.MaxMemory; data < least || data > 1<<50 {
		t.Errorf("it may have %d MB of data, want little more than %d", data>>20, least>>20)
	}
	delete(got.Limits, "data")
	want := surrounding{
		Mode: 0o700, Processors: 1, OOMScore: "1000", Group: true,
		Limits: map[string]uint64{"core": 0, "cpu": 7, "file": 1 << 30, "files": 64},
	}
	got.Environment = nonEmpty(got.Environment)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what a child finds (-want +got):\n%s", diff)
	}
}

func nonEmpty(texts []string) []string {
	var kept []string
	for _, text := range texts {
		if strings.TrimSpace(text) != "" {
			kept = append(kept, text)
		}
	}
	return kept
}
