package extensions

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"time"
)

// ErrNotInstalled is returned for an extension or a module that the catalogue does not have.
var ErrNotInstalled = errors.New("extension is not installed")

// Catalogue is the list of installed extensions, as all processes that share its Store see it. It keeps nothing in memory: each
// method asks the Store. It is safe for concurrent use.
type Catalogue struct {
	store  Store
	config CatalogueConfig
}

// CatalogueConfig is what a Catalogue may be told.
type CatalogueConfig struct {
	// Now tells the time; nil means time.Now.
	Now func() time.Time
	// Logger hears of records that cannot be read; nil discards.
	Logger *slog.Logger
}

// NewCatalogue makes a catalogue on a store.
func NewCatalogue(store Store, config CatalogueConfig) (*Catalogue, error) {
	if store == nil {
		return nil, errors.New("new catalogue: no store")
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	return &Catalogue{store: store, config: config}, nil
}

// Install puts an extension into the catalogue, over the version that may be there, with the jobs its module registers.
// Once it has returned, every process can run them. The version before is kept for the jobs that began with it, 30 days
// at least; what was replaced before that is removed for good. One that asks for more than the version in force is held: it is kept, and
// becomes the current one once it is approved.
//
// # Errors
//
// *InvalidError when the manifest speaks of a job that the module does not register; ErrDowngrade when it is below its
// [Catalogue.Floor]; the store's errors, such as that a schedule of that name is there already which a person has made.
func (c *Catalogue) Install(ctx context.Context, p *Package, jobs []JobInfo) (Installed, error) {
	i := Installed{
		Manifest: p.Manifest, Version: p.Version(), Digest: p.Digest, Size: int64(len(p.Wasm)), Signed: p.Signed,
		Jobs: append([]JobInfo{}, jobs...), InstalledAt: c.config.Now().UTC(),
	}
	if err := i.check(); err != nil {
		return Installed{}, fmt.Errorf("install extension %s: %w", p.Manifest.ID, err)
	}
	if err := c.hold(ctx, &i); err != nil {
		return Installed{}, fmt.Errorf("install extension %s: %w", p.Manifest.ID, err)
	}
	schedules, err := json.Marshal(p.Manifest.recurring())
	if err != nil {
		return Installed{}, fmt.Errorf("install extension %s: encode schedules: %w", p.Manifest.ID, err)
	}
	if _, _, err := c.checkFloor(ctx, p.Manifest); err != nil {
		return Installed{}, fmt.Errorf("install extension %s: %w", p.Manifest.ID, err)
	}
	if err := c.store.CheckSchedules(ctx, string(p.Manifest.ID), schedules); err != nil {
		return Installed{}, fmt.Errorf("install extension %s: %w", p.Manifest.ID, err)
	}
	// In this order no record names what is not there, and no version that a job may have begun with is lost.
	if err := c.store.PutModule(ctx, p.Digest, p.Wasm); err != nil {
		return Installed{}, fmt.Errorf("install extension %s: put module: %w", p.Manifest.ID, err)
	}
	if i.Held != nil {
		if err := c.putVersion(ctx, i); err != nil {
			return Installed{}, fmt.Errorf("install extension %s: %w", p.Manifest.ID, err)
		}
		return i, nil
	}
	return c.activate(ctx, i)
}

// activate makes a version, whose module is there, the current one. Only this raises the floor: a version that waits to be approved is none
// that others may not go below.
func (c *Catalogue) activate(ctx context.Context, i Installed) (Installed, error) {
	id := i.Manifest.ID
	schedules, err := json.Marshal(i.Manifest.recurring())
	if err != nil {
		return Installed{}, fmt.Errorf("install extension %s: encode schedules: %w", id, err)
	}
	// First, so that what it refuses changes nothing.
	if err := c.raiseFloor(ctx, i.Manifest); err != nil {
		return Installed{}, fmt.Errorf("install extension %s: %w", id, err)
	}
	if err := c.putVersion(ctx, i); err != nil {
		return Installed{}, fmt.Errorf("install extension %s: %w", id, err)
	}
	if err := c.retire(ctx, id, i.Version); err != nil {
		return Installed{}, fmt.Errorf("install extension %s: %w", id, err)
	}
	record, err := json.Marshal(i)
	if err != nil {
		return Installed{}, fmt.Errorf("install extension %s: encode record: %w", id, err)
	}
	if i.Revision, err = c.store.PutRecord(ctx, string(id), record); err != nil {
		return Installed{}, fmt.Errorf("install extension %s: put record: %w", id, err)
	}
	// Last, so that no schedule starts a job that is not there. Installing once more makes up for it if it fails.
	if err := c.store.PutSchedules(ctx, string(id), schedules); err != nil {
		return Installed{}, fmt.Errorf("install extension %s: it is installed, and its schedules are not: %w", id, err)
	}
	if err := c.prune(ctx); err != nil {
		c.config.Logger.WarnContext(ctx, "old versions of extensions are kept for now", slog.Any("error", err))
	}
	return i, nil
}

// Installed returns an extension.
//
// # Errors
//
// ErrNotInstalled; the store's errors; a record that cannot be read.
func (c *Catalogue) Installed(ctx context.Context, id ID) (Installed, error) {
	record, revision, err := c.store.Record(ctx, string(id))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Installed{}, fmt.Errorf("%w: %s", ErrNotInstalled, id)
	case err != nil:
		return Installed{}, fmt.Errorf("look up extension %s: %w", id, err)
	}
	return decodeInstalled(string(id), record, revision)
}

