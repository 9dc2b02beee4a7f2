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
	config wazero.RuntimeConfig
	cache  wazero.CompilationCache
	log    *slog.Logger
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
		// Ends a guest that loops when its context ends.
		WithCloseOnContextDone(true).
		WithDebugInfoEnabled(false)
	return &Engine{config: rc, cache: cache, log: config.Logger}, nil
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

// Prepare makes a module ready to run: it checks imports and exports, compiles, and learns the jobs by running
// plugin_init once. MaxMemory, in bytes, bounds the memory of each of the module's sandboxes.
//
// # Errors
//
// ErrNotWasm; otherwise what of the module does not fit, in words for its author.
func (e *Engine) Prepare(ctx context.Context, wasm []byte, maxMemory uint64) (*Module, error) {
	if len(wasm) < 8 || string(wasm[:4]) != "\x00asm" {
		return nil, ErrNotWasm
	}
	if len(wasm) > MaxModule {
		return nil, fmt.Errorf("module is %d bytes, at most %d are possible", len(wasm), MaxModule)
	}
	runtime := wazero.NewRuntimeWithConfig(ctx, e.config)
	m := &Module{runtime: runtime, log: e.log, maxMemory: maxMemory}
	if err := m.prepare(ctx, wasm); err != nil {
		_ = runtime.Close(ctx)
		return nil, err
	}
	return m, nil
}

func (m *Module) prepare(ctx context.Context, wasm []byte) error {
	var err error
	if m.compiled, err = m.runtime.CompileModule(ctx, wasm); err != nil {
		return fmt.Errorf("compile module: %w", err)
	}
	if err := checkABI(m.compiled); err != nil {
		return err
	}
	if need := uint64(m.compiled.ExportedMemories()["memory"].Min()) << 16; need > m.maxMemory {
		return fmt.Errorf("the guest starts with %d MB of memory and may have %d: raise max_memory_mb in its manifest", need>>20, m.maxMemory>>20)
	}
	if err := link(ctx, m.runtime, m.compiled); err != nil {
		return fmt.Errorf("link imports: %w", err)
	}
	return m.learnJobs(ctx)
}

// learnJobs runs plugin_init in an instance that is thrown away.
func (m *Module) learnJobs(ctx context.Context) error {
	r := &registry{exports: m.compiled.ExportedFunctions(), jobs: map[string]Job{}}
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
