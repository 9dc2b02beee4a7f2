package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/internal/guests"
	"github.com/airlock-run/airlock/internal/testcache"
)

func TestCommandsOnARunningAirlock(t *testing.T) {
	t.Parallel()
	dir := testcache.DataDir(t)
	up := start(t, "up", "--data-dir", dir)
	openDoor(t, "--data-dir", dir)
	cmd := func(args ...string) []string { return append(args, "--data-dir", dir) }

	if out := must(t, cmd("extension", "list")...); !strings.Contains(out, "no extension is installed") {
		t.Errorf("an empty list says:\n%s", out)
	}
	out := must(t, cmd("extension", "load", guests.Build(t, "counter"))...)
	if !strings.Contains(out, "counter 0.1.0 is installed") || !strings.Contains(out, "may call   no operation") {
		t.Errorf("load says:\n%s", out)
	}
	must(t, cmd("extension", "load", testGuest(t, mayTest, `,"triggers":[{"event":"order.*","job":"empty"}],"jobs":{"answer":{"max_attempts":1}}`))...)

	out = must(t, cmd("job", "submit", "counter:counter", "--input", `{"current":0,"target":25,"processed":[]}`, "--watch")...)
	for _, want := range []string{"running on", "✓ Completed! Processed 25 items", "completed"} {
		if !strings.Contains(out, want) {
			t.Errorf("watching the counter does not show %q:\n%s", want, out)
		}
	}
	id := strings.Fields(strings.TrimSpace(out[strings.LastIndex(strings.TrimSpace(out), "\n"):]))[0]
	if logs := must(t, cmd("job", "logs", id)...); strings.Count(logs, "\n") != 3 {
		t.Errorf("the counter logged:\n%s", logs)
	}
	if shown := must(t, cmd("job", "show", id)...); !strings.Contains(shown, "completed (attempt 1, 0 failed)") || !strings.Contains(shown, "100 %") {
		t.Errorf("job show says:\n%s", shown)
	}

	out, stderr, code := airlock(t, cmd("job", "submit", "test-extension:answer", "--input", "3", "--watch")...)
	if code != 1 || !strings.Contains(stderr, "the job answered 3: failed for good") {
		t.Errorf("a job that fails: exit code %d\n%s%s", code, out, stderr)
	}

	must(t, cmd("extension", "load", guests.Build(t, "panicky"))...)
	out, stderr, code = airlock(t, cmd("job", "submit", "panicky:panic", "--watch")...)
	if code != 1 || !strings.Contains(out, "panic: the mailbox is on fire") || !strings.Contains(stderr, "the guest trapped: unreachable") {
		t.Errorf("a Go guest that panics: exit code %d\n%s%s", code, out, stderr)
	}

	out = must(t, cmd("event", "publish", "order.created", "--data", `{"n":1}`, "--id", "1", "--json")...)
	var published struct{ Jobs []startedJob }
	if err := json.Unmarshal([]byte(out), &published); err != nil || len(published.Jobs) != 1 {
		t.Fatalf("event publish says %s (%v)", out, err)
	}
	if out := must(t, cmd("job", "watch", published.Jobs[0].ID.String())...); !strings.Contains(out, "completed") {
		t.Errorf("the event's job:\n%s", out)
	}
	if out := must(t, cmd("call", "query:test.ping", `{"hello":"world"}`)...); !strings.Contains(out, `"hello": "world"`) {
		t.Errorf("call says %s", out)
	}
	must(t, cmd("call", "action:vdfs.create_entry", `{"name":"a","path":"/a","entry_type":"note"}`)...)
	if out := must(t, cmd("entry", "list", "--type", "note")...); !strings.Contains(out, "/a") {
		t.Errorf("entry list says:\n%s", out)
	}
	if out := must(t, cmd("entry", "show", "/a")...); !strings.Contains(out, "note") {
		t.Errorf("entry show says:\n%s", out)
	}
	must(t, cmd("extension", "unload", "counter")...)
	if _, stderr, code := airlock(t, cmd("extension", "show", "counter")...); code != 1 || !strings.Contains(stderr, "is not installed") {
		t.Errorf("after unload: exit code %d, %s", code, stderr)
	}
	up.stop()
	if !strings.Contains(up.said(), "msg=stopped") {
		t.Errorf("up stopped without a word:\n%s", up.said())
	}
}

