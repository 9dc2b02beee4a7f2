package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// MaxModule is the largest module, in bytes.
const MaxModule = 64 << 20

// Config describes an Engine. The zero value is ready to use.
type Config struct {
	// CacheDir keeps machine code across restarts. It must be private to this user. Default: memory only.
	CacheDir string
	// Interpreter runs guests without compiling them: slower by an order of magnitude, on any platform.
	Interpreter bool
	// Logger gets what guests log while they are prepared. Default: discards.
	Logger *slog.Logger
}

// Engine prepares modules. It is safe for concurrent use; Close it last.
type Engine struct {
	config      wazero.RuntimeConfig
	interpreter bool
	cache       wazero.CompilationCache
	log         *slog.Logger
}

// NewEngine makes an engine.
func NewEngine(config Config) (*Engine, error) {
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
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
		// Ends a guest that loops when its context ends. In machine code this is a call of Go at the head of each loop,
		// which makes a guest several times slower: there, only what stop.go puts into the guest does it.
		WithCloseOnContextDone(config.Interpreter).
		WithDebugInfoEnabled(false)
	return &Engine{config: rc, interpreter: config.Interpreter, cache: cache, log: config.Logger}, nil
}

// Close frees the compiled code. Close the modules first.
func (e *Engine) Close(ctx context.Context) error {
	if err := e.cache.Close(ctx); err != nil {
		return fmt.Errorf("close compile cache: %w", err)
	}
	return nil
}

// ErrNotWasm is returned by Prepare for bytes that are no WebAssembly module.
var ErrNotWasm = errors.New("not a WebAssembly module; build it for wasm32-unknown-unknown or wasip1")

// Prepare makes a module ready to run: it checks the module's form, imports and exports, compiles it, and learns the jobs
// by running plugin_init once. MaxMemory, in bytes, bounds the memory of each of the module's sandboxes. When ctx ends, so
// does the guest that starts, but not the compiler.
//
// # Errors
//
// ErrNotWasm; otherwise what of the module does not fit, in words for its author.
func (e *Engine) Prepare(ctx context.Context, wasm []byte, maxMemory uint64) (*Module, error) {
	inspected, err := inspect(wasm)
	if err != nil {
		return nil, err
	}
	m := &Module{
		runtime: wazero.NewRuntimeWithConfig(ctx, e.config), interpreter: e.interpreter, log: e.log, maxMemory: maxMemory,
	}
	if err := m.prepare(ctx, inspected); err != nil {
		_ = m.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return m, nil
}

func (m *Module) prepare(ctx context.Context, inspected *inspection) error {
	err := survive(func() (err error) {
		m.compiled, err = m.runtime.CompileModule(ctx, inspected.clean)
		return err //nolint:wrapcheck // refusal says it
	})
	if err != nil {
		return fmt.Errorf("compile module: %w", refusal(err))
	}
	if err := checkABI(m.compiled, inspected.foreign); err != nil {
		return err
	}
	m.exports = m.compiled.ExportedFunctions()
	memory := m.compiled.ExportedMemories()["memory"]
	if need := uint64(memory.Min()) << 16; need > m.maxMemory {
		return fmt.Errorf("the guest starts with %d MB of memory and may have %d: raise max_memory_mb in its manifest",
			(need+1<<20-1)>>20, m.maxMemory>>20)
	}
	m.memory = m.maxMemory
	if pages, ok := memory.Max(); ok {
		m.memory = min(m.memory, uint64(pages)<<16)
	}
	if err := link(ctx, m.runtime, m.compiled); err != nil {
		return fmt.Errorf("link imports: %w", err)
	}
	return m.learnJobs(ctx)
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

// learnJobs runs plugin_init in an instance that is thrown away.
func (m *Module) learnJobs(ctx context.Context) error {
	r := newRegistry(m.exports)
	s, err := m.instantiate(ctx, &instance{host: quietHost{m.log}, registry: r})
	if err != nil {
		return err
	}
	defer s.close()
	switch {
	case r.refused != nil:
		return fmt.Errorf("plugin_init: %w", r.refused)
	case len(r.jobs) == 0:
		return errors.New("plugin_init registered no job: call register_job there")
	}
	m.jobs = r.jobs
	return nil
}
