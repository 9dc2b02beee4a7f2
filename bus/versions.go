package bus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// versionKey is the key of a version: keys of buckets have no colons.
func versionKey(version string) string { return strings.ReplaceAll(version, ":", "=") }

func versionOfKey(key string) string { return strings.ReplaceAll(key, "=", ":") }

// PutVersion writes the record of a version of an extension.
func (e *Extensions) PutVersion(ctx context.Context, version string, record []byte) error {
	if _, err := e.versions.Put(ctx, versionKey(version), record); err != nil {
		return fmt.Errorf("put version %s: %w", version, err)
	}
	return nil
}

// Version returns the record of a version.
//
// # Errors
//
// fs.ErrNotExist.
func (e *Extensions) Version(ctx context.Context, version string) ([]byte, error) {
	entry, err := e.versions.Get(ctx, versionKey(version))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, fmt.Errorf("version %s: %w", version, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("get version %s: %w", version, err)
	}
	return entry.Value(), nil
}

// Versions returns the records of all versions, by version.
func (e *Extensions) Versions(ctx context.Context) (map[string][]byte, error) {
	watcher, err := e.versions.WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		return nil, fmt.Errorf("list versions: %w", err)
	}
	defer func() { _ = watcher.Stop() }()
	records := map[string][]byte{}
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("list versions: %w", ctx.Err())
		case entry, ok := <-watcher.Updates():
			if !ok {
				return nil, errors.New("list versions: the bus stopped in the middle")
			}
			if entry == nil { // that was all
				return records, nil
			}
			records[versionOfKey(entry.Key())] = entry.Value()
		}
	}
}

// DeleteVersion removes the record of a version, if there is one.
func (e *Extensions) DeleteVersion(ctx context.Context, version string) error {
	if err := e.versions.Purge(ctx, versionKey(version)); err != nil {
		return fmt.Errorf("delete version %s: %w", version, err)
	}
	return nil
}
