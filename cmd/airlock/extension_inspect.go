package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/runner/prepare"
	"github.com/airlock-run/airlock/runner/sandbox"
)

func (c *cli) inspectCommand() *cobra.Command {
	cmd := &cobra.Command{
		Example: `  airlock extension inspect .build/guests/finance
  airlock extension inspect module.wasm --json`,
		Use: "inspect FILE|FOLDER", Short: "Prepare a module as a worker does, and show what comes out",
		Long: `Prepare a module as a worker does, in a child process with limits, and show what it imports and exports, which jobs it
registers, what metering adds, how its sandboxes are made and why, and what the preparation took; of a folder also what its manifest
asks for and, where an Airlock runs, what will be granted. Nothing is installed, and no Airlock has to run. A module that is refused is told which stage refused it, and why; the exit code is 1 then.`,
		Args: oneArg("a module, or an extension's folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.inspect(cmd.Context(), args[0]); err != nil || c.json {
				return err
			}
			return c.inspectManifest(cmd.Context(), args[0])
		},
	}
	c.jsonFlag(cmd)
	return cmd
}

// inspected is what inspect prints as JSON.
type inspected struct {
	Module string `json:"module"`
	// Facts is nil for a module that was refused, and Refused for one that was not.
	Facts       *sandbox.Facts `json:"facts,omitempty"`
	Refused     *refused       `json:"refused,omitempty"`
	Preparation *preparation   `json:"preparation,omitempty"`
	// Asks is what the manifest asks for, of a folder.
	Asks []string `json:"asks,omitempty"`
}

type refused struct {
	Stage  string `json:"stage"`
	Reason string `json:"reason"`
}

type preparation struct {
	WallMS      int64  `json:"wall_ms"`
	CPUMS       int64  `json:"cpu_ms"`
	MemoryBytes uint64 `json:"memory_bytes"`
}

func (c *cli) inspect(ctx context.Context, path string) (err error) {
	module, wasm, options, err := readModule(path)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "airlock-inspect")
	if err != nil {
		return fmt.Errorf("make a directory for the preparation: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	preparer, err := prepare.New(prepare.Config{Dir: filepath.Join(dir, "cache")})
	if err != nil {
		return err
	}
	result, err := preparer.Prepare(ctx, wasm, options)
	if err != nil {
		if reason, ok := errors.AsType[*sandbox.StageError](err); ok && c.json {
			err = errors.Join(err, c.printJSON(inspected{Module: module, Refused: &refused{reason.Stage, reason.Err.Error()}}))
		}
		return fmt.Errorf("%s: %w", module, err)
	}
	defer func() { err = errors.Join(err, result.Close()) }()
	if c.json {
		cost := preparation{result.Cost.Wall.Milliseconds(), result.Cost.CPU.Milliseconds(), result.Cost.Memory}
		return c.printJSON(inspected{Module: module, Facts: &result.Facts, Preparation: &cost, Asks: asks(path)})
	}
	c.showFacts(module, result)
	return nil
}

// asks is what the manifest in a folder asks for; nil for a module alone.
func asks(path string) []string {
	p, err := extensions.Load(path)
	if err != nil {
		return nil
	}
	return p.Manifest.Asks()
}

// inspectManifest shows what the manifest in a folder asks for, and what would be granted by the Airlock that runs, if one does.
func (c *cli) inspectManifest(ctx context.Context, path string) error {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return nil // a module alone asks for nothing
	}
	p, err := extensions.Load(path)
	if err != nil {
		return err
	}
	conn, err := c.connect()
	if err != nil {
		c.printProspects(p.Manifest, prospects{Asks: p.Manifest.Asks()})
		for _, method := range p.Manifest.Permissions.Methods {
			c.printf("  asks       method %s\n", method)
		}
		c.printf("what will be granted is for the policy and the libraries of an Airlock that runs to say; %s\n", sentence(err))
		return nil
	}
	defer conn.Close()
	c.showProspects(ctx, conn, p.Manifest)
	return nil
}

// readModule reads a module, and with what its manifest wants it to be prepared. One without a manifest has the defaults.
func readModule(path string) (name string, wasm []byte, options sandbox.Options, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", nil, options, fmt.Errorf("read module: %w", err)
	}
	if info.IsDir() {
		p, err := extensions.Load(path)
		if err != nil {
			return "", nil, options, err
		}
		return filepath.Join(path, p.Manifest.WasmFile), p.Wasm, sandbox.Options{
			MaxMemory: uint64(p.Manifest.Permissions.MaxMemoryMB) << 20, NoSnapshot: p.Manifest.NoSnapshot, //nolint:gosec // positive
		}, nil
	}
	if info.Size() > sandbox.MaxModule {
		return "", nil, options, fmt.Errorf("%s is %s, at most %s are possible", path, size(info.Size()), size(sandbox.MaxModule))
	}
	if wasm, err = os.ReadFile(path); err != nil { //nolint:gosec // the user names it
		return "", nil, options, fmt.Errorf("read module: %w", err)
	}
	return path, wasm, sandbox.Options{MaxMemory: defaultMemory}, nil
}

