package runner

import (
	"context"
	_ "embed"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/runner/sandbox"
)

//go:embed testdata/guest.wasm
var testGuest []byte

// stock is modules on a real engine, whose preparations are counted.
type stock struct {
	*modules
	preparations atomic.Int64
	// fails ends preparations with an error while it is set.
	fails atomic.Bool
}

var errPrepare = errors.New("the store is away")

func newStock(t *testing.T) *stock {
	t.Helper()
	engine, err := sandbox.NewEngine(sandbox.Config{Interpreter: true})
	if err != nil {
		t.Fatal(err)
	}
	s := &stock{}
	s.modules = newModules(func(ctx context.Context, key moduleKey) (*sandbox.Module, error) {
		s.preparations.Add(1)
		if s.fails.Load() {
			return nil, errPrepare
		}
		return engine.Prepare(ctx, testGuest, sandbox.Options{MaxMemory: key.memory})
	}, slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		s.close()
		_ = engine.Close(context.Background())
	})
	return s
}

// key is a module of its own for each name.
func key(name string) moduleKey { return moduleKey{digest: name, memory: 1 << 20} }

func (s *stock) has(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.prepared[key(name)] != nil
}

func (s *stock) mustAcquire(t *testing.T, name string) *preparation {
	t.Helper()
	p, err := s.acquire(t.Context(), key(name))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// runs tells whether a job of a module runs; of one that is closed none does.
func runs(p *preparation) error {
	report := newReporter(1, newArenas(), nil)
	result, err := p.module.Run(context.Background(), sandbox.Input{JobID: uuid.New(), Job: "chat"}, &session{report: report})
	if err == nil && result.ExitCode != 0 {
		err = errors.New("another exit code")
	}
	return err
}

func TestModules(t *testing.T) {
	t.Parallel()
	t.Run("not current: freed with its last job", func(t *testing.T) {
		t.Parallel()
		s := newStock(t)
		one, two := s.mustAcquire(t, "a"), s.mustAcquire(t, "a")
		if one != two || s.preparations.Load() != 1 {
			t.Error("two jobs have not the same module")
		}
		s.release(one)
		if err := runs(two); err != nil || !s.has("a") {
			t.Errorf("it was freed while a job used it: %v", err)
		}
		s.release(two)
		s.background.Wait() // who prepared it is a user until just after those who waited go on
		if err := runs(two); err == nil || s.has("a") {
			t.Error("it was not freed")
		}
	})
	t.Run("current: kept, and freed once it is replaced", func(t *testing.T) {
		t.Parallel()
		s := newStock(t)
		s.arrived("x", key("a"))
		p := s.mustAcquire(t, "a")
		s.release(p)
		s.background.Wait()
		if err := runs(p); err != nil {
			t.Errorf("the current module was freed: %v", err)
		}
		s.arrived("x", key("b"))
		s.background.Wait()
		if err := runs(p); err == nil || s.has("a") || !s.has("b") {
			t.Error("the module before was not freed, or the new one is not there")
		}
		s.removed("x")
		if s.has("b") {
			t.Error("the module of a removed extension was not freed")
		}
	})
	t.Run("replaced while a job runs: freed when that ends", func(t *testing.T) {
		t.Parallel()
		s := newStock(t)
		s.arrived("x", key("a"))
		p := s.mustAcquire(t, "a")
		s.arrived("x", key("b"))
		s.background.Wait()
		if err := runs(p); err != nil {
			t.Errorf("the module was freed under its job: %v", err)
		}
		s.release(p)
		if err := runs(p); err == nil {
			t.Error("it was not freed")
		}
		again := s.mustAcquire(t, "a") // a retried job of the old version
		if err := runs(again); err != nil {
			t.Errorf("prepared again: %v", err)
		}
		s.release(again)
	})
	t.Run("current of two extensions: freed with the second", func(t *testing.T) {
		t.Parallel()
		s := newStock(t)
		s.arrived("x", key("a"))
		s.arrived("y", key("a"))
		s.background.Wait()
		s.removed("x")
		if !s.has("a") {
			t.Error("it was freed with the first")
		}
		s.removed("y")
		if s.has("a") {
			t.Error("it was not freed with the second")
		}
	})
	t.Run("installed again: kept", func(t *testing.T) {
		t.Parallel()
		s := newStock(t)
		s.arrived("x", key("a"))
		s.arrived("x", key("a"))
		s.background.Wait()
		if s.preparations.Load() != 1 || !s.has("a") {
			t.Errorf("%d preparations", s.preparations.Load())
		}
	})
	t.Run("that cannot be prepared: the one before is not harmed, the next job tries again", func(t *testing.T) {
		t.Parallel()
		s := newStock(t)
		s.arrived("x", key("a"))
		p := s.mustAcquire(t, "a")
		s.fails.Store(true)
		s.arrived("x", key("b"))
		if _, err := s.acquire(t.Context(), key("b")); !errors.Is(err, errPrepare) {
			t.Errorf("got %v", err)
		}
		if err := runs(p); err != nil {
			t.Errorf("the module before: %v", err)
		}
		s.release(p)
		s.fails.Store(false)
		s.release(s.mustAcquire(t, "b"))
	})
	t.Run("whose preparation panics: an error", func(t *testing.T) {
		t.Parallel()
		m := newModules(func(context.Context, moduleKey) (*sandbox.Module, error) { panic("over a module") }, slog.New(slog.DiscardHandler))
		for range 2 {
			if _, err := m.acquire(t.Context(), key("a")); err == nil || !strings.Contains(err.Error(), "internal error of the worker") {
				t.Errorf("got %v", err)
			}
		}
		m.close()
	})
	t.Run("waiting ends with its context, for its cause", func(t *testing.T) {
		t.Parallel()
		begun := make(chan struct{}, 2)
		m := newModules(func(ctx context.Context, _ moduleKey) (*sandbox.Module, error) {
			begun <- struct{}{}
			<-ctx.Done() // until close
			return nil, ctx.Err()
		}, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			<-begun
			cancel(errShutdown)
		}()
		if _, err := m.acquire(ctx, key("a")); !errors.Is(err, errShutdown) {
			t.Errorf("got %v", err)
		}
		m.close()
		if _, err := m.acquire(t.Context(), key("b")); err == nil {
			t.Error("something was prepared after the end")
		}
	})
}

// Jobs come and go while versions are swapped: none ever has a module that is closed, and in the end only the current one
// is there.
func TestModulesUnderContention(t *testing.T) {
	t.Parallel()
	s := newStock(t)
	names := []string{"a", "b", "c"}
	s.arrived("x", key("a"))
	var jobs sync.WaitGroup
	for n := range 8 {
		jobs.Go(func() {
			for round := range 20 {
				p, err := s.acquire(context.Background(), key(names[(n+round)%len(names)]))
				if err != nil {
					t.Error(err)
					return
				}
				if err := runs(p); err != nil {
					t.Error(err)
				}
				s.release(p)
			}
		})
	}
	jobs.Go(func() {
		for round := range 60 {
			s.arrived(extensions.ID("x"), key(names[round%len(names)]))
		}
	})
	jobs.Wait()
	s.background.Wait()
	if s.has("a") || s.has("b") || !s.has("c") {
		t.Errorf("a %v, b %v, c %v, want c alone", s.has("a"), s.has("b"), s.has("c"))
	}
}
