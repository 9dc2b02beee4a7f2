package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"golang.org/x/sync/errgroup"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/runner"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// RunWorker runs jobs and triggers on a connection until ctx ends. ready is called once it takes jobs.
func RunWorker(ctx context.Context, conn *bus.Conn, config Config, logger *slog.Logger, ready func()) (err error) {
	catalogue, err := Catalogue(ctx, conn, logger)
	if err != nil {
		return err
	}
	engine, err := sandbox.NewEngine(sandbox.Config{CacheDir: config.cacheDir("guests"), Logger: logger})
	if err != nil {
		return fmt.Errorf("start engine: %w", err)
	}
	defer func() { err = errors.Join(err, engine.Close(context.WithoutCancel(ctx))) }()
	worker, err := runner.New(conn, catalogue, engine, runner.Config{
		Slots: config.Slots, CallTimeout: config.CallTimeout, JobTimeout: config.JobTimeout,
		MaxAttempts: config.MaxAttempts, MaxMemory: config.MaxMemoryMB, Grace: config.ShutdownGrace, Logger: logger,
	})
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return worker.Run(ctx) })
	group.Go(func() error { return worker.RunTriggers(ctx) })
	group.Go(func() error {
		select {
		case <-worker.Ready():
			ready()
		case <-ctx.Done():
		}
		return nil
	})
	return group.Wait()
}

// Catalogue opens the catalogue of installed extensions on a connection.
func Catalogue(ctx context.Context, conn *bus.Conn, logger *slog.Logger) (*extensions.Catalogue, error) {
	records, err := conn.Extensions(ctx)
	if err != nil {
		return nil, err
	}
	return extensions.NewCatalogue(records, extensions.CatalogueConfig{Logger: logger})
}
