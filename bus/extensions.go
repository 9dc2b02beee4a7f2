package bus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/nats-io/nats.go/jetstream"
)

// Extensions keeps what is known of installed extensions: a record each, a record for each version, modules by digest, and schedules.
// It is what package extensions calls a Store.
type Extensions struct {
	conn     *Conn
	records  jetstream.KeyValue
	versions jetstream.KeyValue
	modules  jetstream.ObjectStore
}

// Extensions opens the store of installed extensions.
//
// # Errors
//
// unavailable when there is none yet: nobody has called Setup.
func (c *Conn) Extensions(ctx context.Context) (*Extensions, error) {
	records, err := c.js.KeyValue(ctx, extensionsBucket)
	if err != nil {
		return nil, Errorf(Unavailable, "there is no list of extensions on %s (%v): start a worker or `airlock up` once", c.address(), err)
	}
	versions, err := c.js.KeyValue(ctx, versionsBucket)
	if err != nil {
		return nil, Errorf(Unavailable, "there is no list of versions on %s (%v): start a worker or `airlock up` once", c.address(), err)
	}
	modules, err := c.js.ObjectStore(ctx, modulesBucket)
	if err != nil {
		return nil, Errorf(Unavailable, "there is no store of modules on %s (%v): start a worker or `airlock up` once", c.address(), err)
	}
	return &Extensions{conn: c, records: records, versions: versions, modules: modules}, nil
}

// Revision is the revision of the last write to any record.
func (e *Extensions) Revision(ctx context.Context) (uint64, error) {
	status, err := e.records.Status(ctx)
	if err != nil {
		return 0, fmt.Errorf("read revision of extensions: %w", err)
	}
	bucket, ok := status.(*jetstream.KeyValueBucketStatus)
	if !ok {
		return 0, fmt.Errorf("read revision of extensions: status is a %T", status)
	}
	return bucket.StreamInfo().State.LastSeq, nil
}

// PutRecord writes the record of an extension.
func (e *Extensions) PutRecord(ctx context.Context, id string, record []byte) (uint64, error) {
	revision, err := e.records.Put(ctx, id, record)
	if err != nil {
		return 0, fmt.Errorf("put record of extension %s: %w", id, err)
	}
	return revision, nil
}

// Record returns the record of an extension.
//
// # Errors
//
// fs.ErrNotExist.
func (e *Extensions) Record(ctx context.Context, id string) ([]byte, uint64, error) {
	entry, err := e.records.Get(ctx, id)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, 0, fmt.Errorf("record of extension %s: %w", id, fs.ErrNotExist)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("get record of extension %s: %w", id, err)
	}
	return entry.Value(), entry.Revision(), nil
}

// DeleteRecord removes the record of an extension, if there is one.
func (e *Extensions) DeleteRecord(ctx context.Context, id string) error {
	if err := e.records.Delete(ctx, id); err != nil {
		return fmt.Errorf("delete record of extension %s: %w", id, err)
	}
	return nil
}

// WatchRecords calls changed with each record there is, then caughtUp, then changed after each change: with a nil record
// when it was deleted. It blocks until ctx ends.
func (e *Extensions) WatchRecords(ctx context.Context, caughtUp func(), changed func(id string, record []byte, revision uint64)) error {
	watcher, err := e.records.WatchAll(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("watch extensions: %w", err)
	}
	defer func() { _ = watcher.Stop() }()
	beginning := true
	for {
		select {
		case <-ctx.Done():
			return nil
		case entry, ok := <-watcher.Updates():
			switch {
			case !ok && ctx.Err() == nil:
				return errors.New("watch extensions: the watch ended")
			case !ok:
				return nil
			case entry == nil:
				beginning = false
				caughtUp()
			case entry.Operation() == jetstream.KeyValuePut:
				changed(entry.Key(), entry.Value(), entry.Revision())
			case !beginning:
				changed(entry.Key(), nil, entry.Revision())
			}
		}
	}
}

// PutModule keeps a module under its digest.
func (e *Extensions) PutModule(ctx context.Context, digest string, wasm []byte) error {
	if _, err := e.modules.GetInfo(ctx, digest); err == nil {
		return nil
	}
	if _, err := e.modules.PutBytes(ctx, digest, wasm); err != nil {
		return fmt.Errorf("put module %s: %w", digest, err)
	}
	return nil
}

// Module returns a module.
//
// # Errors
//
// fs.ErrNotExist.
func (e *Extensions) Module(ctx context.Context, digest string) ([]byte, error) {
	wasm, err := e.module(ctx, digest)
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		return nil, fmt.Errorf("module %s: %w", digest, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("get module %s: %w", digest, err)
	}
	return wasm, nil
}

func (e *Extensions) module(ctx context.Context, digest string) ([]byte, error) {
	if e.conn.bound() {
		wasm, _, err := e.conn.directContent(ctx, e.modules, digest, -1)
		return wasm, err
	}
	return e.modules.GetBytes(ctx, digest)
}

// DeleteModule removes a module, if it is there.
func (e *Extensions) DeleteModule(ctx context.Context, digest string) error {
	err := e.modules.Delete(ctx, digest)
	if err != nil && !errors.Is(err, jetstream.ErrObjectNotFound) {
		return fmt.Errorf("delete module %s: %w", digest, err)
	}
	return nil
}
