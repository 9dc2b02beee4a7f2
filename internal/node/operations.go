package node

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/ai"
	"github.com/airlock-run/airlock/operations/ai/classify"
	"github.com/airlock-run/airlock/operations/ai/ocr"
	"github.com/airlock-run/airlock/operations/credentials"
	"github.com/airlock-run/airlock/operations/door"
	"github.com/airlock-run/airlock/operations/entries"
	"github.com/airlock-run/airlock/operations/http"
	"github.com/airlock-run/airlock/operations/jobs"
	"github.com/airlock-run/airlock/operations/mail"
	"github.com/airlock-run/airlock/operations/mail/folder"
	"github.com/airlock-run/airlock/operations/outside"
	"github.com/airlock-run/airlock/operations/policy"
	"github.com/airlock-run/airlock/operations/store"
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
	key, previous, err := masterKeys(ctx, process)
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
	models, err := openModel(ctx, process, logger)
	if err != nil {
		return fmt.Errorf("reach model server: %w", err)
	}
	defer models.Close()

	requests := door.New(conn, catalogue, logger)
	defer follow(ctx, requests)()
	private, err := outside.ParsePrivate(process.HTTPAllowPrivate)
	if err != nil {
		return fmt.Errorf("read http-allow-private: %w", err)
	}
	contents, closeContents, err := openContents(ctx, conn, db, process.Blobs, requests, logger)
	if err != nil {
		return err
	}
	defer closeContents()
	understanding := ai.Parts{Reader: reader, Contents: contents, Classifier: classifier, Model: models, ModelClassifies: process.AIClassify}
	dialer := outside.NewDialer(outside.Config{AllowPrivate: private})
	transport := http.NewTransport(http.Config{Dialer: dialer})
	defer transport.CloseIdleConnections()
	vault := credentials.New(db, key, credentials.Config{Previous: previous, Transport: transport, Logger: logger})
	defer vault.Close()
	folders, err := folder.ParseRoots(process.MailFolders)
	if err != nil {
		return fmt.Errorf("read mail-folders: %w", err)
	}
	mailboxes := mail.New(db, vault, contents, mail.Config{Dialer: dialer, AllowPlain: process.MailAllowPlain, Folders: folders, Logger: logger})
	defer mailboxes.Close()
	auditor := conn.NewAuditor(bus.AuditorConfig{By: roleOperations})
	conn.AuditRefusals(auditor)
	auditing, stopAuditing := context.WithCancel(context.WithoutCancel(ctx))
	var background sync.WaitGroup
	defer background.Wait()
	defer stopAuditing()
	background.Go(func() { auditor.Run(auditing) })

	var services []*bus.Service
	defer func() {
		for _, s := range services {
			err = errors.Join(err, s.Stop())
		}
	}()
	for _, domain := range domains(parts{
		conn: conn, db: db, contents: contents, catalogue: catalogue, understanding: understanding, vault: vault, door: requests, transport: transport, mail: mailboxes, logger: logger,
	}) {
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
	select {
	case <-requests.Ready():
	case <-ctx.Done():
	}
	ready()

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return jobs.New(conn, db, logger).Run(ctx) })
	group.Go(func() error { return contents.Run(ctx) })
	group.Go(func() error { return mailboxes.Watch(ctx, conn) })
	group.Go(func() error { return entries.Maintain(ctx, db, catalogue, logger) })
	group.Go(func() error { // in the background: the first PDF need not wait for it
		if err := reader.Warm(ctx); err != nil && ctx.Err() == nil {
			logger.WarnContext(ctx, "the PDF reader is not ready", "error", err)
		}
		return nil
	})
	return group.Wait()
}

// follow keeps a door up to date until stop is called.
func follow(ctx context.Context, d *door.Door) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d.Run(ctx)
	}()
	return func() {
		cancel()
		<-ended
	}
}

// Database is the URL of the operations' database.
func (c Config) Database() string {
	if c.DatabaseURL != "" {
		return c.DatabaseURL
	}
	return filepath.Join(c.DataDir, "airlock.db")
}

func openStore(ctx context.Context, config Config) (*store.DB, error) {
	db, err := store.Open(ctx, config.Database())
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return db, nil
}
