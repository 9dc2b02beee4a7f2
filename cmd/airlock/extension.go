package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/internal/node"
	"github.com/airlock-run/airlock/runner/sandbox"
)

func (c *cli) extensionCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "extension", Short: "Load, reload, inspect, list, show, pause and unload extensions", Args: cobra.ArbitraryArgs, RunE: group}
	load := &cobra.Command{
		Use: "load FOLDER", Short: "Check and install the extension in a folder, over the version that may be there",
		Example: `  airlock extension load .build/guests/finance`,
		Args:    oneArg("the extension's folder, with manifest.json and the module in it"),
		RunE: c.withConnAndCatalogue(func(ctx context.Context, conn *bus.Conn, catalogue *extensions.Catalogue, args []string) error {
			return c.loadExtension(ctx, conn, catalogue, args[0])
		}),
	}
	list := &cobra.Command{
		Use: "list", Short: "List what is installed", Args: cobra.NoArgs, Example: `  airlock extension list`,
		RunE: c.withConn(func(ctx context.Context, conn *bus.Conn, _ []string) error { return c.listExtensions(ctx, conn) }),
	}
	show := &cobra.Command{
		Use: "show ID", Short: "Show an extension: its jobs, triggers and what it may do", Args: oneArg("the extension's id"),
		Example: `  airlock extension show finance`,
		RunE: c.withConnAndCatalogue(func(ctx context.Context, conn *bus.Conn, catalogue *extensions.Catalogue, args []string) error {
			return c.showExtension(ctx, conn, catalogue, args[0])
		}),
	}
	unload := &cobra.Command{
		Use: "unload ID", Short: "Remove an extension; its jobs that have not begun end as dead", Args: oneArg("the extension's id"),
		Example: `  airlock extension unload finance`,
		RunE: c.withCatalogue(func(ctx context.Context, catalogue *extensions.Catalogue, args []string) error {
			return c.unloadExtension(ctx, catalogue, args[0])
		}),
	}
	reload := c.reloadCommand()
	for _, sub := range []*cobra.Command{load, reload, list, show, unload} {
		c.jsonFlag(sub)
	}
	for _, sub := range []*cobra.Command{load, reload} {
		sub.Flags().BoolVar(&c.downgrade, "allow-downgrade", false, "install it even if it is older than what was installed before")
	}
	cmd.AddCommand(c.keygenCommand(), c.signCommand(), c.verifyCommand())
	cmd.AddCommand(load, reload, list, show, c.pauseExtensionCommand(), c.resumeExtensionCommand(), c.settingsCommand(), unload, c.inspectCommand(), c.explainCommand(), c.approveCommand())
	return cmd
}

// withCatalogue runs a command with the catalogue of the Airlock that runs.
func (c *cli) withCatalogue(run func(context.Context, *extensions.Catalogue, []string) error) func(*cobra.Command, []string) error {
	return c.withConnAndCatalogue(func(ctx context.Context, _ *bus.Conn, catalogue *extensions.Catalogue, args []string) error {
		return run(ctx, catalogue, args)
	})
}

// withConnAndCatalogue is withCatalogue, with the connection too.
func (c *cli) withConnAndCatalogue(run func(context.Context, *bus.Conn, *extensions.Catalogue, []string) error) func(*cobra.Command, []string) error {
	return c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		logger, err := c.logger()
		if err != nil {
			return err
		}
		catalogue, err := node.Catalogue(ctx, conn, logger)
		if err != nil {
			return err
		}
		return run(ctx, conn, catalogue, args)
	})
}

// withConn runs a command with a connection to the Airlock that runs.
func (c *cli) withConn(run func(context.Context, *bus.Conn, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		conn, err := c.connect()
		if err != nil {
			return err
		}
		defer conn.Close()
		logger, err := c.logger()
		if err != nil {
			return err
		}
		stopTracing, err := node.Trace(cmd.Context(), logger)
		if err != nil {
			return err
		}
		defer stopTracing()
		err = run(cmd.Context(), conn, args)
		c.audit(cmd.Context(), conn, err, c.acts...)
		return err
	}
}

