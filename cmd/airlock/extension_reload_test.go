package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/internal/testcache"
)

// A new version is installed while a job runs: the job goes on with the old one, the next one runs the new.
func TestReload(t *testing.T) {
	t.Parallel()
	dir := testcache.DataDir(t)
	start(t, "up", "--data-dir", dir)
	openDoor(t, "--data-dir", dir)
	cmd := func(args ...string) []string { return append(args, "--data-dir", dir) }
	conn := connect(t, bus.Config{Socket: dir + "/" + bus.SocketName})
	first := testGuest(t, mayTest, "")
	second := testGuest(t, `{"methods":["query:test.ping"]}`, `,"jobs":{"need":{"max_attempts":1}}`)
	name := func(folder string) string {
		p, err := extensions.Load(folder)
		if err != nil {
			t.Fatal(err)
		}
		return "1.0.0 (" + p.Version().Short() + ")"
	}

	_, stderr, code := airlock(t, cmd("extension", "reload", first)...)
	if code != 1 || !strings.Contains(stderr, "extension test-extension is not installed") || !strings.Contains(stderr, "airlock extension load "+first) {
		t.Errorf("not installed: exit code %d, %q", code, stderr)
	}
	must(t, cmd("extension", "load", first)...)
	if out := must(t, cmd("extension", "reload", first)...); out != "test-extension is at "+name(first)+" already; nothing changed\n" {
		t.Errorf("the same again says:\n%s", out)
	}

	e := serveEffects(t, conn)
	job := &bus.Job{Extension: "test-extension", Name: "need", Library: defaultLibrary, Input: json.RawMessage("1")}
	if err := conn.Enqueue(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	<-e.started
	for deadline := time.Now().Add(time.Minute); !strings.Contains(must(t, cmd("job", "list", "--state", "running")...), job.ID.String()); {
		if time.Now().After(deadline) {
			t.Fatal("the job is not listed as running")
		}
		<-time.After(50 * time.Millisecond)
	}

	broken := testGuest(t, mayTest, "")
	if err := os.WriteFile(filepath.Join(broken, "guest.wasm"), []byte("\x00asm\x01\x00\x00\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, stderr, code = airlock(t, cmd("extension", "reload", broken)...)
	if code != 1 || !strings.Contains(stderr, "missing export") || !strings.Contains(stderr, "test-extension stays at "+name(first)) {
		t.Errorf("a module that cannot be prepared: exit code %d, %q", code, stderr)
	}
	if out := must(t, cmd("extension", "list")...); !strings.Contains(out, name(first)) {
		t.Errorf("after it the list is:\n%s", out)
	}

	out := must(t, cmd("extension", "reload", second)...)
	if !strings.HasPrefix(out, "test-extension "+name(first)+" is replaced by "+name(second)+"\n  1 job goes on with the version it began with\n") {
		t.Errorf("reload says:\n%s", out)
	}
	if out := must(t, cmd("extension", "show", "test-extension")...); !strings.Contains(out, "kept       "+name(first)+", replaced ") {
		t.Errorf("show says:\n%s", out)
	}
	e.once.Do(func() { close(e.release) })
	if run := outcome(t, conn, job.ID); run.State != bus.StateCompleted || !strings.Contains(name(first), extensions.Version(run.Version).Short()) {
		t.Errorf("the job that had begun is %s, by version %s: %+v", run.State, run.Version, run.Errors)
	}
	next := &bus.Job{Extension: "test-extension", Name: "need", Library: defaultLibrary, Input: json.RawMessage("1")}
	if err := conn.Enqueue(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	// The new version may not make the call that the job needs.
	if run := outcome(t, conn, next.ID); run.State != bus.StateDead || !strings.Contains(name(second), extensions.Version(run.Version).Short()) {
		t.Errorf("a new job is %s, by version %s", run.State, run.Version)
	}

	out = must(t, cmd("extension", "reload", first, "--json")...)
	var got reloaded
	if err := json.Unmarshal([]byte(out), &got); err != nil || !got.Changed || got.OnOlder == nil || *got.OnOlder != 0 ||
		got.Old.Version == got.New.Version || "1.0.0 ("+got.New.Version.Short()+")" != name(first) {
		t.Errorf("as JSON (%v):\n%s", err, out)
	}
}
