package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/operations/jobs"
)

func (c *cli) reloadCommand() *cobra.Command {
	return &cobra.Command{
		Use: "reload FOLDER", Short: "Install a new version of an extension while its jobs run",
		Long: `Install a new version of an extension that is installed, while its jobs run. Jobs that have begun go on with the version
they began with, manifest and module; jobs that begin after this run the new one. It is prepared here first: a version that
cannot be is refused, and the installed one stays.`,
		Example: `  airlock extension reload .build/guests/finance`,
		Args:    oneArg("the extension's folder, with manifest.json and the module in it"),
		RunE: c.withConnAndCatalogue(func(ctx context.Context, conn *bus.Conn, catalogue *extensions.Catalogue, args []string) error {
			return c.reloadExtension(ctx, conn, catalogue, args[0])
		}),
	}
}

// reloaded is what reload prints as JSON.
type reloaded struct {
	Changed bool                 `json:"changed"`
	Old     extensions.Installed `json:"old"`
	New     extensions.Installed `json:"new"`
	// OnOlder counts the jobs that go on with older versions; nil when nobody could tell.
	OnOlder *int `json:"jobs_on_older_versions,omitempty"`
}

func (c *cli) reloadExtension(ctx context.Context, conn *bus.Conn, catalogue *extensions.Catalogue, folder string) error {
	p, err := loadPackage(folder)
	if err != nil {
		return err
	}
	old, err := catalogue.Installed(ctx, p.Manifest.ID)
	if errors.Is(err, extensions.ErrNotInstalled) {
		return fmt.Errorf("extension %s is not installed, so there is nothing to replace; install it with `airlock extension load %s`", p.Manifest.ID, folder)
	}
	if err != nil {
		return err
	}
	if old.Version == p.Version() && old.Signed.Equal(p.Signed) {
		if c.json {
			return c.printJSON(reloaded{Old: old, New: old})
		}
		c.printf("%s is at %s already; nothing changed\n", p.Manifest.ID, named(old))
		return nil
	}
	registered, err := c.prepare(ctx, p, nil)
	if err != nil {
		return fmt.Errorf("%s: %w; %s stays at %s", filepath.Join(folder, p.Manifest.WasmFile), err, p.Manifest.ID, named(old))
	}
	onOlder, known := begun(ctx, conn, p.Manifest.ID)
	c.act(bus.AuditRecord{Operation: "extension.reload", Extension: string(p.Manifest.ID), Detail: c.loaded(p)})
	if err := c.trusted(ctx, conn, p); err != nil {
		return err
	}
	if err := c.loadDowngrade(ctx, catalogue, p); err != nil {
		return err
	}
	installed, err := catalogue.Install(ctx, p, registered)
	if err != nil {
		return downgradeAdvice(err)
	}
	c.warn(p.Manifest)
	if c.json {
		out := reloaded{Changed: installed.Held == nil, Old: old, New: installed}
		if known {
			out.OnOlder = &onOlder
		}
		return c.printJSON(out)
	}
	if installed.Held != nil {
		c.tellHeld(installed)
		c.showProspects(ctx, conn, p.Manifest)
		return nil
	}
	c.printf("%s %s is replaced by %s\n", p.Manifest.ID, named(old), named(installed))
	if known {
		c.printf("  %s\n", goOn(onOlder))
	}
	c.describe(installed)
	c.showProspects(ctx, conn, p.Manifest)
	return nil
}

// begun counts the jobs of an extension that have begun and not ended, as far as the list of jobs knows: those that run for
// less than a second may be missing.
func begun(ctx context.Context, conn *bus.Conn, id extensions.ID) (count int, known bool) {
	for _, state := range []bus.State{bus.StateRunning, bus.StateScheduled} {
		var out jobs.ListResponse
		if err := conn.API(ctx, "jobs", "list", jobs.ListRequest{State: state, Extension: string(id), Limit: mostListed}, &out); err != nil {
			return 0, false // no operations are there; the jobs go on all the same
		}
		count += len(out.Jobs)
	}
	return count, true
}

func goOn(count int) string {
	switch {
	case count == 0:
		return "no job goes on with an older version"
	case count == 1:
		return "1 job goes on with the version it began with"
	case count >= mostListed:
		return fmt.Sprintf("%d jobs or more go on with the versions they began with", mostListed)
	default:
		return fmt.Sprintf("%d jobs go on with the versions they began with", count)
	}
}

// named is a version for people: what its author calls it, and the beginning of its digest.
func named(i extensions.Installed) string {
	return fmt.Sprintf("%s (%s)", i.Manifest.Version, i.Version.Short())
}

// showReplaced lists the versions that were replaced and are kept for jobs that began with them.
func (c *cli) showReplaced(ctx context.Context, catalogue *extensions.Catalogue, current extensions.Installed) error {
	versions, err := catalogue.Versions(ctx, current.Manifest.ID)
	if err != nil {
		return err
	}
	for _, v := range versions {
		switch {
		case v.Version == current.Version:
		case v.Held != nil:
			c.printf("  held       %s, asks for %s\n", named(v), strings.Join(v.Held.Asks, ", "))
		default:
			c.printf("  kept       %s, replaced %s\n", named(v), ago(v.ReplacedAt))
		}
	}
	return nil
}
