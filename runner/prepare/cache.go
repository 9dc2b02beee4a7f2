package prepare

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/airlock-run/airlock/runner/sandbox"
)

// cache is a directory of entries. In it are
//
//	<key>         an entry: prepared.wasm, memory.image, facts.json, entry.json, code/
//	<key>.making  where a child prepares one
//	<key>.lock    which whoever makes or removes the entry has
//	<key>.gone…   what is being removed
type cache struct {
	dir      string
	maxBytes int64
	log      *slog.Logger
}

// The ends of names in a cache.
const (
	makingSuffix = ".making"
	lockSuffix   = ".lock"
	goneSuffix   = ".gone"
)

// newCache opens or makes a cache, and removes from it what processes that died have left.
func newCache(dir string, maxBytes int64, log *slog.Logger) (*cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make cache: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("open cache: %w", err)
	}
	if err := checkPrivate(info); err != nil {
		return nil, fmt.Errorf("cache %s: machine code from it is executed, but %w", dir, err)
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open cache: %w", err)
	}
	c := &cache{dir: dir, maxBytes: maxBytes, log: log}
	return c, c.sweep()
}

func (c *cache) path(key string) string { return filepath.Join(c.dir, key) }

// open reads an entry and keeps it from being removed until the Result is closed.
//
// # Errors
//
// fs.ErrNotExist; errDamaged.
func (c *cache) open(key string) (*Result, error) {
	root, lock, err := openShared(c.path(key))
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	e, p, err := unseal(root, key)
	if err != nil {
		_ = lock.Close()
		return nil, err
	}
	now := time.Now()
	_ = root.Chtimes(entryFile, now, now) // by this, evict knows
	return &Result{Prepared: p, CacheDir: filepath.Join(c.path(key), codeDir), Cost: e.Cost, lock: lock}, nil
}

// missing tells whether an entry has to be made.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, errDamaged) }

// make makes the directory in which a child works. Who calls it has the entry's lock.
func (c *cache) make(key string) (string, error) {
	dir := c.path(key) + makingSuffix
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("make room for a child: %w", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", fmt.Errorf("make room for a child: %w", err)
	}
	return dir, nil
}

// keep makes an entry of what a child left. Who calls it has the entry's lock.
func (c *cache) keep(key string, options sandbox.Options, cost Cost) error {
	dir := c.path(key) + makingSuffix
	if err := seal(dir, key, options, cost); err != nil {
		return err
	}
	if err := os.Rename(dir, c.path(key)); err != nil {
		return fmt.Errorf("keep what was prepared: %w", err)
	}
	return nil
}

// remove removes an entry: at once for who looks for it, then its files. Who calls it has the entry's lock.
func (c *cache) remove(key string) error {
	gone, err := os.MkdirTemp(c.dir, key+goneSuffix)
	if err != nil {
		return fmt.Errorf("remove entry: %w", err)
	}
	err = os.Rename(c.path(key), filepath.Join(gone, "entry"))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err := errors.Join(err, os.RemoveAll(gone)); err != nil {
		return fmt.Errorf("remove entry: %w", err)
	}
	return nil
}

// sweep removes what processes that died have left.
func (c *cache) sweep() error {
	items, err := os.ReadDir(c.dir)
	if err != nil {
		return fmt.Errorf("read cache: %w", err)
	}
	for _, item := range items {
		name := item.Name()
		key, _, _ := strings.Cut(name, ".")
		switch {
		case strings.Contains(name, goneSuffix):
			err = os.RemoveAll(c.path(name))
		case strings.HasSuffix(name, makingSuffix), strings.HasSuffix(name, lockSuffix):
			err = c.abandon(key)
		}
		if err != nil {
			return fmt.Errorf("clean cache: %w", err)
		}
	}
	return nil
}

// abandon removes the directory in which a child worked, if nobody works there any more.
func (c *cache) abandon(key string) error {
	lock, err := tryLock(c.path(key) + lockSuffix)
	if errors.Is(err, errTaken) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unlock(lock)
	return os.RemoveAll(c.path(key) + makingSuffix) //nolint:wrapcheck // sweep says it
}