// All returns every extension, ordered by id. With an error, it returns those that could be read.
func (c *Catalogue) All(ctx context.Context) ([]Installed, error) {
	watching, enough := context.WithCancel(ctx)
	defer enough()
	var all []Installed
	var broken []error
	listed := false
	err := c.store.WatchRecords(watching, func() {
		listed = true
		enough()
	}, func(id string, record []byte, revision uint64) {
		if listed || record == nil {
			return
		}
		i, err := decodeInstalled(id, record, revision)
		if err != nil {
			broken = append(broken, err)
			return
		}
		all = append(all, i)
	})
	if !listed {
		return nil, fmt.Errorf("list extensions: %w", cmp.Or(err, context.Cause(ctx), errors.New("the store did not answer")))
	}
	slices.SortFunc(all, func(a, b Installed) int { return cmp.Compare(a.Manifest.ID, b.Manifest.ID) })
	return all, errors.Join(broken...)
}

// Module returns the module of a digest, and makes sure that it is.
//
// # Errors
//
// ErrNotInstalled; the store's errors; bytes that do not have the digest.
func (c *Catalogue) Module(ctx context.Context, digest string) ([]byte, error) {
	wasm, err := c.store.Module(ctx, digest)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: no module %s", ErrNotInstalled, digest)
	case err != nil:
		return nil, fmt.Errorf("read module %s: %w", digest, err)
	}
	if got := Digest(wasm); got != digest {
		return nil, fmt.Errorf("read module %s: the store answered with %s: it is damaged, install the extension again", digest, got)
	}
	return wasm, nil
}

// Remove takes an extension out of the catalogue: no job of it begins any more. Those that began go on with their version,
// which is kept for them as Install keeps one.
//
// # Errors
//
// ErrNotInstalled; the store's errors.
func (c *Catalogue) Remove(ctx context.Context, id ID) error {
	if _, _, err := c.store.Record(ctx, string(id)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s", ErrNotInstalled, id)
	}
	if err := c.store.PutSchedules(ctx, string(id), []byte("[]")); err != nil {
		return fmt.Errorf("remove extension %s: remove its schedules: %w", id, err)
	}
	if err := c.retire(ctx, id, ""); err != nil {
		return fmt.Errorf("remove extension %s: %w", id, err)
	}
	if err := c.store.DeleteRecord(ctx, string(id)); err != nil {
		return fmt.Errorf("remove extension %s: %w", id, err)
	}
	return nil
}

// Change is what happened to an extension.
type Change struct {
	ID ID
	// Installed is what there is now; nil when the extension was removed.
	Installed *Installed
	// Revision grows with each change of any extension.
	Revision uint64
}

// Watch calls changed for every extension there is, then caughtUp once (it may be nil), then changed after each change,
// one call after the other. Of quick changes to one extension only the last is sure to be seen. A record that cannot be
// read is logged and counts as removed, so that nothing runs by it. Watch blocks until ctx ends and then returns nil.
func (c *Catalogue) Watch(ctx context.Context, caughtUp func(), changed func(Change)) error {
	if caughtUp == nil {
		caughtUp = func() {}
	}
	err := c.store.WatchRecords(ctx, caughtUp, func(id string, record []byte, revision uint64) {
		change := Change{ID: ID(id), Revision: revision}
		if record != nil {
			i, err := decodeInstalled(id, record, revision)
			if err != nil {
				c.config.Logger.ErrorContext(ctx, "extension cannot be read and is treated as removed", slog.String("extension", id), slog.Any("error", err))
			} else {
				change.Installed = &i
			}
		}
		changed(change)
	})
	if err != nil {
		return fmt.Errorf("watch extensions: %w", err)
	}
	return nil
}
