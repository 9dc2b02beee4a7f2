package runner

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/airlock-run/airlock/runner/sandbox"
)

// modules keeps prepared modules, each prepared once however many jobs ask for it.
type modules struct {
	engine *sandbox.Engine
	fetch  func(ctx context.Context, digest string) ([]byte, error)
	log    *slog.Logger

	mu       sync.Mutex
	prepared map[moduleKey]*preparation
}

// moduleKey is what a prepared module depends on.
type moduleKey struct {
	digest string
	memory uint64
}

// preparation is a module that is prepared or being prepared.
type preparation struct {
	done   chan struct{}
	module *sandbox.Module
	err    error
}

func newModules(engine *sandbox.Engine, fetch func(context.Context, string) ([]byte, error), log *slog.Logger) *modules {
	return &modules{engine: engine, fetch: fetch, log: log, prepared: map[moduleKey]*preparation{}}
}

// module returns the prepared module of a digest whose sandboxes have at most memory bytes.
func (m *modules) module(ctx context.Context, digest string, memory uint64) (*sandbox.Module, error) {
	key := moduleKey{digest, memory}
	m.mu.Lock()
	p, ok := m.prepared[key]
	if !ok {
		p = &preparation{done: make(chan struct{})}
		m.prepared[key] = p
	}
	m.mu.Unlock()
	if !ok {
		m.prepare(context.WithoutCancel(ctx), key, p) // for all who wait, not only for this caller
	}
	select {
	case <-p.done:
		return p.module, p.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// prepareTime bounds the preparation of a module.
const prepareTime = 2 * time.Minute

// prepare fills in a preparation. One that failed is forgotten, so that the next job tries again.
func (m *modules) prepare(ctx context.Context, key moduleKey, p *preparation) {
	defer close(p.done)
	ctx, cancel := context.WithTimeoutCause(ctx, prepareTime, fmt.Errorf("preparing it took longer than %s", prepareTime))
	defer cancel()
	wasm, err := m.fetch(ctx, key.digest)
	if err == nil {
		p.module, err = m.engine.Prepare(ctx, wasm, key.memory)
	}
	if err != nil {
		p.err = fmt.Errorf("prepare module %s: %w", key.digest, err)
		m.mu.Lock()
		delete(m.prepared, key)
		m.mu.Unlock()
	}
}

// close frees all modules. No job may run.
func (m *modules) close(ctx context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, p := range m.prepared {
		<-p.done
		if p.module == nil {
			continue
		}
		if err := p.module.Close(ctx); err != nil {
			m.log.WarnContext(ctx, "module not closed", "digest", key.digest, "error", err)
		}
	}
}
