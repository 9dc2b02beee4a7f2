package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/client"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/internal/node"
)

// demo runs mails through everything, in this process, on an empty data directory.
type demo struct {
	cli    *cli
	guests string
	mails  []string
	conn   *bus.Conn
}

func (c *cli) demoCommand() *cobra.Command {
	d := &demo{cli: c}
	var dir string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run receipts in e-mails through everything, and show what came out",
		Long: `Start everything in one process on an empty data directory, load the shipped extensions, publish each mail as an event
and show the records that came out. The data directory is kept, to look closer.`,
		Example: `  airlock demo --mail bill.eml`,
		Args:    cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&d.guests, "guests", filepath.Join(".build", "guests"), "folder with the built extensions")
	f.StringArrayVar(&d.mails, "mail", nil, "a message of your own, .eml; default: the messages in examples/mail")
	f.StringVar(&dir, "dir", filepath.Join(".build", "demo"), "data directory, emptied first")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if len(d.mails) == 0 {
			d.mails, _ = filepath.Glob(filepath.Join("examples", "mail", "*.eml"))
		}
		if err := emptyDataDir(dir); err != nil {
			return err
		}
		c.config.DataDir, c.config.NATSURL, c.config.DatabaseURL = dir, "", ""
		return d.run(cmd.Context())
	}
	return cmd
}

// emptyDataDir empties a data directory, save for the machine code in it, and nothing that is not one, or that somebody works in.
func emptyDataDir(dir string) error {
	files, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("empty %s: %w", dir, err)
	}
	for _, file := range files {
		if name := file.Name(); name != "nats" && name != "cache" && name != "master.key" && !strings.HasPrefix(name, "airlock.") && !strings.HasPrefix(name, "airlock-jobs.") {
			return fmt.Errorf("%s has %s in it and is no data directory; choose another --dir", dir, name)
		}
	}
	if conn, err := net.Dial("unix", filepath.Join(dir, bus.SocketName)); err == nil { //nolint:noctx // a socket of this machine answers at once or not at all
		_ = conn.Close()
		return fmt.Errorf("a running airlock works in %s; stop it, or choose another --dir", dir)
	}
	for _, file := range files {
		if file.Name() == "cache" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, file.Name())); err != nil {
			return fmt.Errorf("empty %s: %w", dir, err)
		}
	}
	return nil
}

// demoTime bounds the demo.
const demoTime = 5 * time.Minute

func (d *demo) run(ctx context.Context) error {
	if len(d.mails) == 0 {
		return errors.New("no mail in examples/mail: run this in the repository, or name one with --mail")
	}
	d.cli.config.LogLevel = "warn"
	logger, err := d.cli.logger()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, demoTime, fmt.Errorf("the demo did not end within %s", demoTime))
	defer cancel()
	up, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	d.cli.printf("Starting NATS, a worker and all operations in this process, on an empty data directory.\n")
	ready, stopped := make(chan struct{}), make(chan error, 1)
	start := time.Now()
	go func() { stopped <- node.Up(up, d.cli.config, logger, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-stopped:
		return err
	}
	d.cli.printf("  ready after %s\n\n", time.Since(start).Round(time.Millisecond))
	err = d.show(ctx)
	stop()
	return errors.Join(err, <-stopped)
}

func (d *demo) show(ctx context.Context) error {
	var err error
	if d.conn, err = d.cli.connect(); err != nil {
		return err
	}
	defer d.conn.Close()
	if err := d.load(ctx); err != nil {
		return err
	}
	start := time.Now()
	results, err := d.publish(ctx)
	if err != nil {
		return err
	}
	for i := range results {
		if err := d.await(ctx, &results[i]); err != nil {
			return err
		}
	}
	d.cli.printf("\n%d mails in %s:\n\n", len(results), time.Since(start).Round(time.Millisecond))
	if err := d.table(ctx, results); err != nil {
		return err
	}
	d.hint(results)
	for _, r := range results {
		if r.run.State != bus.StateCompleted {
			return fmt.Errorf("%s was not processed: %s", r.mail, r.failure())
		}
	}
	return nil
}

func (d *demo) load(ctx context.Context) error {
	catalogue, err := node.Catalogue(ctx, d.conn, nil)
	if err != nil {
		return err
	}
	for _, name := range []string{"counter", "finance"} {
		folder := filepath.Join(d.guests, name)
		if _, err := os.Stat(filepath.Join(folder, extensions.ManifestFile)); err != nil {
			return fmt.Errorf("the extension %s is not built: run `make build` (%w)", name, err)
		}
		if err := d.cli.loadExtension(ctx, d.conn, catalogue, folder); err != nil {
			return err
		}
	}
	d.cli.printf("\n")
	return d.grant(ctx)
}

