package bus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

// Library returns the record of a library and its revision.
//
// # Errors
//
// fs.ErrNotExist; unavailable.
func (c *Conn) Library(ctx context.Context, id uuid.UUID) (record []byte, revision uint64, err error) {
	kv, err := c.js.KeyValue(ctx, librariesBucket)
	if err != nil {
		return nil, 0, Errorf(Unavailable, "read library %s: %v", id, err)
	}
	entry, err := kv.Get(ctx, id.String())
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, 0, fmt.Errorf("library %s: %w", id, fs.ErrNotExist)
	}
	if err != nil {
		return nil, 0, Errorf(Unavailable, "read library %s: %v", id, err)
	}
	return entry.Value(), entry.Revision(), nil
}

// PutLibrary writes the record of a library over the one that has a revision; 0 if there should be none.
//
// # Errors
//
// failed_precondition when somebody wrote it meanwhile; unavailable.
func (c *Conn) PutLibrary(ctx context.Context, id uuid.UUID, record []byte, revision uint64) error {
	kv, err := c.js.KeyValue(ctx, librariesBucket)
	if err != nil {
		return Errorf(Unavailable, "write library %s: %v", id, err)
	}
	if revision == 0 {
		_, err = kv.Create(ctx, id.String(), record)
	} else {
		_, err = kv.Update(ctx, id.String(), record, revision)
	}
	var refused *jetstream.APIError
	if errors.Is(err, jetstream.ErrKeyExists) || errors.As(err, &refused) && refused.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence {
		return Errorf(FailedPrecondition, "library %s was changed meanwhile: try again", id)
	}
	if err != nil {
		return Errorf(Unavailable, "write library %s: %v", id, err)
	}
	return nil
}

// DeleteLibrary removes the record of a library that has a revision.
//
// # Errors
//
// As PutLibrary's.
func (c *Conn) DeleteLibrary(ctx context.Context, id uuid.UUID, revision uint64) error {
	kv, err := c.js.KeyValue(ctx, librariesBucket)
	if err != nil {
		return Errorf(Unavailable, "remove library %s: %v", id, err)
	}
	if err := kv.Delete(ctx, id.String(), jetstream.LastRevision(revision)); err != nil {
		return Errorf(FailedPrecondition, "remove library %s: %v", id, err)
	}
	return nil
}

// Libraries returns the records of all libraries, by id.
func (c *Conn) Libraries(ctx context.Context) (map[string][]byte, error) {
	watching, enough := context.WithCancel(ctx)
	defer enough()
	records, listed := map[string][]byte{}, false
	err := c.WatchLibraries(watching, func() {
		listed = true
		enough()
	}, func(id string, record []byte, _ uint64) {
		if record != nil && !listed {
			records[id] = record
		}
	})
	if !listed {
		return nil, Errorf(Unavailable, "list libraries: %v", errors.Join(err, ctx.Err()))
	}
	return records, nil
}

// WatchLibraries calls changed with each library there is, then caughtUp, then changed after each change: with nil for one that is gone. It
// returns nil when ctx has ended, and an error when watching broke, as when the connection was lost and is back.
func (c *Conn) WatchLibraries(ctx context.Context, caughtUp func(), changed func(id string, record []byte, revision uint64)) error {
	return c.watchBucket(ctx, librariesBucket, caughtUp, changed)
}
