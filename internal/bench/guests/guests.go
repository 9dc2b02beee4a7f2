// Package guests installs what the benchmarks run.
package guests

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/internal/node"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// Policy lets extensions do what they ask in libraries that nobody has created.
const Policy = `rules: [{name: all, extensions: ["*"], allow: ["query:", "action:"]}]
libraries: {unlisted: allow}`

// Written is the hand-written guest of the sandbox's tests under an id, with permissions as a manifest has them.
func Written(id, permissions string) (*extensions.Package, error) {
	wasm, err := os.ReadFile(filepath.Join("runner", "sandbox", "testdata", "guest.wasm"))
	if err != nil {
		return nil, fmt.Errorf("read guest: %w", err)
	}
	return extensions.NewPackage(fmt.Appendf(nil, `{"id":%q,"name":"Guest","version":"1","wasm_file":"guest.wasm","permissions":%s}`, id, permissions), wasm)
}

// Install puts Policy into force and installs packages, each module prepared once.
func Install(ctx context.Context, conn *bus.Conn, packages ...*extensions.Package) error {
	if _, err := conn.SetPolicy(ctx, []byte(Policy), nil); err != nil {
		return err
	}
	catalogue, err := node.Catalogue(ctx, conn, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	engine, err := sandbox.NewEngine(sandbox.Config{Interpreter: true})
	if err != nil {
		return err
	}
	defer func() { _ = engine.Close(ctx) }()
	jobs := map[string][]extensions.JobInfo{}
	for _, p := range packages {
		if jobs[p.Digest] == nil {
			module, err := engine.Prepare(ctx, p.Wasm, sandbox.Options{MaxMemory: 256 << 20})
			if err != nil {
				return fmt.Errorf("prepare %s: %w", p.Manifest.ID, err)
			}
			for _, job := range module.Jobs() {
				jobs[p.Digest] = append(jobs[p.Digest], extensions.JobInfo(job))
			}
		}
		if _, err := catalogue.Install(ctx, p, jobs[p.Digest]); err != nil {
			return err
		}
	}
	return nil
}
