package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/airlock-run/airlock/internal/bench/table"
)

// binary is the command that is measured as a process.
const binary = "bin/airlock"

// measureStart measures how long `airlock up` takes until it is ready, and what an idle worker holds.
func measureStart(ctx context.Context) ([]table.Row, error) {
	dir, err := os.MkdirTemp("", "airlock-bench")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	// The first start makes the directory; with the extensions loaded and their machine code kept, the next ones count.
	if err := withUp(ctx, dir, func(*exec.Cmd) error { return loadAll(ctx, dir) }); err != nil {
		return nil, err
	}
	var times []time.Duration
	for range 7 {
		start := time.Now()
		err := withUp(ctx, dir, func(*exec.Cmd) error {
			times = append(times, time.Since(start))
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(times)
	rows := []table.Row{{Name: "airlock up ready, extensions cached, median of 7", Figure: table.Milliseconds(times[len(times)/2]), Unit: "ms", Goal: table.AtMost(500)}}

	worker, err := idleWorker(ctx, dir)
	return append(rows, worker...), err
}

// idleWorker joins a worker to a NATS server of its own, and reads its memory.
func idleWorker(ctx context.Context, dir string) ([]table.Row, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := listener.Addr().String()
	_ = listener.Close()
	nats := filepath.Join(dir, "nats-server")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", nats, "github.com/nats-io/nats-server/v2").CombinedOutput(); err != nil { //nolint:gosec // dir is ours
		return nil, fmt.Errorf("build nats-server: %w: %s", err, out)
	}
	host, port, _ := net.SplitHostPort(address)
	server := exec.CommandContext(ctx, nats, "-js", "-a", host, "-p", port, "-sd", filepath.Join(dir, "js")) //nolint:gosec // our own
	if err := server.Start(); err != nil {
		return nil, err
	}
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
	for range 100 {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			_ = conn.Close()
			break
		}
		time.Sleep(50 * time.Millisecond) //nolint:forbidigo // a process of another program comes up
	}
	var rows []table.Row
	err = withProcess(ctx, func(cmd *exec.Cmd) error {
		time.Sleep(2 * time.Second) //nolint:forbidigo // it is to be idle
		pss, err := memory(cmd.Process.Pid)
		rows = []table.Row{{Name: "memory of an idle worker (PSS)", Figure: pss, Unit: "MB"}}
		return err
	}, "worker", "--nats-url", "nats://"+address, "--data-dir", filepath.Join(dir, "worker"))
	return rows, err
}

func withUp(ctx context.Context, dir string, use func(*exec.Cmd) error) error {
	return withProcess(ctx, use, "up", "--data-dir", dir)
}

// withProcess starts a role, calls use once it is ready, and stops it.
func withProcess(ctx context.Context, use func(*exec.Cmd) error, args ...string) error {
	cmd := exec.CommandContext(ctx, binary, args...) //nolint:gosec // our own
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	ready := false
	lines := bufio.NewScanner(stderr)
	for !ready && lines.Scan() {
		ready = strings.Contains(lines.Text(), "msg=ready")
	}
	if !ready {
		return errors.Join(fmt.Errorf("airlock %s is not ready", args[0]), cmd.Wait())
	}
	err = use(cmd)
	_ = cmd.Process.Signal(syscall.SIGTERM)
	for lines.Scan() { // what it still says is of no interest
	}
	return errors.Join(err, cmd.Wait())
}

func loadAll(ctx context.Context, dir string) error {
	for _, name := range []string{"counter", "finance"} {
		cmd := exec.CommandContext(ctx, binary, "extension", "load", filepath.Join(".build", "guests", name), "--data-dir", dir) //nolint:gosec // our own
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("load %s: %w: %s", name, err, out)
		}
	}
	// The worker compiles what it hears of; a job waits for that.
	cmd := exec.CommandContext(ctx, binary, "job", "submit", "counter:counter", "--watch", //nolint:gosec // our own
		"--input", `{"current":0,"target":1,"processed":[]}`, "--data-dir", dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("run counter: %w: %s", err, out)
	}
	return nil
}

// memory is a process' proportional set size in MB.
func memory(pid int) (float64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "Pss:" {
			kb, err := strconv.ParseFloat(fields[1], 64)
			return kb / 1024, err
		}
	}
	return 0, errors.New("no Pss in smaps_rollup")
}
