package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/airlock-run/airlock/internal/testcache"
)

// environment reads what a user's process connects with.
func environment(t *testing.T, dir, user string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "users", user+".env"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}

// flags are the same as flags.
func flags(environment []string) (all []string) {
	for _, line := range environment {
		name, value, _ := strings.Cut(line, "=")
		all = append(all, "--"+strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "AIRLOCK_"), "_", "-")), value)
	}
	return all
}

// freePort is a port that was free a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err := errors.Join(err, listener.Close()); err != nil {
		t.Fatal(err)
	}
	return port
}

// Processes of their own, under users of their own: a nats-server with the configuration that was written, operations, a worker that deals, a
// pool that runs the job, and the tools of a person. Then a key is rotated while all of them run.
func TestClusterWithUsers(t *testing.T) {
	t.Parallel()
	dir, port := t.TempDir(), freePort(t)
	if out := must(t, "auth", "init", dir, "--host", "127.0.0.1", "--port", port); !strings.Contains(out, "4 users") {
		t.Errorf("init says:\n%s", out)
	}
	at := []string{"--dir", dir}
	must(t, append([]string{"auth", "add", "worker", "pool", "--extensions", "test-extension"}, at...)...)
	server := exec.Command(natsServer(t), "--config", filepath.Join(dir, "nats-server.conf"))
	server.Stderr = t.Output()
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	for began := time.Now(); ; <-time.After(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			_ = conn.Close()
			break
		}
		if time.Since(began) > 10*time.Second {
			t.Fatal("nats-server does not listen")
		}
	}
	role := func(name, user string) *process {
		return startWith(t, environment(t, dir, user), name, "--data-dir", testcache.DataDir(t))
	}
	role("operations", "operations")
	dealing := role("worker", "worker")
	role("worker", "pool")
	console := flags(environment(t, dir, "console"))
	must(t, append([]string{"worker", "drain", workerName(t, console)}, console...)...) // so that the pool runs what comes
	must(t, append([]string{"extension", "load", testGuest(t, mayTest, "")}, console...)...)
	openDoor(t, console...)
	submit := func(user string) string {
		return must(t, append([]string{
			"job", "submit", "test-extension:call_many", "--input", `[{"method":"query:test.ping","payload":2}]`, "--watch",
		}, flags(environment(t, dir, user))...)...)
	}
	for _, user := range []string{"client", "console"} {
		if out := submit(user); !strings.Contains(out, "completed") || !strings.Contains(out, "running on pool") && !strings.Contains(out, `"pong":2`) {
			t.Errorf("as %s:\n%s", user, out)
		}
	}
	if _, stderr, code := airlock(t, append([]string{"extension", "unload", "test-extension"}, flags(environment(t, dir, "client"))...)...); code != 1 {
		t.Errorf("a client removes an extension: exit code %d, %s", code, stderr)
	}

	old := flags(environment(t, dir, "client"))
	kept := filepath.Join(t.TempDir(), "old.nkey")
	copyTo(t, filepath.Join(dir, "users", "client.nkey"), kept)
	reload := func() {
		t.Helper()
		if err := server.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	must(t, append([]string{"auth", "rotate", "client"}, at...)...)
	if out := must(t, append([]string{"auth", "list"}, at...)...); !strings.Contains(out, "rotating") {
		t.Errorf("list says:\n%s", out)
	}
	reload()
	eventually(t, "the new key is valid", func() bool {
		_, _, code := airlock(t, append([]string{"queue"}, flags(environment(t, dir, "client"))...)...)
		return code == 0
	})
	for i := range old {
		if strings.HasSuffix(old[i], ".nkey") {
			old[i] = kept
		}
	}
	must(t, append([]string{"queue"}, old...)...)
	must(t, append([]string{"auth", "retire", "client"}, at...)...)
	reload()
	eventually(t, "the old key is valid no more", func() bool {
		_, stderr, code := airlock(t, append([]string{"queue"}, old...)...)
		return code == 1 && strings.Contains(stderr, "it knows no such user")
	})
	if out := submit("client"); !strings.Contains(out, "completed") {
		t.Errorf("after the rotation:\n%s", out)
	}
	dealing.stop()
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for began := time.Now(); !holds(); <-time.After(50 * time.Millisecond) {
		if time.Since(began) > 15*time.Second {
			t.Fatalf("not within 15 s: %s", what)
		}
	}
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// workerName is the one worker that is bound to no pool.
func workerName(t *testing.T, cluster []string) string {
	t.Helper()
	for line := range strings.Lines(must(t, append([]string{"worker", "list", "--json"}, cluster...)...)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), `"name": "`); ok && !strings.HasPrefix(name, "pool/") {
			return strings.TrimSuffix(name, `",`)
		}
	}
	t.Fatal("there is no worker")
	return ""
}

// Who listens on a network lets nobody in without a key, and does not listen at all without users.
func TestUpListens(t *testing.T) {
	t.Parallel()
	data, dir, port := testcache.DataDir(t), t.TempDir(), freePort(t)
	listen := []string{"up", "--data-dir", data, "--nats-listen", "127.0.0.1:" + port}
	if _, stderr, code := airlock(t, listen...); code != 1 || !strings.Contains(stderr, "airlock auth init") {
		t.Errorf("without users: exit code %d, %s", code, stderr)
	}
	must(t, "auth", "init", dir, "--host", "127.0.0.1", "--port", port)
	start(t, append(listen, "--auth", dir)...)
	for _, name := range []string{"airlock.sock", "airlock.nkey"} {
		if info, err := os.Stat(filepath.Join(data, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	must(t, "extension", "load", testGuest(t, mayTest, ""), "--data-dir", data)
	openDoor(t, "--data-dir", data)
	if out := must(t, append([]string{"job", "submit", "test-extension:empty", "--watch"}, flags(environment(t, dir, "client"))...)...); !strings.Contains(out, "completed") {
		t.Errorf("over the network:\n%s", out)
	}
	ca := filepath.Join(dir, "ca.pem")
	if _, stderr, code := airlock(t, "queue", "--nats-url", "tls://127.0.0.1:"+port, "--nats-ca", ca); code != 1 || !strings.Contains(stderr, "it knows no such user") {
		t.Errorf("without a key: exit code %d, %s", code, stderr)
	}
	if _, stderr, code := airlock(t, "queue", "--nats-url", "tls://127.0.0.1:"+port, "--nats-nkey", filepath.Join(dir, "users", "client.nkey")); code != 1 || !strings.Contains(stderr, "certificate") {
		t.Errorf("without the authority: exit code %d, %s", code, stderr)
	}
}