// loadPackage reads the extension in a folder, for this host.
func loadPackage(folder string) (*extensions.Package, error) {
	p, err := extensions.Load(folder)
	if err != nil {
		return nil, err
	}
	return p, p.Manifest.CheckHost(version)
}

func (c *cli) loadExtension(ctx context.Context, conn *bus.Conn, catalogue *extensions.Catalogue, folder string) error {
	p, err := loadPackage(folder)
	if err != nil {
		return err
	}
	jobs, err := c.prepare(ctx, p, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(folder, p.Manifest.WasmFile), err)
	}
	c.act(bus.AuditRecord{Operation: "extension.load", Extension: string(p.Manifest.ID), Detail: c.loaded(p)})
	if err := c.trusted(ctx, conn, p); err != nil {
		return err
	}
	if err := c.loadDowngrade(ctx, catalogue, p); err != nil {
		return err
	}
	installed, err := catalogue.Install(ctx, p, jobs)
	if err != nil {
		return downgradeAdvice(err)
	}
	c.warn(p.Manifest)
	if c.json {
		return c.printJSON(c.loadedExtension(ctx, conn, installed))
	}
	if installed.Held != nil {
		c.tellHeld(installed)
		c.showProspects(ctx, conn, p.Manifest)
		return nil
	}
	c.printf("%s %s is installed\n", p.Manifest.ID, p.Manifest.Version)
	c.describe(installed)
	c.showProspects(ctx, conn, p.Manifest)
	return nil
}

// loadedExtension is what load prints as JSON.
func (c *cli) loadedExtension(ctx context.Context, conn *bus.Conn, installed extensions.Installed) any {
	p, err := prospectsOf(ctx, conn, installed.Manifest)
	if err != nil {
		_, _ = fmt.Fprintf(c.stderr, "warning: what will be granted is not known: %s\n", sentence(err))
	}
	return struct {
		extensions.Installed
		prospects
	}{installed, p}
}

// warn says what of a manifest is likely not meant.
func (c *cli) warn(m *extensions.Manifest) {
	for _, warning := range m.Warnings() {
		_, _ = fmt.Fprintf(c.stderr, "warning: %s\n", warning)
	}
}

// prepare prepares a module as a worker does, and returns the jobs it registers.
func (c *cli) prepare(ctx context.Context, p *extensions.Package, use func(context.Context, *sandbox.Module) error) (jobs []extensions.JobInfo, err error) {
	load, err := node.Load(c.config, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	module, err := load(ctx, p.Wasm, sandbox.Options{
		MaxMemory: uint64(p.Manifest.Permissions.MaxMemoryMB) << 20, NoSnapshot: p.Manifest.NoSnapshot, //nolint:gosec // positive
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, module.Close(context.WithoutCancel(ctx))) }()
	for _, job := range module.Jobs() {
		jobs = append(jobs, extensions.JobInfo(job))
	}
	if use != nil {
		err = use(ctx, module)
	}
	return jobs, err
}

// listedExtension is an extension as list prints it as JSON.
type listedExtension struct {
	extensions.Installed
	// Paused is missing when nobody deals jobs, who would know.
	Paused *bool `json:"paused,omitempty"`
}

func (c *cli) listExtensions(ctx context.Context, conn *bus.Conn) error {
	catalogue, err := node.Catalogue(ctx, conn, nil)
	if err != nil {
		return err
	}
	all, err := catalogue.All(ctx)
	if err != nil {
		return err
	}
	paused, unknown := pausedExtensions(ctx, conn)
	listed := make([]listedExtension, len(all))
	for i, e := range all {
		listed[i].Installed = e
		if unknown == nil {
			holds := slices.Contains(paused, string(e.Manifest.ID))
			listed[i].Paused = &holds
		}
	}
	if c.json {
		return c.printJSON(listed)
	}
	if len(all) == 0 {
		c.printf("no extension is installed; install one with `airlock extension load FOLDER`\n")
		return nil
	}
	t := c.table("extension", "version", "jobs", "size", "installed", "")
	for _, e := range listed {
		t.AppendRow(row(e.Manifest.ID, named(e.Installed), jobNames(e.Installed), fmt.Sprintf("%.1f MB", float64(e.Size)/1e6),
			ago(e.InstalledAt), mark(e.Paused != nil && *e.Paused, "paused")))
	}
	t.Render()
	return nil
}

func (c *cli) showExtension(ctx context.Context, conn *bus.Conn, catalogue *extensions.Catalogue, id string) error {
	installed, err := find(ctx, catalogue, id)
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(installed)
	}
	m := installed.Manifest
	c.printf("%s %s: %s\n%s\n", m.ID, m.Version, m.Name, m.Description)
	c.describe(installed)
	c.printf("  version    %s\n", installed.Version)
	c.printf("  module     %s, %d bytes\n", installed.Digest, installed.Size)
	if err := c.showReplaced(ctx, catalogue, installed); err != nil {
		return err
	}
	c.showProspects(ctx, conn, m)
	return nil
}