// Bad input gets one sentence that says what is wrong, and an exit code above 0.
func TestBadInput(t *testing.T) {
	t.Parallel()
	dir := testcache.DataDir(t)
	start(t, "up", "--data-dir", dir)
	openDoor(t, "--data-dir", dir)
	at := []string{"--data-dir", dir}
	must(t, append([]string{"extension", "load", testGuest(t, mayTest, "")}, at...)...)

	folder := func(manifest string, files map[string]string) string {
		d := t.TempDir()
		if manifest != "" {
			files["manifest.json"] = manifest
		}
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(d, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return d
	}
	manifest := func(id, wasm, methods string) string {
		return `{"id":"` + id + `","name":"X","version":"1","wasm_file":"` + wasm + `","permissions":{"methods":[` + methods + `]}}`
	}
	none := map[string]string{}
	cases := map[string]struct {
		args []string
		code int
		want string
	}{
		"no manifest":            {[]string{"extension", "load", t.TempDir()}, 1, `manifest\.json`},
		"no folder":              {[]string{"extension", "load", "/does/not/exist"}, 1, `/does/not/exist`},
		"manifest broken":        {[]string{"extension", "load", folder("{\n  \"id\": \"x\",\n  oops\n}", none)}, 1, `manifest\.json:3:3`},
		"module missing":         {[]string{"extension", "load", folder(manifest("x", "gone.wasm", ""), map[string]string{})}, 1, `gone\.wasm`},
		"module outside":         {[]string{"extension", "load", folder(manifest("x", "../x.wasm", ""), map[string]string{})}, 1, `wasm_file`},
		"module not wasm":        {[]string{"extension", "load", folder(manifest("x", "x.wasm", ""), map[string]string{"x.wasm": "#!/bin/sh"})}, 1, `x\.wasm`},
		"module without exports": {[]string{"extension", "load", folder(manifest("x", "x.wasm", ""), map[string]string{"x.wasm": "\x00asm\x01\x00\x00\x00"})}, 1, `missing export`},
		"id":                     {[]string{"extension", "load", folder(manifest("X_Y", "x.wasm", ""), map[string]string{})}, 1, `id`},
		"pattern":                {[]string{"extension", "load", folder(manifest("x", "x.wasm", `"vdfs.*.read"`), map[string]string{})}, 1, `vdfs\.\*\.read`},
		"extension not there":    {[]string{"job", "submit", "gone:x"}, 1, `extension gone is not installed`},
		"job not there":          {[]string{"job", "submit", "test-extension:nothing"}, 1, `has no job "nothing"; it has .*empty`},
		"job name malformed":     {[]string{"job", "submit", "nothing"}, 1, `nothing`},
		"input not json":         {[]string{"job", "submit", "test-extension:empty", "--input", "{\n\"a\":}"}, 1, `input is not JSON: line 2, column 5`},
		"input file missing":     {[]string{"job", "submit", "test-extension:empty", "--input", "@/no/such/file"}, 1, `/no/such/file`},
		"library malformed":      {[]string{"job", "submit", "test-extension:empty", "--library", "mine"}, 2, `"mine" is no library id`},
		"priority":               {[]string{"job", "submit", "test-extension:empty", "--priority", "urgent"}, 1, `priority is "urgent", want high, normal or low`},
		"job id malformed":       {[]string{"job", "watch", "17"}, 2, `"17" is no job id`},
		"job unknown":            {[]string{"job", "watch", "a1510c00-0000-4000-8000-00000000ffff"}, 1, `there is no job a1510c00`},
		"event type":             {[]string{"event", "publish", "Mail Received"}, 1, `event type "Mail Received"`},
		"event data not json":    {[]string{"event", "publish", "a.b", "--data", "{"}, 1, `data is not JSON: line 1`},
		"method misspelt":        {[]string{"call", "query:test.pong"}, 1, `no service answers query:test\.pong`},
		"method malformed":       {[]string{"call", "test ping"}, 1, `test ping`},
		"kind wrong":             {[]string{"call", "action:test.ping"}, 1, `test\.ping is a query: call query:test\.ping`},
		"payload not json":       {[]string{"call", "query:test.ping", "{"}, 1, `payload is not JSON`},
		"entry not there":        {[]string{"entry", "show", "/nothing"}, 1, `/nothing`},
		"unknown flag":           {[]string{"job", "list", "--nope"}, 2, `unknown flag: --nope`},
		"unknown command":        {[]string{"jbo"}, 2, `unknown command "jbo"`},
		"data directory in use":  {[]string{"up"}, 1, `another airlock uses this data directory`},
		"worker without nats":    {[]string{"worker"}, 1, `--nats-url`},
		"nats gone":              {[]string{"job", "list", "--nats-url", "nats://127.0.0.1:1"}, 1, `NATS is not reachable at nats://127\.0\.0\.1:1`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, code := airlock(t, append(append([]string{}, c.args...), at...)...)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			if ok, err := regexp.MatchString(c.want, stderr); !ok || err != nil {
				t.Errorf("it said %q, want a match of %s", stderr, c.want)
			}
			if !strings.HasPrefix(stderr, "airlock: ") || strings.Count(stderr, "\n") > 2 || stdout != "" {
				t.Errorf("want one sentence on standard error, got %q and %q", stderr, stdout)
			}
		})
	}
}

func TestHelpNamesEveryCommand(t *testing.T) {
	t.Parallel()
	help := must(t, "--help")
	for _, name := range []string{"up", "worker", "operations", "extension", "job", "queue", "schedule", "event", "entry", "call", "demo", "version"} {
		if !regexp.MustCompile(`(?m)^  ` + name + ` `).MatchString(help) {
			t.Errorf("airlock --help does not name %s", name)
		}
	}
	for _, role := range []string{"up", "worker", "operations"} {
		out := must(t, role, "--help")
		for _, flag := range regexp.MustCompile(`(?m)^ +--[a-z-]+ .*$`).FindAllString(out, -1) {
			if !strings.Contains(flag, "AIRLOCK_") {
				t.Errorf("airlock %s --help names no variable for %s", role, flag)
			}
		}
	}
	if out := must(t, "version"); !strings.HasPrefix(out, "airlock "+version) {
		t.Errorf("version says %q", out)
	}
}
