// Package cluster starts what the benchmarks measure: a NATS server with its data in a directory of its own, connections to it, and
// workers.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/node"
	"github.com/airlock-run/airlock/runner"
)

// Config describes a Cluster. The zero value is a synced server in this process, reached without a network.
type Config struct {
	// Relaxed acknowledges before the disk has the data.
	Relaxed bool
	// TCP has the server listen on this machine, and every connection to it go there.
	TCP bool
}

// Cluster is a server with its data in Dir, and a connection to it. Close it with Close.
type Cluster struct {
	Dir  string
	Conn *bus.Conn

	config Config
	// embedded is the server, or listening is.
	embedded  *bus.Server
	listening *server.Server
}

// Start starts a cluster that has its streams.
func Start(ctx context.Context, config Config) (c *Cluster, err error) {
	c = &Cluster{config: config}
	if c.Dir, err = os.MkdirTemp("", "airlock-bench"); err != nil {
		return nil, err
	}
	if err := c.Resume(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Cluster) serve(ctx context.Context) (err error) {
	if !c.config.TCP {
		c.embedded, err = bus.StartServer(ctx, bus.ServerConfig{Dir: c.Dir, Relaxed: c.config.Relaxed})
		return err
	}
	c.listening, err = server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, MaxPayload: bus.MaxPayload,
		JetStream: true, StoreDir: filepath.Join(c.Dir, "nats"), SyncAlways: !c.config.Relaxed,
	})
	if err != nil {
		return err
	}
	c.listening.Start()
	if !c.listening.ReadyForConnections(10 * time.Second) {
		return errors.New("the NATS server does not start")
	}
	return nil
}

// Stop stops server and connection. Its data stays, for Resume.
func (c *Cluster) Stop() {
	if c.Conn != nil {
		c.Conn.Close()
	}
	if c.embedded != nil {
		c.embedded.Stop()
	}
	if c.listening != nil {
		c.listening.Shutdown()
		c.listening.WaitForShutdown()
	}
}

// Resume starts what Stop has stopped.
func (c *Cluster) Resume(ctx context.Context) (err error) {
	if err := c.serve(ctx); err != nil {
		return err
	}
	if c.Conn, err = c.Connect(); err != nil {
		return err
	}
	return c.Conn.Setup(ctx)
}

// Connect makes one more connection.
func (c *Cluster) Connect() (*bus.Conn, error) {
	if c.listening != nil {
		return bus.Connect(bus.Config{URL: c.listening.ClientURL()})
	}
	return bus.Connect(bus.Config{Server: c.embedded})
}

// Raw makes one more connection without anything of ours in between, for floors.
func (c *Cluster) Raw() (*nats.Conn, error) {
	if c.listening != nil {
		return nats.Connect(c.listening.ClientURL())
	}
	return nats.Connect("nats://bench", nats.InProcessServer(c.embedded))
}

// Work runs a worker as `airlock up` does, without operations, and returns what stops it.
func (c *Cluster) Work(ctx context.Context, config runner.Config) (stop func() error, err error) {
	logger := slog.New(slog.DiscardHandler)
	catalogue, err := node.Catalogue(ctx, c.Conn, logger)
	if err != nil {
		return nil, err
	}
	load, err := node.Load(node.Config{DataDir: c.Dir}, logger)
	if err != nil {
		return nil, err
	}
	worker, err := runner.New(c.Conn, catalogue, load, config)
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
		return nil, fmt.Errorf("start worker: %w", err)
	}
	return func() error {
		cancel()
		return <-stopped
	}, nil
}

// Close stops everything and removes the data.
func (c *Cluster) Close() {
	c.Stop()
	_ = os.RemoveAll(c.Dir)
}
