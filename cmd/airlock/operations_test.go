package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/guests"
	"github.com/airlock-run/airlock/internal/testcache"
)

// An operation of one's own, in Go or in JavaScript, can be called once it is started, by a guest that is granted it and by a person; it is
// listed and shown with the others; once it is stopped it is gone, and its call is answered at once.
func TestOperationsOfOthers(t *testing.T) {
	t.Parallel()
	url := startNATS(t).url
	cluster := []string{"--nats-url", url}
	for _, role := range []string{"operations", "worker"} {
		start(t, append([]string{role, "--data-dir", testcache.DataDir(t)}, cluster...)...)
	}
	openDoor(t, cluster...)
	must(t, append([]string{"extension", "load", testGuest(t, `{"methods":["query:text."]}`, "")}, cluster...)...)
	conn := connect(t, bus.Config{URL: url})
	for name, tt := range map[string]struct {
		dir                   string
		command               []string
		operation, does, want string
	}{
		"Go":         {"", []string{goExample(t), "--nats-url", url}, "text.count", "counts the words of a text", `{"words":2}`},
		"JavaScript": {npmExample(t), []string{"node", "main.js"}, "text.shout", "answers a text in capitals", `{"text":"TWO WORDS"}`},
	} {
		t.Run(name, func(t *testing.T) {
			stop := startOperation(t, tt.dir, url, tt.command...)
			shown := must(t, append([]string{"operations", "show", tt.operation}, cluster...)...)
			for _, want := range []string{"query:" + tt.operation, tt.does, "text", "required"} {
				if !strings.Contains(shown, want) {
					t.Errorf("show says nothing of %q:\n%s", want, shown)
				}
			}
			if out := must(t, append([]string{"operations", "call", "query:" + tt.operation, `{"text":"two words"}`}, cluster...)...); compact(t, out) != tt.want {
				t.Errorf("a person gets %s", out)
			}
			_, said, code := airlock(t, append([]string{"operations", "call", "query:" + tt.operation, `{"text":5}`}, cluster...)...)
			if code == 0 || !strings.Contains(said, "input /text: want text") {
				t.Errorf("bad input ends with %d, %s", code, said)
			}
			if got := asGuest(t, conn, tt.operation); !strings.Contains(got, tt.want) {
				t.Errorf("a guest gets %s, want %s", got, tt.want)
			}
			stop()
			if got := asGuest(t, conn, tt.operation); !strings.Contains(got, "unavailable") {
				t.Errorf("once it is stopped a guest gets %s", got)
			}
			if listed := must(t, append([]string{"operations", "list"}, cluster...)...); strings.Contains(listed, tt.operation) || !strings.Contains(listed, "ai.ocr") {
				t.Errorf("once it is stopped these are listed:\n%s", listed)
			}
		})
	}
}

// asGuest has a job call an operation, and returns what the guest logs of the answer.
func asGuest(t *testing.T, conn *bus.Conn, operation string) string {
	t.Helper()
	job := &bus.Job{
		Extension: "test-extension", Name: "call_many", Library: defaultLibrary,
		Input: json.RawMessage(`[{"method":"query:` + operation + `","payload":{"text":"two words"}}]`),
	}
	if err := conn.Enqueue(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	run := outcome(t, conn, job.ID)
	if len(run.Report.Logs) == 0 {
		t.Fatalf("the guest logs nothing: %+v", run)
	}
	return run.Report.Logs[0].Text
}

func goExample(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "operation")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", binary, "./examples/operation")
	build.Dir = guests.Root(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

// npmExample is a copy of the example with what it needs from npm.
func npmExample(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(guests.Root(t), "examples", "operation-js"))); err != nil {
		t.Fatal(err)
	}
	install := exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	return dir
}

// startOperation starts an example and waits until it is ready. stop has it drain and end.
func startOperation(t *testing.T, dir, url string, command ...string) (stop func()) {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), command[0], command[1:]...)
	cmd.Dir, cmd.Env, cmd.Stderr = dir, append(os.Environ(), "NATS_URL="+url), t.Output()
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
	t.Cleanup(func() { kill.Stop(); _ = cmd.Process.Kill() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("it says %q, %v", line, err)
	}
	return func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("it ends with %v", err)
		}
	}
}

func compact(t *testing.T, text string) string {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%s is no JSON: %v", text, err)
	}
	data, _ := json.Marshal(value)
	return string(data)
}
