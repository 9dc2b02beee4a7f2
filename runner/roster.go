package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/airlock-run/airlock/extensions"
)

// roster is what this process knows of the installed extensions, kept up to date by watching the catalogue.
type roster struct {
	catalogue *extensions.Catalogue
	log       *slog.Logger
	// told is told about each change, once it shows here.
	told func(extensions.Change)

	mu       sync.RWMutex
	byID     map[extensions.ID]extensions.Installed
	revision uint64
	changed  chan struct{}
	ready    chan struct{}
}

func newRoster(catalogue *extensions.Catalogue, log *slog.Logger, told func(extensions.Change)) *roster {
	return &roster{
		catalogue: catalogue, log: log, told: told,
		byID: map[extensions.ID]extensions.Installed{}, changed: make(chan struct{}), ready: make(chan struct{}),
	}
}

// watch keeps the roster up to date until ctx ends. A watch that breaks is begun again.
func (r *roster) watch(ctx context.Context) {
	once := sync.OnceFunc(func() { close(r.ready) })
	for {
		err := r.catalogue.Watch(ctx, once, r.change)
		if ctx.Err() != nil {
			return
		}
		r.log.WarnContext(ctx, "watching extensions broke", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
	}
}

func (r *roster) change(change extensions.Change) {
	r.mu.Lock()
	if change.Installed == nil {
		delete(r.byID, change.ID)
	} else {
		r.byID[change.ID] = *change.Installed
	}
	r.revision = max(r.revision, change.Revision)
	close(r.changed)
	r.changed = make(chan struct{})
	r.mu.Unlock()
	r.told(change)
}

// current returns an extension as the watch has brought it.
func (r *roster) current(id extensions.ID) (extensions.Installed, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	installed, ok := r.byID[id]
	return installed, ok
}

// find returns an extension. One the watch has not brought yet is looked up.
//
// # Errors
//
// extensions.ErrNotInstalled; that the catalogue does not answer.
func (r *roster) find(ctx context.Context, id extensions.ID) (extensions.Installed, error) {
	if installed, ok := r.current(id); ok {
		return installed, nil
	}
	return r.catalogue.Installed(ctx, id)
}

// version returns a version of an extension, which need not be the current one.
//
// # Errors
//
// extensions.ErrNoVersion; that the catalogue does not answer.
func (r *roster) version(ctx context.Context, id extensions.ID, version extensions.Version) (extensions.Installed, error) {
	installed, ok := r.current(id)
	if ok && installed.Version == version {
		return installed, nil
	}
	installed, err := r.catalogue.Version(ctx, version)
	if err == nil && installed.Manifest.ID != id {
		return extensions.Installed{}, fmt.Errorf("%w: %s is one of extension %s", extensions.ErrNoVersion, version.Short(), installed.Manifest.ID)
	}
	return installed, err
}

// all returns every extension, after the watch has brought all writes up to a revision.
func (r *roster) all(ctx context.Context, revision uint64) ([]extensions.Installed, error) {
	for {
		r.mu.RLock()
		current, changed := r.revision, r.changed
		all := make([]extensions.Installed, 0, len(r.byID))
		for _, installed := range r.byID {
			all = append(all, installed)
		}
		r.mu.RUnlock()
		if current >= revision {
			return all, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, errors.New("the list of extensions is behind")
		}
	}
}
