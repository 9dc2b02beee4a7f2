package reliability_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// output collects what a process says.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := o.text.Bytes()
	return string(text[max(0, len(text)-4000):])
}

// process is a command that runs and can be killed.
type process struct {
	cmd    *exec.Cmd
	output output
}

func start(t *testing.T, binary string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.CommandContext(context.Background(), binary, args...)}
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s said in the end:\n%s", strings.Join(args, " "), p.output.tail())
		}
	})
	return p
}

// kill is kill -9. Doing it again changes nothing.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// airlock runs a command of ours, which has to succeed, and returns what it says.
func airlock(t *testing.T, args ...string) string {
	t.Helper()
	binary, err := buildAirlock()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), binary, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("airlock %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// server is a nats-server with a directory of its own, which can be killed and started again.
type server struct {
	t       *testing.T
	address string
	config  string

	mu      sync.Mutex
	process *process
}

// serverConfig says how servers keep what they are given.
type serverConfig struct {
	servers int
	// host is the address they listen on.
	host    string
	relaxed bool
}

// startServers starts one server, or a cluster.
func startServers(t *testing.T, config serverConfig) []*server {
	t.Helper()
	var routes []string
	clients := make([]string, config.servers)
	for i := range clients {
		clients[i] = freeAddress(t, config.host)
		routes = append(routes, freeAddress(t, "127.0.0.1"))
	}
	sync := "always"
	if config.relaxed {
		sync = "2m"
	}
	servers := make([]*server, config.servers)
	for i := range servers {
		dir := t.TempDir()
		text := fmt.Sprintf("server_name: n%d\nlisten: %q\nmax_payload: 8MB\njetstream { store_dir: %q, sync_interval: %s }\n", i, clients[i], dir, sync)
		if config.servers > 1 {
			text += fmt.Sprintf("cluster { name: c, listen: %q, routes: [\"nats://%s\"] }\n", routes[i], strings.Join(routes, `", "nats://`))
		}
		servers[i] = &server{t: t, address: clients[i], config: filepath.Join(dir, "nats.conf")}
		if err := os.WriteFile(servers[i].config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		servers[i].start()
	}
	return servers
}

func freeAddress(t *testing.T, host string) string {
	t.Helper()
	listener, err := net.Listen("tcp4", net.JoinHostPort(host, "0")) //nolint:noctx // it is closed at once
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func (s *server) start() {
	s.t.Helper()
	binary, err := buildNATS()
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	s.process = start(s.t, binary, "-c", s.config)
	s.mu.Unlock()
	for deadline := time.Now().Add(20 * time.Second); ; <-time.After(10 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", s.address, time.Second) //nolint:noctx // it is local
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			s.t.Errorf("nats-server does not listen on %s: %v", s.address, err)
			return
		}
	}
}

func (s *server) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.process.kill()
}

// urls is how clients reach servers.
func urls(servers []*server) string {
	all := make([]string, len(servers))
	for i, s := range servers {
		all[i] = "nats://" + s.address
	}
	return strings.Join(all, ",")
}