// defaultMemory is what a manifest that names none has.
const defaultMemory = 512 << 20

// factWidth is how wide lists of names are.
const factWidth = 90

// showFacts prints what is known of a module.
func (c *cli) showFacts(module string, result *prepare.Result) {
	f := result.Facts
	t := c.table("what", module)
	list := func(names []string) string { return text.WrapSoft(strings.Join(names, ", "), factWidth) }
	t.AppendRow(row("jobs", registered(f.Jobs)))
	t.AppendRow(row("imports", imported(f.Imports)))
	t.AppendRow(row("exports", list(f.Exports)))
	t.AppendRow(row("features", orNone(list(f.Features))))
	t.AppendRow(row("memory", fmt.Sprintf("%s at the start, at most %s", pages(f.MemoryPages), pages(f.MaxMemoryPages))))
	t.AppendRow(row("size", size(int64(f.Size))))
	t.AppendRow(row("metering", metering(f)))
	t.AppendRow(row("sandbox", restore(f)))
	t.AppendRow(row("start", text.WrapSoft(drawn(f), factWidth)))
	t.AppendRow(row("preparation", fmt.Sprintf("%s, %s of CPU time, %s of memory",
		result.Cost.Wall.Round(time.Millisecond), result.Cost.CPU.Round(time.Millisecond), size(int64(result.Cost.Memory))))) //nolint:gosec // below a terabyte
	t.Render()
}

// imported lists imports by the modules they are of.
func imported(imports []string) string {
	var modules []string
	names := map[string][]string{}
	for _, i := range imports {
		module, name, _ := strings.Cut(i, ".")
		if names[module] == nil {
			modules = append(modules, module)
		}
		if !slices.Contains(names[module], name) { // some languages import the same twice
			names[module] = append(names[module], name)
		}
	}
	for i, module := range modules {
		modules[i] = text.WrapSoft(module+": "+strings.Join(names[module], ", "), factWidth)
	}
	return orNone(strings.Join(modules, "\n"))
}

func registered(jobs []sandbox.Job) string {
	lines := make([]string, len(jobs))
	for i, job := range jobs {
		lines[i] = job.Name + " (" + job.Export
		if job.Resumable {
			lines[i] += ", resumable"
		}
		lines[i] += ")"
	}
	return text.WrapSoft(strings.Join(lines, ", "), factWidth)
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// metering is what counting fuel adds to a module. The names of its own sections go, so that a small one may shrink.
func metering(f sandbox.Facts) string {
	more := f.MeteredSize - f.Size
	return fmt.Sprintf("%+d bytes (%+.0f %%), charges in %d places", more, 100*float64(more)/float64(max(f.Size, 1)), f.Charges)
}

// restore is how each job gets its sandbox, and why.
func restore(f sandbox.Facts) string {
	if f.Restore == sandbox.RestoreSnapshot {
		return fmt.Sprintf("from a snapshot of %s and %d globals: nothing in the module is against it", size(int64(f.SnapshotSize)), len(f.Globals))
	}
	return "started anew for each job: " + f.Reason
}

// drawn is what a guest took from outside while it started.
func drawn(f sandbox.Facts) string {
	var took []string
	if f.DrewRandom {
		took = append(took, "drew random numbers")
	}
	if f.ReadClock {
		took = append(took, "read the clock")
	}
	switch what := strings.Join(took, " and "); {
	case what == "":
		return "it takes nothing from outside"
	case f.Restore != sandbox.RestoreSnapshot:
		return "it " + what + ", for each job anew"
	case f.Reseeds:
		return "it " + what + ": what came of that is in the snapshot; plugin_reseed is called for each job"
	default:
		return "it " + what + ": what came of that is in the snapshot, the same for each job"
	}
}

func pages(count uint32) string { return size(int64(count) << 16) }

// size is a number of bytes for people.
func size(bytes int64) string {
	switch {
	case bytes < 1<<10:
		return fmt.Sprintf("%d bytes", bytes)
	case bytes < 1<<20:
		return fmt.Sprintf("%.1f KB", float64(bytes)/(1<<10))
	default:
		return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20))
	}
}
