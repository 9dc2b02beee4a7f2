package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

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
	server, err := bus.StartServer(ctx, bus.ServerConfig{
		Dir: config.DataDir, Listen: config.NATSListen, Auth: config.Auth, Relaxed: config.Relaxed, Logger: logger,
	})
	if err != nil {
		return err
	}
	defer server.Stop()
	if url := server.URL(); url != "" {
		logger.InfoContext(ctx, "NATS listens", "address", url)
	}
	defer reloadAtHangup(ctx, server, logger)()
	inside := config.bus()
	inside.Server, inside.Name, inside.Logger = server, "airlock up", logger
	conn, err := bus.Connect(inside)
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

// reloadAtHangup has the server read its users anew at each SIGHUP, until stop is called.
func reloadAtHangup(ctx context.Context, server *bus.Server, logger *slog.Logger) (stop func()) {
	hangups, over, ended := make(chan os.Signal, 1), make(chan struct{}), make(chan struct{})
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		defer close(ended)
		for {
			select {
			case <-over:
				return
			case <-hangups:
			}
			if err := server.Reload(); err != nil {
				logger.ErrorContext(ctx, "users stay as they were", "error", err)
				continue
			}
			logger.InfoContext(ctx, "users are read anew")
		}
	}()
	return func() {
		signal.Stop(hangups)
		close(over)
		<-ended
	}
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
	cluster := config.Cluster()
	cluster.Logger = logger
	if role.name == roleWorker {
		cluster.Pool = bus.Pool{Name: config.Pool, Extensions: config.PoolExtensions}
	}
	conn, err := bus.Connect(cluster)
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
