package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/airlock-run/airlock/runner/sandbox/snapshot"
	"github.com/airlock-run/airlock/runner/sandbox/validate"
	"github.com/airlock-run/airlock/runner/sandbox/wasm"
)

// MaxModule is the largest module, in bytes.
const MaxModule = validate.MaxModule

// ErrNotWasm is returned for bytes that are no WebAssembly module.
var ErrNotWasm = validate.ErrNotWasm

// Config describes an Engine. The zero value is ready to use.
type Config struct {
	// CacheDir keeps machine code across restarts. It must be private to this user. Default: memory only.
	CacheDir string
	// Interpreter runs guests without compiling them: slower by an order of magnitude, on any platform.
	Interpreter bool
	// Idle is how many sandboxes of each module are kept for the next job. Default: four for each CPU.
	Idle int
	// Logger gets what guests log while they are prepared. Default: discards.
	Logger *slog.Logger
}

// Engine runs prepared modules. It is safe for concurrent use; Close it last.
type Engine struct {
	config      wazero.RuntimeConfig
	interpreter bool
	idle        int
	cache       wazero.CompilationCache
	log         *slog.Logger
	// copying copies snapshots instead of mapping them, as on systems that cannot.
	copying bool
}

// NewEngine makes an engine.
func NewEngine(config Config) (*Engine, error) {
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Idle == 0 {
		config.Idle = 4 * runtime.NumCPU()
	}
	cache := wazero.NewCompilationCache()
	if config.CacheDir != "" {
		var err error
		if cache, err = wazero.NewCompilationCacheWithDir(config.CacheDir); err != nil {
			return nil, fmt.Errorf("open compile cache: %w", err)
		}
	}
	rc := wazero.NewRuntimeConfigCompiler()
	if config.Interpreter {
		rc = wazero.NewRuntimeConfigInterpreter()
	}
	rc = rc.WithCompilationCache(cache).
		WithCoreFeatures(api.CoreFeaturesV2).
		// Ends a guest when its context ends, at several times the price of what package meter puts into it, and not all.
		WithCloseOnContextDone(false).
		WithDebugInfoEnabled(false)
	return &Engine{config: rc, interpreter: config.Interpreter, idle: config.Idle, cache: cache, log: config.Logger}, nil
}

// Close frees the compiled code. Close the modules first.
func (e *Engine) Close(ctx context.Context) error {
	if err := e.cache.Close(ctx); err != nil {
		return fmt.Errorf("close compile cache: %w", err)
	}
	return nil
}

// Compile compiles a prepared module, so that its machine code is in cacheDir for engines that have it as their CacheDir.
// The compiler heeds no deadline and no limit of memory: this is for a process that has limits of its own.
//
// # Errors
//
// *StageError.
func Compile(ctx context.Context, p *Prepared, cacheDir string) error {
	e, err := NewEngine(Config{CacheDir: cacheDir})
	if err != nil {
		return err
	}
	m, err := e.Load(ctx, p)
	if err != nil {
		return &StageError{Stage: StageCompile, Err: err}
	}
	return errors.Join(m.Close(ctx), e.Close(ctx))
}

// Prepare takes a module through all stages in this process and loads it: for modules one trusts as far as one's own. See
// package prepare for the others.
//
// # Errors
//
// *StageError.
func (e *Engine) Prepare(ctx context.Context, module []byte, options Options) (*Module, error) {
	prepared, err := Prepare(ctx, module, options)
	if err != nil {
		return nil, err
	}
	m, err := e.Load(ctx, prepared)
	if err != nil {
		return nil, &StageError{Stage: StageCompile, Err: err}
	}
	return m, nil
}

// Open loads a prepared module into an engine of its own, which is closed with it. Once it has returned, CacheDir is not
// needed any more.
//
// # Errors
//
// Those of NewEngine and Load.
func Open(ctx context.Context, p *Prepared, config Config) (*Module, error) {
	e, err := NewEngine(config)
	if err != nil {
		return nil, err
	}
	m, err := e.Load(ctx, p)
	if err != nil {
		return nil, errors.Join(err, e.Close(context.WithoutCancel(ctx)))
	}
	m.engine = e
	return m, nil
}

// Load makes a prepared module ready to run. Without its machine code in the engine's cache it is compiled.
//
// # Errors
//
// What the compiler has against the module; that the host has no memory left.
func (e *Engine) Load(ctx context.Context, p *Prepared) (*Module, error) {
	m := &Module{
		runtime: wazero.NewRuntimeWithConfig(ctx, e.config), interpreter: e.interpreter, log: e.log, facts: p.Facts,
		jobs: map[string]Job{}, memory: uint64(p.Facts.MaxMemoryPages) * snapshot.PageSize, idle: make(chan *instance, e.idle),
	}
	for _, job := range p.Facts.Jobs {
		m.jobs[job.Name] = job
	}
	if err := m.load(ctx, p, e.copying); err != nil {
		_ = m.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return m, nil
}

func (m *Module) load(ctx context.Context, p *Prepared, copying bool) error {
	err := survive(func() (err error) {
		m.compiled, err = m.runtime.CompileModule(ctx, p.Wasm)
		return err //nolint:wrapcheck // the next line does
	})
	if err != nil {
		return errors.New(wasm.Cut(err.Error(), 300))
	}
	if err := link(ctx, m.runtime, m.compiled); err != nil {
		return fmt.Errorf("link imports: %w", err)
	}
	if p.Facts.Restore == RestoreSnapshot {
		if m.image, err = newImage(p.Image, copying); err != nil {
			return fmt.Errorf("keep the snapshot: %w", err)
		}
	}
	return nil
}

// survive runs a step of the engine. It is not ours and works on what a stranger made: a module it panics over is
// refused, and the others go on.
func survive(step func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the engine cannot take the module: %v", p)
		}
	}()
	return step()
}
