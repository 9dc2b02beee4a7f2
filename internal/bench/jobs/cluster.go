package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/internal/bench/guests"
	"github.com/airlock-run/airlock/internal/node"
	"github.com/airlock-run/airlock/runner"
)

// cluster is a server with its data in a directory of its own, and a connection to it.
type cluster struct {
	dir    string
	server *bus.Server
	conn   *bus.Conn
}

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
	return c, c.conn.Setup(ctx)
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

// install installs the hand-written guest under several ids, with so many jobs at once each.
func (c *cluster) install(ctx context.Context, ids []string, concurrent int) error {
	packages := make([]*extensions.Package, len(ids))
	for i, id := range ids {
		var err error
		packages[i], err = guests.Written(id, fmt.Sprintf(`{"methods":[],"max_memory_mb":1,"rate_limits":{"concurrent_jobs":%d}}`, concurrent))
		if err != nil {
			return err
		}
	}
	return guests.Install(ctx, c.conn, packages...)
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
