package prepare

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"

	"github.com/airlock-run/airlock/runner/sandbox"
)

// Config describes a Preparer.
type Config struct {
	// Dir is the cache. It is made if need be, must belong to this user, and nobody else may write to it. Required.
	Dir string
	// MaxBytes bounds the cache: beyond it, entries go that were not used for longest. Default 4 GiB.
	MaxBytes int64
	// Limits bound each preparation.
	Limits Limits
	// Children is how many work at once. They are in one another's way, and in the way of jobs. Default 1.
	Children int
	// Command starts a child: a program that calls Child, and the one argument that it looks for is appended. It has to
	// be built from the same sources as this one. Default: this executable.
	Command []string
	// Logger defaults to one that discards.
	Logger *slog.Logger
}

// Preparer prepares modules. It is safe for concurrent use, and several processes may have one on the same cache.
type Preparer struct {
	cache   *cache
	limits  Limits
	command []string
	flights flights
	// seats are for children.
	seats chan struct{}
	log   *slog.Logger
}

// New makes a Preparer and removes what children of processes that died have left in the cache.
//
// # Errors
//
// ErrNoChild when this process is itself a child, of a program whose main does not call Child. When the cache is not
// private to this user.
func New(config Config) (*Preparer, error) {
	if isChild() {
		return nil, ErrNoChild // or it would start itself over and over
	}
	if config.Dir == "" {
		return nil, errors.New("prepare modules: a directory is needed for the cache")
	}
	if config.MaxBytes < 0 || config.Children < 0 {
		return nil, errors.New("prepare modules: sizes and numbers must not be negative")
	}
	config = config.withDefaults()
	if err := config.Limits.validate(); err != nil {
		return nil, err
	}
	if len(config.Command) == 0 {
		self, err := executable()
		if err != nil {
			return nil, fmt.Errorf("find this executable: %w", err)
		}
		config.Command = []string{self}
	}
	cache, err := newCache(config.Dir, config.MaxBytes, config.Logger)
	if err != nil {
		return nil, err
	}
	return &Preparer{
		cache: cache, limits: config.Limits, command: append(slices.Clone(config.Command), childArgument),
		seats: make(chan struct{}, config.Children), log: config.Logger,
	}, nil
}

func (c Config) withDefaults() Config {
	c.Limits = c.Limits.withDefaults()
	if c.MaxBytes == 0 {
		c.MaxBytes = 4 << 30
	}
	if c.Children == 0 {
		c.Children = 1
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Result is a prepared module. Its machine code is in CacheDir: an engine with that cache need not compile. Nothing is
// removed there before Close.
type Result struct {
	*sandbox.Prepared
	// CacheDir is the engine's cache.
	CacheDir string
	// Cost is what the preparation took, whenever that was.
	Cost Cost
	// Cached is set when it was prepared before.
	Cached bool

	lock *os.File
}

// Close lets the module go from the cache, where it stays as long as there is room. Prepared can still be used, CacheDir
// cannot. Closing twice does nothing.
func (r *Result) Close() error {
	if r.lock == nil {
		return nil
	}
	lock := r.lock
	r.lock = nil
	if err := lock.Close(); err != nil {
		return fmt.Errorf("close prepared module: %w", err)
	}
	return nil
}

// Prepare returns a module as sandboxes need it: from the cache, or prepared by a child. However many ask for the same
// at once, in whatever process, one child prepares it; it is ended when nobody waits for it any more. The caller closes
// the Result. Nobody tells options.Stage.
//
// # Errors
//
// A *sandbox.StageError when the module is refused, in words for its author: another try would end the same way. Otherwise it is
// not the module's fault: ErrKilled, ErrNoChild, a cache that cannot be read or written; ctx's cause, when it ends first.
func (p *Preparer) Prepare(ctx context.Context, wasm []byte, options sandbox.Options) (*Result, error) {
	if len(wasm) > sandbox.MaxModule {
		return nil, &sandbox.StageError{Stage: sandbox.StageValidate, Err: fmt.Errorf("module is %d bytes, at most %d are possible", len(wasm), sandbox.MaxModule)}
	}
	key, err := keyOf(wasm, options)
	if err != nil {
		return nil, err
	}
	r, err := p.cache.open(key)
	if err == nil {
		r.Cached = true
		return r, nil
	}
	// Between its making and its reading an entry can be removed: by a process with less room. Not often.
	for range 3 {
		if !missing(err) {
			return nil, err
		}
		if err := p.flights.join(ctx, key, func(ctx context.Context) error { return p.build(ctx, key, wasm, options) }); err != nil {
			return nil, err
		}
		if r, err = p.cache.open(key); err == nil {
			return r, nil
		}
	}
	return nil, fmt.Errorf("prepared module is gone from the cache again: is there room for it? %w", err)
}

// build makes an entry, unless another process does so first.
func (p *Preparer) build(ctx context.Context, key string, wasm []byte, options sandbox.Options) error {
	lock, err := waitLock(ctx, p.cache.path(key)+lockSuffix)
	if err != nil {
		return err
	}
	defer unlock(lock)
	r, err := p.cache.open(key)
	switch {
	case err == nil:
		return r.Close()
	case errors.Is(err, errDamaged):
		p.log.WarnContext(ctx, "prepared module removed from the cache", "path", p.cache.path(key), "error", err)
		// Who has it has read it before it was damaged.
		if err := p.cache.remove(key); err != nil {
			return err
		}
	case !missing(err):
		return err
	}
	select {
	case p.seats <- struct{}{}:
		defer func() { <-p.seats }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	dir, err := p.cache.make(key)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cost, err := p.spawn(ctx, dir, lock, wasm, options)
	if err != nil {
		return err
	}
	p.log.DebugContext(ctx, "module prepared", "duration", cost.Wall, "cpu", cost.CPU, "memory", cost.Memory)
	if err := p.cache.keep(key, options, cost); err != nil {
		return err
	}
	if err := p.cache.evict(key); err != nil {
		p.log.WarnContext(ctx, "cache of prepared modules not cleaned", "error", err)
	}
	return nil
}
