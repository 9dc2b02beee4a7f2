package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/guests"
	"github.com/airlock-run/airlock/internal/testcache"
)

// A library is created and granted; then its extension runs, is explained, and is stopped by a rule; then all of it is erased.
func TestLibraryFromItsCreationToItsEnd(t *testing.T) {
	t.Parallel()
	dir := testcache.DataDir(t)
	start(t, "up", "--data-dir", dir)
	cmd := func(args ...string) []string { return append(args, "--data-dir", dir) }
	must(t, cmd("extension", "load", guests.Build(t, "greeter"))...)
	library := uuid.NewString()

	_, stderr, code := airlock(t, cmd("job", "submit", "greeter:greet", "--library", library, "--watch")...)
	if code != 1 || !strings.Contains(stderr, "is not listed, and the policy denies those: create it with `airlock library create "+library) {
		t.Errorf("in a library of nobody: exit code %d, %s", code, stderr)
	}
	must(t, cmd("library", "create", library, "--name", "Home")...)
	if _, stderr, code = airlock(t, cmd("library", "create", library)...); code != 1 || !strings.Contains(stderr, "is there already") {
		t.Errorf("created twice: exit code %d, %s", code, stderr)
	}
	_, stderr, code = airlock(t, cmd("job", "submit", "greeter:greet", "--library", library, "--watch")...)
	if code != 1 || !strings.Contains(stderr, "granted nothing to greeter: `airlock library grant "+library+" greeter`") {
		t.Errorf("without a grant: exit code %d, %s", code, stderr)
	}
	if out := must(t, cmd("library", "grant", library, "greeter", "--methods", "query:test.")...); !strings.Contains(out, "greeter: query:test.") {
		t.Errorf("grant says:\n%s", out)
	}
	if out := must(t, cmd("library", "list")...); !strings.Contains(out, library) || !strings.Contains(out, "greeter") {
		t.Errorf("list says:\n%s", out)
	}
	if out := must(t, cmd("job", "submit", "greeter:greet", "--library", library, "--watch")...); !strings.Contains(out, "test.ping answered: hello") {
		t.Errorf("with a grant the job says:\n%s", out)
	}

	explain := func(method string, more ...string) string {
		return must(t, cmd(append([]string{"extension", "explain", "greeter", method, "--library", library}, more...)...)...)
	}
	if out := explain("query:test.ping"); !strings.Contains(out, "greeter 0.1.0 may call query:test.ping") || !strings.Contains(out, "allowed by what-manifests-ask") {
		t.Errorf("explain says:\n%s", out)
	}
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	write := func(text string) {
		if err := os.WriteFile(policy, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("rules:\n- {name: all, extensions: [\"*\"], allow: [\"query:\"]}\n- {name: no-tests, extensions: [greeter], deny: [test.ping]}\n")
	must(t, cmd("policy", "set", policy, "--if-revision", "0")...)
	if _, stderr, code = airlock(t, cmd("policy", "set", policy, "--if-revision", "0")...); code != 1 || !strings.Contains(stderr, "changed meanwhile") {
		t.Errorf("set over another: exit code %d, %s", code, stderr)
	}
	if out := explain("query:test.ping"); !strings.Contains(out, "may not call") || !strings.Contains(out, "policy: no-tests") {
		t.Errorf("with a denial explain says:\n%s", out)
	}
	_, stderr, code = airlock(t, cmd("job", "submit", "greeter:greet", "--library", library, "--watch", "--attempts", "1")...)
	if code != 1 || !strings.Contains(stderr, `which rule "no-tests" of the policy denies`) {
		t.Errorf("with a denial: exit code %d, %s", code, stderr)
	}
	write("rules:\n- {name: all, extensions: [\"*\"], alow: [\"query:\"]}\n")
	if _, stderr, code = airlock(t, cmd("policy", "set", policy)...); code == 0 || !strings.Contains(stderr, policy+":2:") || !strings.Contains(stderr, `unknown field "alow"`) {
		t.Errorf("a policy with an error: exit code %d, %s", code, stderr)
	}
	if out := must(t, cmd("policy", "get")...); !strings.Contains(out, "no-tests") {
		t.Errorf("the policy in force is\n%s", out)
	}

	conn := connect(t, bus.Config{Socket: dir + "/" + bus.SocketName})
	due := time.Now().Add(time.Hour)
	waits := &bus.Job{Extension: "greeter", Name: "greet", Library: uuid.MustParse(library), Due: &due}
	if err := conn.Enqueue(t.Context(), waits); err != nil {
		t.Fatal(err)
	}
	must(t, cmd("call", "action:vdfs.create_entry", "--library", library, `{"name":"a","path":"/a","entry_type":"note"}`)...)
	out := must(t, cmd("library", "erase", library, "--yes", "--json")...)
	var gone struct {
		Erased map[string]int64 `json:"erased"`
	}
	if err := json.Unmarshal([]byte(out), &gone); err != nil || gone.Erased["entries"] != 1 || gone.Erased["jobs"] < 4 {
		t.Errorf("erase says %s (%v)", out, err)
	}
	if _, stderr, code = airlock(t, cmd("library", "show", library)...); code != 1 || !strings.Contains(stderr, "is not listed") {
		t.Errorf("after it: exit code %d, %s", code, stderr)
	}
	if out := must(t, cmd("job", "list", "--library", library)...); strings.Contains(out, "greeter") {
		t.Errorf("its jobs are still listed:\n%s", out)
	}
}
