package capabilities

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Store tells what operator and owners have said, as all processes of a cluster see it. Each method calls changed with what there is, then
// caughtUp, then changed after each change, one call after the other: with nil for what is gone. It returns nil when ctx has ended, and an
// error when watching broke.
type Store interface {
	WatchPolicy(ctx context.Context, caughtUp func(), changed func(text []byte, revision uint64)) error
	WatchLibraries(ctx context.Context, caughtUp func(), changed func(id string, record []byte, revision uint64)) error
}

// pause is how long a watch that broke waits before it begins again.
const pause = 200 * time.Millisecond

// Follow keeps an Authority up to date until ctx ends. A policy that cannot be read, or is gone, leaves the last one in force; at the
// beginning it leaves the Authority without one, so that everything is denied. While none was ever set, [DefaultPolicy] is in force. A
// library that cannot be read is one whose owner granted nothing.
func (a *Authority) Follow(ctx context.Context, store Store, log *slog.Logger) {
	var watches sync.WaitGroup
	watches.Go(func() {
		again(ctx, log, "policy", func() error { return a.followPolicy(ctx, store, log) })
	})
	watches.Go(func() {
		again(ctx, log, "libraries", func() error { return a.followLibraries(ctx, store, log) })
	})
	watches.Wait()
}

// again repeats a watch that breaks, until ctx ends.
func again(ctx context.Context, log *slog.Logger, what string, watch func() error) {
	for {
		err := watch()
		if ctx.Err() != nil {
			return
		}
		log.DebugContext(ctx, "watch is begun again", slog.String("subject", what), slog.Any("error", err))
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func (a *Authority) followPolicy(ctx context.Context, store Store, log *slog.Logger) error {
	told := false
	return store.WatchPolicy(ctx, func() { //nolint:wrapcheck // again says what it is of
		if inForce, _ := a.Policy(); inForce == nil && !told {
			a.SetPolicy(DefaultPolicy(), 0)
		}
	}, func(text []byte, revision uint64) {
		told = true
		if text == nil {
			log.ErrorContext(ctx, "the policy was removed; the last one stays in force", slog.Uint64("revision", revision))
			return
		}
		policy, err := ParsePolicy(text)
		if err != nil {
			log.ErrorContext(ctx, "policy cannot be read; the last one stays in force, and without one everything is denied",
				slog.Uint64("revision", revision), slog.Any("error", err))
			return
		}
		a.SetPolicy(policy, revision)
	})
}

func (a *Authority) followLibraries(ctx context.Context, store Store, log *slog.Logger) error {
	found, listed, newest := map[uuid.UUID]*Library{}, false, uint64(0)
	return store.WatchLibraries(ctx, func() { //nolint:wrapcheck // again says what it is of
		listed = true
		a.SetLibraries(found)
		a.heard(newest)
	}, func(key string, record []byte, revision uint64) {
		if newest = max(newest, revision); listed {
			defer a.heard(newest)
		}
		id, err := ParseLibrary(key)
		if err != nil {
			return
		}
		var library *Library
		if record != nil {
			if library, err = ParseLibraryRecord(record); err != nil || library.ID != id {
				log.ErrorContext(ctx, "library cannot be read and grants nothing", slog.String("library", key), slog.Any("error", err))
				library = &Library{ID: id}
			}
		}
		switch {
		case listed:
			a.SetLibrary(id, library)
		case library == nil:
			delete(found, id)
		default:
			found[id] = library
		}
	})
}

// heard notes up to which revision the libraries are known.
func (a *Authority) heard(revision uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.newest = revision
}
