package prepare

import (
	"context"
	"errors"

	"github.com/airlock-run/airlock/runner/sandbox"
)

// stages do the work of a child.
type stages interface {
	// Prepare validates, meters and freezes a module, and tells options.Stage as each stage begins.
	Prepare(ctx context.Context, wasm []byte, options sandbox.Options) (*sandbox.Prepared, error)
	// Compile compiles p.Wasm so that its machine code is in cacheDir.
	Compile(ctx context.Context, p *sandbox.Prepared, cacheDir string) error
}

// stageStart is what a child does before the first stage.
const stageStart = "start"

// sandboxStages are those of package sandbox.
type sandboxStages struct{}

func (sandboxStages) Prepare(ctx context.Context, wasm []byte, options sandbox.Options) (*sandbox.Prepared, error) {
	return sandbox.Prepare(ctx, wasm, options)
}

func (sandboxStages) Compile(ctx context.Context, p *sandbox.Prepared, cacheDir string) error {
	return sandbox.Compile(ctx, p, cacheDir)
}

// blame makes sure that an error of a stage says which stage it is of.
func blame(err error, stage string) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*sandbox.StageError](err); ok {
		return err
	}
	return &sandbox.StageError{Stage: stage, Err: err}
}
