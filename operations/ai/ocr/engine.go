package ocr

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// engine compiles PDFium once and makes machines that run it. Compiling takes seconds and cannot be interrupted, so it
// happens in a goroutine of its own, at the first use, and callers wait for it no longer than their context allows.
type engine struct {
	cache  wazero.CompilationCache
	memory int
	log    *slog.Logger

	once  sync.Once
	ready chan struct{} // closed when PDFium is compiled, or cannot be
	mu    sync.Mutex
	spare *machine // the machine that compiled; the first who asks gets it
	err   error
}

// machine is a WebAssembly runtime in which PDFium is compiled and nothing runs. Cancelling it is the only way to
// interrupt an instance of it, and ends it.
type machine struct {
	pool   pdfium.Pool
	cancel context.CancelFunc
}

func newEngine(config Config) (*engine, error) {
	e := &engine{memory: config.Memory, log: config.Logger, ready: make(chan struct{}), cache: wazero.NewCompilationCache()}
	if config.CacheDir != "" {
		cache, err := wazero.NewCompilationCacheWithDir(config.CacheDir)
		if err != nil {
			return nil, fmt.Errorf("open compile cache: %w", err)
		}
		e.cache = cache
	}
	return e, nil
}

// compile waits until PDFium is compiled, and starts that when nobody did.
func (e *engine) compile(ctx context.Context) error {
	e.once.Do(func() {
		go func() {
			defer close(e.ready)
			ctx, began := context.Background(), time.Now() // it outlives whoever asked first
			e.spare, e.err = e.newMachine()
			if e.err != nil {
				e.log.ErrorContext(ctx, "pdfium does not start", "error", e.err)
				return
			}
			e.log.InfoContext(ctx, "pdfium ready", "duration", time.Since(began))
		}()
	})
	select {
	case <-e.ready:
		return e.err
	case <-ctx.Done():
		return fmt.Errorf("wait for pdfium to be compiled: %w", ctx.Err())
	}
}

// take returns a machine that is the caller's to close.
func (e *engine) take(ctx context.Context) (*machine, error) {
	if err := e.compile(ctx); err != nil {
		return nil, err
	}
	e.mu.Lock()
	m := e.spare
	e.spare = nil
	e.mu.Unlock()
	if m != nil {
		return m, nil
	}
	return e.newMachine()
}

// newMachine locks PDFium in: no files (a nil FSConfig would mount the root directory), no output, bounded memory, and
// an end when the context is cancelled.
func (e *engine) newMachine() (*machine, error) {
	ctx, cancel := context.WithCancel(experimental.WithCompilationWorkers(context.Background(), runtime.GOMAXPROCS(0)))
	pool, err := webassembly.Init(webassembly.Config{
		Context:  ctx,
		MaxTotal: 1,
		MaxIdle:  1,
		FSConfig: wazero.NewFSConfig(),
		Stdout:   io.Discard,
		Stderr:   io.Discard,
		RuntimeConfig: wazero.NewRuntimeConfig().
			WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
			WithCompilationCache(e.cache).
			WithMemoryLimitPages(uint32(e.memory / wasmPage)). //nolint:gosec // Config.Validate bounds it
			WithCloseOnContextDone(true),
	})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start pdfium: %w", err)
	}
	return &machine{pool: pool, cancel: cancel}, nil
}

func (m *machine) close() error {
	m.cancel()
	if err := m.pool.Close(); err != nil {
		return fmt.Errorf("close pdfium: %w", err)
	}
	return nil
}

// close ends the engine after all its machines are closed. It waits for a compilation that is under way.
func (e *engine) close() error {
	e.once.Do(func() { close(e.ready) })
	<-e.ready
	var err error
	if e.spare != nil {
		err = e.spare.close()
	}
	return errors.Join(err, e.cache.Close(context.Background()))
}