// grant creates the library of who names none, and lets the extensions act in it.
func (d *demo) grant(ctx context.Context) error {
	library := &capabilities.Library{ID: defaultLibrary, Name: "Demo", CreatedAt: time.Now().UTC(), Grants: map[string]capabilities.LibraryGrant{}}
	for _, name := range []string{"counter", "finance"} {
		library.Grants[name] = capabilities.LibraryGrant{GrantedAt: library.CreatedAt}
	}
	return putLibrary(ctx, d.conn, library, 0)
}

// result is what became of a mail.
type result struct {
	mail string
	job  uuid.UUID
	run  *bus.Run
}

// failure is why the mail's job did not complete.
func (r result) failure() string {
	if n := len(r.run.Errors); n > 0 {
		return printable(r.run.Errors[n-1].Error)
	}
	return "no reason recorded"
}

func (d *demo) publish(ctx context.Context) ([]result, error) {
	var results []result
	for _, mail := range d.mails {
		data, err := os.ReadFile(mail) //nolint:gosec // the person at the keyboard names it
		if err != nil {
			return nil, fmt.Errorf("read mail: %w", err)
		}
		event := bus.NewEvent(defaultLibrary, "airlock/demo", "mail.received", "message/rfc822", data)
		event.Subject = filepath.Base(mail)
		if err := d.conn.Publish(ctx, event); err != nil {
			return nil, err
		}
		results = append(results, result{mail: filepath.Base(mail), job: event.JobID("finance", "process_receipt")})
		d.cli.printf("%-22s %7.1f KB  event mail.received\n", filepath.Base(mail), float64(len(data))/1024)
	}
	d.cli.printf("\n")
	return results, nil
}

// await shows what a job tells until it has ended. Its event may not have started it yet.
func (d *demo) await(ctx context.Context, r *result) error {
	airlock := client.Use(d.conn)
	for {
		_, err := airlock.Status(ctx, r.job)
		if err == nil {
			break
		}
		if !errors.Is(err, client.ErrNotFound) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	for update, err := range airlock.Watch(ctx, r.job) {
		switch {
		case err != nil:
			return err
		case update.Kind == client.ProgressUpdate:
			d.cli.printf("%-22s %3.0f %% %s\n", r.mail, update.Progress*100, oneLine(update.Text, 60))
		case update.Kind == client.WarningUpdate:
			d.cli.printf("%-22s warning: %s\n", r.mail, oneLine(update.Text, 160))
		case update.Kind == client.OutcomeUpdate:
			r.run = update.Outcome.Run
			d.cli.printf("%-22s %s: %s\n", r.mail, r.run.State, oneLine(r.run.Report.Message, 70))
		}
	}
	return nil
}

// receipt is what the finance extension writes as metadata of an entry.
type receipt struct {
	Vendor   string `json:"vendor"`
	Date     string `json:"date"`
	Amount   string `json:"amount"`
	Tax      string `json:"tax"`
	Currency string `json:"currency"`
	Category string `json:"category"`
	Source   string `json:"source"`
	JobID    string `json:"job_id"`
}

func (d *demo) table(ctx context.Context, results []result) error {
	var page entryPage
	in := map[string]any{"entry_type": "receipt", "limit": 500}
	if err := operate(ctx, d.conn, "query:vdfs.list_entries", defaultLibrary, in, &page); err != nil {
		return err
	}
	receipts := map[string]receipt{}
	for _, e := range page.Entries {
		var r receipt
		if err := json.Unmarshal(e.Metadata, &r); err != nil {
			return fmt.Errorf("decode metadata of %s: %w", e.Path, err)
		}
		receipts[r.JobID] = r
	}
	t := d.cli.table("mail", "vendor", "date", "total", "tax", "currency", "category", "source")
	for _, result := range results {
		r, ok := receipts[result.job.String()]
		switch {
		case ok:
			t.AppendRow(row(result.mail, oneLine(r.Vendor, 30), r.Date, r.Amount, r.Tax, r.Currency, r.Category, r.Source))
		case result.run.State == bus.StateCompleted:
			t.AppendRow(row(result.mail, oneLine(result.run.Report.Message, 46)))
		default:
			t.AppendRow(row(result.mail, oneLine(string(result.run.State)+": "+result.failure(), 60)))
		}
	}
	t.Render()
	return nil
}

// hint says how to look closer.
func (d *demo) hint(results []result) {
	flag := "--data-dir " + d.cli.config.DataDir
	d.cli.printf(`
Each row is an entry in a library, whose content is the mail, with the files email.json, ocr.txt and receipt_analysis.json beside it.
To look closer, start the same data directory again and ask it, from another terminal:

  bin/airlock up %[1]s
  bin/airlock entry list %[1]s
  bin/airlock job show %[2]s %[1]s
  bin/airlock job logs %[2]s %[1]s
  bin/airlock extension show finance %[1]s
`, flag, results[len(results)-1].job)
}
