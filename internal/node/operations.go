package node

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/ai"
	"github.com/airlock-run/airlock/operations/ai/classify"
	"github.com/airlock-run/airlock/operations/ai/ocr"
	"github.com/airlock-run/airlock/operations/config"
	"github.com/airlock-run/airlock/operations/credentials"
	"github.com/airlock-run/airlock/operations/dispatch"
	"github.com/airlock-run/airlock/operations/events"
	"github.com/airlock-run/airlock/operations/jobs"
	"github.com/airlock-run/airlock/operations/ping"
	"github.com/airlock-run/airlock/operations/policy"
	"github.com/airlock-run/airlock/operations/state"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/vdfs"
)

// OperationsRole serves all operations until ctx ends. It is ready once they answer.
var OperationsRole = Role{roleOperations, runOperations}

func runOperations(ctx context.Context, p *Process, ready func()) (err error) {
	conn, process, logger := p.Conn, p.Config, p.Logger
	db, err := openStore(ctx, process)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	key, err := masterKey(process)
	if err != nil {
		return err
	}
	catalogue, err := Catalogue(ctx, conn, logger)
	if err != nil {
		return err
	}
	reader, err := ocr.New(ocr.Config{
		CacheDir: process.cacheDir("pdfium"), Tesseract: process.Tesseract, Concurrency: process.OCRConcurrency,
	})
	if err != nil {
		return fmt.Errorf("start ocr: %w", err)
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	classifier, err := classify.New()
	if err != nil {
		return fmt.Errorf("start classifier: %w", err)
	}

	var services []*bus.Service
	defer func() {
		for _, s := range services {
			err = errors.Join(err, s.Stop())
		}
	}()
	settings := config.New(db, catalogue)
	erase := func(service string, tables ...string) []bus.Endpoint {
		return []bus.Endpoint{operations.EraseEndpoint(service, db, tables...)}
	}
	for _, domain := range []struct {
		name, description string
		operations        []operations.Operation
		// endpoints are what people and tools ask.
		endpoints []bus.Endpoint
	}{
		{"test", "whether calls get through", ping.Operations(), nil},
		{"ai", "text of documents, and what it is about", ai.Operations(reader, classifier), nil},
		{"credentials", "secrets of a library", credentials.Operations(db, key), erase("credentials", "credentials")},
		{"vdfs", "entries of a library and the files beside them", vdfs.Operations(conn, db), erase("vdfs", "sidecars", "entries", "blobs")},
		{"state", "what extensions keep for themselves", state.Operations(db), erase("state", state.Tables()...)},
		{"events", "events that extensions publish", events.Operations(conn), nil},
		{"config", "settings of extensions", settings.Operations(), settings.Endpoints()},
		{"jobs", "jobs that start other jobs", dispatch.Operations(conn, catalogue), nil},
	} {
		service, err := operations.Serve(conn, operations.Config{
			Name: domain.name, Description: domain.description, Store: db, Endpoints: domain.endpoints, Logger: logger,
		}, domain.operations...)
		if err != nil {
			return fmt.Errorf("serve operations: %w", err)
		}
		services = append(services, service)
	}
	rules, err := policy.Serve(conn, logger)
	if err != nil {
		return err
	}
	services = append(services, rules)
	ready()

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return jobs.New(conn, db, logger).Run(ctx) })
	group.Go(func() error { // in the background: the first PDF need not wait for it
		if err := reader.Warm(ctx); err != nil && ctx.Err() == nil {
			logger.WarnContext(ctx, "the PDF reader is not ready", "error", err)
		}
		return nil
	})
	return group.Wait()
}

func openStore(ctx context.Context, config Config) (*store.DB, error) {
	url := config.DatabaseURL
	if url == "" {
		url = filepath.Join(config.DataDir, "airlock.db")
	}
	db, err := store.Open(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return db, nil
}

func masterKey(config Config) (*credentials.Key, error) {
	if config.MasterKey != "" {
		return credentials.ParseKey(config.MasterKey)
	}
	return credentials.LoadKey(filepath.Join(config.DataDir, "master.key"))
}
