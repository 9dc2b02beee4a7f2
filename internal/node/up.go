package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/airlock-run/airlock/bus"
)

// Up runs everything in this process: a NATS server, one worker and all operations. ready is called once jobs are taken and
// operations answer. It returns when ctx has ended and all is stopped, or when a part failed.
func Up(ctx context.Context, config Config, logger *slog.Logger, ready func()) error {
	p, err := startProcess(ctx, "airlock", config, logger, WorkerRole, OperationsRole)
	if err != nil {
		return err
	}
	defer p.close()
	server, err := bus.StartServer(ctx, bus.ServerConfig{Dir: config.DataDir, Relaxed: config.Relaxed, Logger: logger})
	if err != nil {
		return err
	}
	defer server.Stop()
	conn, err := bus.Connect(bus.Config{Server: server, Name: "airlock up", CallTimeout: config.CallTimeout, MaxWaiting: config.MaxWaiting, KeepEnded: config.KeepEnded, KeepDead: config.KeepDead, Logger: logger})
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.Setup(ctx); err != nil {
		return err
	}
	p.connected(ctx, conn)
	return runBoth(ctx, p, ready)
}

// runBoth runs operations and a worker. Operations end after the worker, which needs them until its last job has ended.
func runBoth(ctx context.Context, p *Process, ready func()) error {
	both := whenBoth(ready)
	failed, fail := context.WithCancel(ctx)
	defer fail()
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServing()
	var group errgroup.Group
	group.Go(func() error {
		defer fail() // without operations the worker has nothing to do
		return p.run(serving, OperationsRole, both)
	})
	group.Go(func() error {
		defer stopServing()
		return p.run(failed, WorkerRole, both)
	})
	return group.Wait()
}

// whenBoth calls ready at the second call.
func whenBoth(ready func()) func() {
	var mu sync.Mutex
	calls := 0
	return func() {
		mu.Lock()
		defer mu.Unlock()
		if calls++; calls == 2 {
			ready()
		}
	}
}

// Role is WorkerRole or OperationsRole.
type Role struct {
	name string
	run  func(ctx context.Context, p *Process, ready func()) error
}

// Join runs a role in a cluster until ctx ends.
func Join(ctx context.Context, role Role, config Config, logger *slog.Logger, ready func()) error {
	if config.NATSURL == "" {
		return errors.New("this role joins a cluster: name its NATS with --nats-url or AIRLOCK_NATS_URL; to run everything in one process, use `airlock up`")
	}
	p, err := startProcess(ctx, "airlock-"+role.name, config, logger, role)
	if err != nil {
		return err
	}
	defer p.close()
	conn, err := bus.Connect(bus.Config{
		URL: config.NATSURL, Credentials: config.NATSCredentials, Replicas: config.Replicas,
		CallTimeout: config.CallTimeout, MaxWaiting: config.MaxWaiting, KeepEnded: config.KeepEnded, KeepDead: config.KeepDead, Logger: logger,
	})
	if err != nil {
		return fmt.Errorf("join cluster: %w", err)
	}
	defer conn.Close()
	if err := conn.Setup(ctx); err != nil {
		return fmt.Errorf("join cluster: %w", err)
	}
	p.connected(ctx, conn)
	return p.run(ctx, role, ready)
}
