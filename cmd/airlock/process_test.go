package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/airlock-run/airlock/internal/guests"
	"github.com/airlock-run/airlock/internal/pgtest"
	"github.com/airlock-run/airlock/internal/testcache"
	"github.com/airlock-run/airlock/runner/prepare"
)

// actAsAirlock makes the test binary the command: tests start it as a process of its own.
const actAsAirlock = "AIRLOCK_TEST_ACT_AS_COMMAND"

func TestMain(m *testing.M) {
	prepare.Child()
	if os.Getenv(actAsAirlock) != "" {
		os.Exit(command())
	}
	dir, err := os.MkdirTemp("", "airlock-nats-server")
	if err != nil {
		panic(err)
	}
	natsDir = dir
	if err := testcache.SetHome(dir); err != nil {
		panic(err)
	}
	code := pgtest.Main(m)
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// natsDir is where nats-server is built, for all tests of this run.
var natsDir string

// process is a role that runs as a process of its own.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	done chan struct{}

	mu  sync.Mutex
	log bytes.Buffer
}

// start starts a role and returns once it is ready. It is killed when the test ends.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	return startWith(t, nil, args...)
}

// startWith is start, with more variables in the environment.
func startWith(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.CommandContext(context.Background(), os.Args[0], args...), done: make(chan struct{})}
	p.cmd.Env = append(append(os.Environ(), actAsAirlock+"=1"), env...)
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan struct{})
	go func() {
		defer close(p.done)
		once := sync.OnceFunc(func() { close(ready) })
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			p.mu.Lock()
			fmt.Fprintln(&p.log, lines.Text())
			p.mu.Unlock()
			if strings.Contains(lines.Text(), "msg=ready") {
				once()
			}
		}
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("airlock %s said:\n%s", strings.Join(args, " "), p.said())
		}
	})
	select {
	case <-ready:
	case <-p.done:
		t.Fatalf("airlock %s ended: %s", strings.Join(args, " "), p.said())
	case <-time.After(time.Minute):
		t.Fatalf("airlock %s is not ready after a minute: %s", strings.Join(args, " "), p.said())
	}
	return p
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// says waits until the process has said something.
func (p *process) says(text string) {
	p.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(p.said(), text); <-time.After(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("%v does not say %q: %s", p.cmd.Args, text, p.said())
		}
	}
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// stop is the first SIGTERM.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
		p.t.Fatalf("%v did not stop: %s", p.cmd.Args, p.said())
	}
}

// natsProcess is a nats-server of its own, with JetStream, synced. It can be killed and started again.
type natsProcess struct {
	t              *testing.T
	url, address   string
	binary, config string
	cmd            *exec.Cmd
}

// startNATS starts a nats-server on a free port.
func startNATS(t *testing.T) *natsProcess {
	t.Helper()
	dir := t.TempDir()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	n := &natsProcess{t: t, url: "nats://" + address, address: address, binary: natsServer(t), config: filepath.Join(dir, "nats.conf")}
	text := fmt.Sprintf("listen: %q\nmax_payload: 8MB\njetstream { store_dir: %q, sync_interval: always }\n", address, filepath.Join(dir, "data"))
	if err := os.WriteFile(n.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	n.start()
	t.Cleanup(n.kill)
	return n
}

func (n *natsProcess) start() {
	n.t.Helper()
	n.cmd = exec.CommandContext(context.Background(), n.binary, "-c", n.config)
	if err := n.cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; <-time.After(20 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", n.address, time.Second)
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			n.t.Fatalf("nats-server does not listen on %s: %v", n.address, err)
		}
	}
}

// kill is kill -9.
func (n *natsProcess) kill() {
	_ = n.cmd.Process.Kill()
	_ = n.cmd.Wait()
}

// natsServer builds nats-server from its Go module, once for all tests.
func natsServer(t *testing.T) string {
	t.Helper()
	build := buildNATS()
	if build.err != nil {
		t.Fatal(build.err)
	}
	return build.binary
}

type built struct {
	binary string
	err    error
}

var buildNATS = sync.OnceValue(func() built {
	binary := filepath.Join(natsDir, "nats-server")
	out, err := exec.CommandContext(context.Background(), "go", "build", "-o", binary, "github.com/nats-io/nats-server/v2").CombinedOutput()
	if err != nil {
		return built{err: fmt.Errorf("build nats-server: %w\n%s", err, out)}
	}
	return built{binary: binary}
})

// airlock runs a command in this process and returns what it printed and its exit code.
func airlock(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(""), &out, &errs)
	return out.String(), errs.String(), code
}

// must runs a command that has to succeed.
func must(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, code := airlock(t, args...)
	if code != 0 {
		t.Fatalf("airlock %s: exit code %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
	}
	return stdout
}

// testGuest makes the folder of the extension that tests use: the guest of the sandbox's tests.
func testGuest(t *testing.T, permissions, more string) string {
	t.Helper()
	return namedGuest(t, "test-extension", permissions, more)
}

// namedGuest is testGuest under another id.
func namedGuest(t *testing.T, id, permissions, more string) string {
	t.Helper()
	wasm, err := os.ReadFile(filepath.Join(guests.Root(t), "runner", "sandbox", "testdata", "guest.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	manifest := fmt.Sprintf(`{"id":%q,"name":"Test","version":"1.0.0","wasm_file":"guest.wasm","permissions":%s%s}`, id, permissions, more)
	for name, data := range map[string][]byte{"guest.wasm": wasm, "manifest.json": []byte(manifest)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// openDoor sets a policy by which extensions act in libraries that nobody has created, in the Airlock that the flags name.
func openDoor(t *testing.T, flags ...string) {
	t.Helper()
	must(t, append([]string{"policy", "set", filepath.Join("testdata", "open.yaml")}, flags...)...)
}
