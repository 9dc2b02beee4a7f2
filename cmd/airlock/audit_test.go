package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/client"
	"github.com/airlock-run/airlock/internal/testcache"
)

func TestAuditCommand(t *testing.T) {
	t.Parallel()
	dir := testcache.DataDir(t)
	start(t, "up", "--data-dir", dir, "--keep-audit", "1h")
	cmd := func(args ...string) []string { return append(args, "--data-dir", dir) }
	must(t, cmd("extension", "load", testGuest(t, mayTest, ""))...)
	must(t, cmd("library", "create")...)
	must(t, cmd("library", "grant", client.DefaultLibrary.String(), "test-extension")...)
	must(t, cmd("call", "action:vdfs.create_entry", `{"name":"hunter2","path":"/a","entry_type":"note"}`)...)
	const denied = `[{"method":"query:credentials.get","payload":{"credential_id":"mail\u001b[2J"}},{"method":"query:credentials.get","payload":{"credential_id":"bank"}}]`
	must(t, cmd("job", "submit", "test-extension:call_many", "--input", denied, "--watch")...)
	if _, _, code := airlock(t, cmd("job", "cancel", "0190a5d0-4d6a-7c2e-b5a4-1f0e8d6c3b2a")...); code == 0 {
		t.Error("a job that is not there is cancelled")
	}
	listed := func(args ...string) (records []bus.AuditEntry) {
		t.Helper()
		out := must(t, cmd(append([]string{"audit", "--json"}, args...)...)...)
		if strings.Contains(out, "hunter2") {
			t.Errorf("a payload is in the audit:\n%s", out)
		}
		for lines := json.NewDecoder(strings.NewReader(out)); lines.More(); {
			var r bus.AuditEntry
			if err := lines.Decode(&r); err != nil {
				t.Fatal(err)
			}
			records = append(records, r)
		}
		return records
	}
	for deadline := time.Now().Add(20 * time.Second); len(listed("--denied")) < 2; {
		if time.Now().After(deadline) {
			t.Fatal("the denials are not in the audit")
		}
		<-time.After(20 * time.Millisecond)
	}
	acts := listed("--acts", "--since", "1h")
	if len(acts) != 5 || acts[4].Method() != "extension.load" || acts[4].Extension != "test-extension" || !strings.Contains(acts[4].By, "@") ||
		acts[3].Method() != "library.create" || acts[2].Method() != "library.grant" || acts[2].Extension != "test-extension" || acts[2].Library != client.DefaultLibrary ||
		acts[1].Method() != "call" || acts[1].Detail != "action:vdfs.create_entry" || acts[0].Method() != "job.cancel" || acts[0].Code != bus.NotFound {
		t.Errorf("what people did: %+v", acts)
	}
	if n := len(listed("--operation", "credentials.get", "--extension", "test-extension", "--library", client.DefaultLibrary.String(), "--limit", "1")); n != 1 {
		t.Errorf("of one page %d are shown", n)
	}
	job := listed("--denied")[0].Job.String()
	out, stderr, _ := airlock(t, cmd("audit", "--job", job, "--limit", "2")...)
	if !strings.Contains(out, `denied   test-extension:call_many  query:credentials.get`) || strings.Count(out, "credential ") != 1 || !strings.Contains(out, "credential bank") || !strings.Contains(stderr, "more: --before ") {
		t.Errorf("audit says:\n%s%s", out, stderr)
	}
	for want, args := range map[string][]string{
		"is no job id":       {"--job", "x"},
		"is no library id":   {"--library", "x"},
		"is no extension id": {"--extension", "*"},
		"must be 1 or more":  {"--limit", "0"},
		"[follow since]":     {"--follow", "--since", "1h"},
	} {
		if _, stderr, code := airlock(t, cmd(append([]string{"audit"}, args...)...)...); code != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%v: exit code %d, %q, want %q", args, code, stderr, want)
		}
	}
}

func TestAuditFollows(t *testing.T) {
	t.Parallel()
	dir := testcache.DataDir(t)
	start(t, "up", "--data-dir", dir)
	conn := connect(t, bus.Config{Socket: dir + "/" + bus.SocketName})
	following, stop := context.WithCancel(t.Context())
	read, write := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(following, []string{"audit", "--follow", "--acts", "--data-dir", dir}, strings.NewReader(""), write, io.Discard)
		_ = write.Close()
	}()
	heard := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(read)
		for lines.Scan() {
			select {
			case heard <- lines.Text():
			default:
			}
		}
	}()
	for { // it is told again until the command listens
		if err := conn.Audit(t.Context(), bus.AuditRecord{Decision: bus.AuditAct, Operation: "policy.set", By: "ada@home", Detail: "revision 4"}); err != nil {
			t.Fatal(err)
		}
		select {
		case line := <-heard:
			if !strings.HasSuffix(line, "  act      ada@home  policy.set  revision 4") {
				t.Errorf("it says %q", line)
			}
			stop()
			if code := <-code; code != exitOK {
				t.Errorf("interrupted, its exit code is %d", code)
			}
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}
