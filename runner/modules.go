package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// modules keeps prepared modules. Each is prepared once, however many jobs ask for it. It is freed when it is neither that
// of an extension's current version nor used by a job; a job that needs it after that has it prepared again.
type modules struct {
	prepare func(context.Context, moduleKey) (*sandbox.Module, error)
	log     *slog.Logger
	// background are preparations.
	background sync.WaitGroup

	mu       sync.Mutex
	prepared map[moduleKey]*preparation
	current  map[extensions.ID]moduleKey
	closing  bool
}

// moduleKey is what a prepared module depends on: its digest, the bytes of memory its sandboxes may have, and whether each
// job starts the guest anew.
type moduleKey struct {
	digest string
	memory uint64
	anew   bool
}

// preparation is a module that is prepared or being prepared.
type preparation struct {
	key moduleKey
	// module and err are there once done is closed.
	done   chan struct{}
	module *sandbox.Module
	err    error
	// stop ends the preparation.
	stop context.CancelFunc
	// users are those who wait for it or use it, the preparation itself included. It needs modules.mu.
	users int
}

func newModules(prepare func(context.Context, moduleKey) (*sandbox.Module, error), log *slog.Logger) *modules {
	return &modules{
		prepare: prepare, log: log,
		prepared: map[moduleKey]*preparation{}, current: map[extensions.ID]moduleKey{},
	}
}

// acquire returns a prepared module. Whoever has it releases it, once none of its runs is under way.
//
// # Errors
//
// The preparation's; ctx's cause, when it ends first.
func (m *modules) acquire(ctx context.Context, key moduleKey) (*preparation, error) {
	p := m.use(ctx, key)
	select {
	case <-p.done:
		if p.err != nil {
			m.release(p)
			return nil, p.err
		}
		return p, nil
	case <-ctx.Done():
		m.release(p)
		return nil, context.Cause(ctx)
	}
}

// use counts one more user of a preparation, and begins it if it is the first.
func (m *modules) use(ctx context.Context, key moduleKey) *preparation {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.prepared[key]
	if !ok {
		p = &preparation{key: key, done: make(chan struct{}), users: 1}
		m.prepared[key] = p
		// It is for all who wait, not only for this caller.
		ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), prepareTime,
			fmt.Errorf("preparing it took longer than %s", prepareTime))
		p.stop = cancel
		if m.closing {
			cancel()
		}
		m.background.Go(func() {
			defer cancel()
			m.fill(ctx, p)
			m.release(p)
		})
	}
	p.users++
	return p
}

// prepareTime bounds the preparation of a module.
const prepareTime = 2 * time.Minute

// fill does a preparation. One that failed is forgotten, so that the next job tries again.
func (m *modules) fill(ctx context.Context, p *preparation) {
	defer close(p.done)
	module, err := m.survive(ctx, p.key)
	if err == nil {
		p.module = module
		return
	}
	p.err = fmt.Errorf("prepare module %s: %w", p.key.digest, err)
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.prepared, p.key)
}

// survive is prepare, whose panic over what a stranger made is an error: the worker goes on.
func (m *modules) survive(ctx context.Context, key moduleKey) (module *sandbox.Module, err error) {
	defer func() {
		if r := recover(); r != nil {
			m.log.ErrorContext(ctx, "panic in a preparation", "digest", key.digest, "error", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = errors.New("internal error of the worker; its log has the details")
		}
	}()
	return m.prepare(ctx, key)
}

// release ends one use.
func (m *modules) release(p *preparation) {
	m.mu.Lock()
	p.users--
	free := m.unused(p)
	m.mu.Unlock()
	if free {
		m.free(p)
	}
}

// unused tells whether a preparation is to be freed, and forgets it then. It needs mu.
func (m *modules) unused(p *preparation) bool {
	if p.users > 0 {
		return false
	}
	for _, key := range m.current {
		if key == p.key {
			return false
		}
	}
	if m.prepared[p.key] == p {
		delete(m.prepared, p.key)
	}
	return true
}

func (m *modules) free(p *preparation) {
	if p.module == nil {
		return
	}
	if err := p.module.Close(context.Background()); err != nil {
		m.log.Warn("module not closed", "digest", p.key.digest, "error", err)
		return
	}
	m.log.Debug("module freed", "digest", p.key.digest)
}

// arrived notes the current module of an extension and prepares it, so that its first job need not wait. The one before is
// freed once its last job has ended.
func (m *modules) arrived(id extensions.ID, key moduleKey) {
	m.replace(id, &key)
	m.background.Go(func() {
		p, err := m.acquire(context.Background(), key)
		if err != nil {
			m.log.Warn("extension is not ready", "extension", string(id), "error", err)
			return
		}
		m.release(p)
	})
}

// removed notes that an extension has no current module any more.
func (m *modules) removed(id extensions.ID) { m.replace(id, nil) }

func (m *modules) replace(id extensions.ID, key *moduleKey) {
	m.mu.Lock()
	before, ok := m.current[id]
	delete(m.current, id)
	if key != nil {
		m.current[id] = *key
	}
	p := m.prepared[before]
	free := ok && p != nil && m.unused(p)
	m.mu.Unlock()
	if free {
		m.free(p)
	}
}

// close ends preparations and frees all modules. No job may run, and no extension arrive.
func (m *modules) close() {
	m.mu.Lock()
	m.closing = true
	for _, p := range m.prepared {
		p.stop()
	}
	m.mu.Unlock()
	m.background.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, p := range m.prepared {
		delete(m.prepared, key)
		m.free(p)
	}
}