// describe prints the jobs of an extension, what starts them and what it is granted.
func (c *cli) describe(installed extensions.Installed) {
	m := installed.Manifest
	c.printf("  jobs       %s\n", jobNames(installed))
	for _, trigger := range m.Triggers {
		c.printf("  trigger    %s starts %s\n", trigger.Event, trigger.Job)
	}
	granted := strings.Join(m.Permissions.Methods, ", ")
	if granted == "" {
		granted = "no operation"
	}
	c.printf("  may call   %s\n", granted)
	c.printf("  libraries  %s\n", strings.Join(m.Permissions.Libraries, ", "))
	c.describeSignatures(installed.Signed)
	c.printf("  limits     %d requests a minute, %d MB of memory a job\n", m.Grant().RequestsPerMinute(), m.Permissions.MaxMemoryMB)
}

func (c *cli) unloadExtension(ctx context.Context, catalogue *extensions.Catalogue, id string) error {
	installed, err := find(ctx, catalogue, id)
	if err != nil {
		return err
	}
	wasm, err := catalogue.Module(ctx, installed.Digest)
	if err != nil {
		return err
	}
	c.act(bus.AuditRecord{Operation: "extension.unload", Extension: id, Detail: named(installed)})
	if err := catalogue.Remove(ctx, installed.Manifest.ID); err != nil {
		return err
	}
	p := &extensions.Package{Manifest: installed.Manifest, Wasm: wasm, Digest: installed.Digest}
	cleanup := func(ctx context.Context, module *sandbox.Module) error { return module.Cleanup(ctx) }
	if _, err := c.prepare(ctx, p, cleanup); err != nil {
		_, _ = fmt.Fprintf(c.stderr, "warning: %v\n", err)
	}
	if c.json {
		return c.printJSON(map[string]any{"extension": id, "removed": true})
	}
	c.printf("%s is removed\n", id)
	return nil
}

func find(ctx context.Context, catalogue *extensions.Catalogue, text string) (extensions.Installed, error) {
	id, err := extensions.ParseID(text)
	if err != nil {
		return extensions.Installed{}, err
	}
	installed, err := catalogue.Installed(ctx, id)
	if errors.Is(err, extensions.ErrNotInstalled) {
		return extensions.Installed{}, fmt.Errorf("extension %s is not installed; `airlock extension list` shows what is", id)
	}
	return installed, err
}

func jobNames(installed extensions.Installed) string {
	names := make([]string, len(installed.Jobs))
	for i, job := range installed.Jobs {
		names[i] = job.Name
	}
	return strings.Join(names, ", ")
}
