package node

import (
	"context"
	"errors"
	"log/slog"

	"golang.org/x/sync/errgroup"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/runner"
	"github.com/airlock-run/airlock/runner/prepare"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// WorkerRole runs jobs and triggers until ctx ends. It is ready once it takes jobs.
var WorkerRole = Role{roleWorker, runWorker}

func runWorker(ctx context.Context, p *Process, ready func()) error {
	conn, config, logger := p.Conn, p.Config, p.Logger
	catalogue, err := Catalogue(ctx, conn, logger)
	if err != nil {
		return err
	}
	load, err := Load(config, logger)
	if err != nil {
		return err
	}
	worker, err := runner.New(conn, catalogue, load, runner.Config{
		Slots: config.Slots, LibraryJobs: config.LibraryJobs, Version: programVersion(), CallTimeout: config.CallTimeout, JobTimeout: config.JobTimeout,
		MaxAttempts: config.MaxAttempts, MaxMemory: config.MaxMemoryMB, GuestMemory: config.GuestMemoryMB,
		MaxFuel: config.MaxFuel, MaxHostCalls: config.MaxHostCalls, MaxLogBytes: config.MaxLogBytes, MaxCheckpoints: config.MaxCheckpoints,
		AuditReads: config.AuditReads, Grace: config.ShutdownGrace, Logger: logger,
	})
	if err != nil {
		return err
	}
	if p.telemetry.Measures() {
		p.telemetry.Add(worker.Measure())
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return worker.Run(ctx) })
	if !conn.Bound() { // what starts jobs for events starts them for all extensions
		group.Go(func() error { return worker.RunTriggers(ctx) })
	}
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

// Preparer prepares modules in processes of their own, and keeps them in the data directory.
func Preparer(config Config, logger *slog.Logger) (*prepare.Preparer, error) {
	return prepare.New(prepare.Config{Dir: config.cacheDir("modules"), Logger: logger})
}

// Load returns what has a Preparer prepare modules and loads them in this process.
func Load(config Config, logger *slog.Logger) (runner.Load, error) {
	preparer, err := Preparer(config, logger)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, wasm []byte, options sandbox.Options) (module *sandbox.Module, err error) {
		prepared, err := preparer.Prepare(ctx, wasm, options)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, prepared.Close()) }()
		return sandbox.Open(ctx, prepared.Prepared, sandbox.Config{CacheDir: prepared.CacheDir, Logger: logger})
	}, nil
}

// Catalogue opens the catalogue of installed extensions on a connection.
func Catalogue(ctx context.Context, conn *bus.Conn, logger *slog.Logger) (*extensions.Catalogue, error) {
	records, err := conn.Extensions(ctx)
	if err != nil {
		return nil, err
	}
	return extensions.NewCatalogue(records, extensions.CatalogueConfig{Logger: logger})
}
