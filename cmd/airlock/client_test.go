package main

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/internal/guests"
	"github.com/airlock-run/airlock/internal/testcache"
)

// The example of an application does with a running airlock what it says.
func TestClientExample(t *testing.T) {
	t.Parallel()
	dir := testcache.DataDir(t)
	start(t, "up", "--data-dir", dir)
	openDoor(t, "--data-dir", dir)
	example := func(args ...string) (string, error) {
		cmd := exec.CommandContext(context.Background(), "go", append([]string{"run", "./examples/enqueue", "--data-dir", dir}, args...)...)
		cmd.Dir = guests.Root(t)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := example(); err == nil || !strings.Contains(out, "enqueue: not_found: extension counter is not installed") {
		t.Errorf("without the extension: %v\n%s", err, out)
	}
	must(t, "extension", "load", guests.Build(t, "counter"), "--data-dir", dir)
	out, err := example("--target", "25")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"enqueued ", "100 % ", "completed"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", filepath.Join(guests.Root(t), "examples", "enqueue")).Output(); err != nil {
		t.Error(err)
	} else {
		for _, heavy := range []string{"github.com/tetratelabs/wazero", "modernc.org/sqlite", "github.com/airlock-run/airlock/runner", "github.com/airlock-run/airlock/extensions"} {
			if strings.Contains(string(out), heavy) {
				t.Errorf("an application carries %s", heavy)
			}
		}
	}
}
