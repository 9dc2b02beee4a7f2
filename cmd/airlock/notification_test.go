package main

import (
	"strings"
	"testing"

	"github.com/airlock-run/airlock/internal/testcache"
)

func TestNotifications(t *testing.T) {
	t.Parallel()
	dir := testcache.DataDir(t)
	start(t, "up", "--data-dir", dir)
	at := func(args ...string) []string { return append(args, "--data-dir", dir) }
	openDoor(t, at()...)
	must(t, at("extension", "load", testGuest(t, `{"methods":["action:notify.send"]}`, ""))...)
	must(t, at("job", "submit", "test-extension:call_many", "--input", `[{"method":"action:notify.send","payload":{"title":"look \u001b[31mhere","level":"warning"}}]`, "--watch")...)
	out := must(t, at("notification", "list")...)
	if !strings.Contains(out, "warning") || !strings.Contains(out, "here") || !strings.Contains(out, "test-extension") || strings.Contains(out, "\x1b") {
		t.Errorf("list says %q", out)
	}
	if out := must(t, at("notification", "read", "--all")...); out != "1 are read\n" {
		t.Errorf("read says %s", out)
	}
	if out := must(t, at("notification", "list")...); strings.Contains(out, "here") {
		t.Errorf("after that list says %s", out)
	}
	for _, args := range [][]string{{"notification", "read"}, {"notification", "read", "x"}} {
		if _, stderr, code := airlock(t, at(args...)...); code != 2 {
			t.Errorf("%v: exit code %d, %s", args, code, stderr)
		}
	}
}
