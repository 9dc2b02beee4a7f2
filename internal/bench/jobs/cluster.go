package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/internal/node"
	"github.com/airlock-run/airlock/runner"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// cluster is a server with its data in a directory of its own, and a connection to it.
type cluster struct {
	dir    string
	server *bus.Server
	conn   *bus.Conn
}

// policy lets extensions do what they ask in libraries that nobody has created.
const policy = `rules: [{name: all, extensions: ["*"], allow: ["query:", "action:"]}]
libraries: {unlisted: allow}`

func newCluster(ctx context.Context, relaxed bool) (c *cluster, err error) {
	c = &cluster{}
	if c.dir, err = os.MkdirTemp("", "airlock-bench"); err != nil {
		return nil, err
	}
	if c.server, err = bus.StartServer(ctx, bus.ServerConfig{Dir: c.dir, Relaxed: relaxed}); err != nil {
		return nil, err
	}
	if c.conn, err = bus.Connect(bus.Config{Server: c.server}); err != nil {
		return nil, err
	}
	if err := c.conn.Setup(ctx); err != nil {
		return nil, err
	}
	_, err = c.conn.SetPolicy(ctx, []byte(policy), nil)
	return c, err
}

func (c *cluster) close() {
	c.conn.Close()
	c.server.Stop()
	_ = os.RemoveAll(c.dir)
}

// work runs a worker as `airlock up` does, without operations, and returns what stops it. With 0 slots it has as many as by default.
func (c *cluster) work(ctx context.Context, slots int) (stop func() error, err error) {
	logger := slog.New(slog.DiscardHandler)
	catalogue, err := node.Catalogue(ctx, c.conn, logger)
	if err != nil {
		return nil, err
	}
	load, err := node.Load(node.Config{DataDir: c.dir}, logger)
	if err != nil {
		return nil, err
	}
	worker, err := runner.New(c.conn, catalogue, load, runner.Config{Slots: slots})
	if err != nil {
		return nil, err
	}
	working, cancel := context.WithCancel(ctx)
	stopped := make(chan error, 1)
	go func() { stopped <- worker.Run(working) }()
	select {
	case <-worker.Ready():
	case err := <-stopped:
		cancel()
		return nil, err
	}
	return func() error {
		cancel()
		return <-stopped
	}, nil
}

// install installs the hand-written guest of the sandbox's tests under several ids, with so many jobs at once each.
func (c *cluster) install(ctx context.Context, ids []string, concurrent int) error {
	catalogue, err := node.Catalogue(ctx, c.conn, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	wasm, err := os.ReadFile(filepath.Join("runner", "sandbox", "testdata", "guest.wasm"))
	if err != nil {
		return err
	}
	engine, err := sandbox.NewEngine(sandbox.Config{Interpreter: true})
	if err != nil {
		return err
	}
	defer func() { _ = engine.Close(ctx) }()
	module, err := engine.Prepare(ctx, wasm, sandbox.Options{MaxMemory: 16 << 20})
	if err != nil {
		return err
	}
	var jobs []extensions.JobInfo
	for _, job := range module.Jobs() {
		jobs = append(jobs, extensions.JobInfo(job))
	}
	for _, id := range ids {
		manifest := fmt.Appendf(nil, `{"id":%q,"name":"Guest","version":"1","wasm_file":"guest.wasm","permissions":{"methods":[],"max_memory_mb":1,
			"rate_limits":{"concurrent_jobs":%d}}}`, id, concurrent)
		p, err := extensions.NewPackage(manifest, wasm)
		if err != nil {
			return err
		}
		if _, err := catalogue.Install(ctx, p, jobs); err != nil {
			return err
		}
	}
	return nil
}

// emptyJob is the guest's job that does nothing.
const emptyJob = "empty"

// jobs makes n jobs of the extensions in turn, in a few libraries.
func jobs(n int, ids []string) []*bus.Job {
	libraries := []uuid.UUID{uuid.New(), uuid.New(), uuid.New(), uuid.New()}
	all := make([]*bus.Job, n)
	for i := range all {
		all[i] = &bus.Job{Extension: ids[i%len(ids)], Name: emptyJob, Library: libraries[i%len(libraries)], Input: json.RawMessage(`{"n":1}`)}
	}
	return all
}

// ended waits until no job is left at the dealer.
func (c *cluster) ended(ctx context.Context) error {
	for {
		status, err := c.conn.QueueStatus(ctx)
		if err == nil && status.Waiting+status.Running+status.Held == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(2 * time.Millisecond):
		}
	}
}
