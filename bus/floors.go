package bus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/nats-io/nats.go/jetstream"
)

// PutFloor writes the version that an extension may not go below, over the one of a revision, 0 for none.
//
// # Errors
//
// fs.ErrExist when there is another one.
func (e *Extensions) PutFloor(ctx context.Context, id string, floor []byte, revision uint64) error {
	floors, err := e.floors(ctx)
	if err != nil {
		return err
	}
	_, err = floors.Update(ctx, id, floor, revision)
	if errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
		return fmt.Errorf("put floor of extension %s: %w", id, fs.ErrExist)
	}
	if err != nil {
		return fmt.Errorf("put floor of extension %s: %w", id, err)
	}
	return nil
}

// Floor returns the version that an extension may not go below.
//
// # Errors
//
// fs.ErrNotExist.
func (e *Extensions) Floor(ctx context.Context, id string) ([]byte, uint64, error) {
	floors, err := e.floors(ctx)
	if err != nil {
		return nil, 0, err
	}
	entry, err := floors.Get(ctx, id)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, 0, fmt.Errorf("floor of extension %s: %w", id, fs.ErrNotExist)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("get floor of extension %s: %w", id, err)
	}
	return entry.Value(), entry.Revision(), nil
}

// floors opens the bucket of floors, for which only who installs has a right.
func (e *Extensions) floors(ctx context.Context) (jetstream.KeyValue, error) {
	floors, err := e.conn.js.KeyValue(ctx, floorsBucket)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("open floors: %w", ctx.Err())
	}
	if err != nil {
		return nil, Errorf(Unavailable, "there is no list of installed versions on %s (%v): start a worker or `airlock up` once", e.conn.address(), err)
	}
	return floors, nil
}
