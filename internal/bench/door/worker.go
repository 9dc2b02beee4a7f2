package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/bench/guests"
	"github.com/airlock-run/airlock/internal/node"
	"github.com/airlock-run/airlock/runner"
)

// workerArgument makes this command a worker of the cluster whose data directory follows. It runs until it is killed.
const workerArgument = "worker"

func work(ctx context.Context, args []string) error {
	if len(args) != 2 {
		return errors.New("a worker wants the data directory of its cluster")
	}
	dir, logger := args[1], slog.New(slog.DiscardHandler)
	conn, err := bus.Connect(bus.Config{Socket: filepath.Join(dir, bus.SocketName)})
	if err != nil {
		return err
	}
	defer conn.Close()
	catalogue, err := node.Catalogue(ctx, conn, logger)
	if err != nil {
		return err
	}
	load, err := node.Load(node.Config{DataDir: dir}, logger)
	if err != nil {
		return err
	}
	worker, err := runner.New(conn, catalogue, load, runner.Config{Slots: 4})
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	go func() { // whoever started it says that it is there, and ends with its standard input
		<-worker.Ready()
		fmt.Println("ready") //nolint:forbidigo // that is what its parent reads
		_, _ = os.Stdin.Read(make([]byte, 1))
		stop()
	}()
	return worker.Run(running)
}

// install installs the hand-written guest with the rate that is measured.
func install(ctx context.Context, conn *bus.Conn) error {
	p, err := guests.Written("guest", fmt.Sprintf(
		`{"methods":["query:test.count"],"max_memory_mb":1,"rate_limits":{"requests_per_minute":%d,"concurrent_jobs":100}}`, rateLimit))
	if err != nil {
		return err
	}
	return guests.Install(ctx, conn, p)
}
