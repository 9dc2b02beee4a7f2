package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// row is what is there of a key before it is changed; its revision is 0 when there is nothing.
type row struct {
	revision, size int64
	totals         totals
}

// totals are what an extension has in a library. Its revision is that of the change that is being made.
type totals struct{ revision, keys, bytes int64 }

// open begins a change: it takes the extension's state in a library for this transaction alone, and looks whether the key has the
// revision that is wanted.
func (k *keeper) open(ctx context.Context, tx *store.Tx, call *bus.Call, key string, wanted *int64) (r row, err error) {
	err = tx.QueryRow(ctx, `INSERT INTO state_totals (library_id, extension, revision, keys, bytes) VALUES ($1, $2, 1, 0, 0)
		ON CONFLICT (library_id, extension) DO UPDATE SET revision = state_totals.revision + 1
		RETURNING revision, keys, bytes`, call.Library.String(), call.Extension).Scan(&r.totals.revision, &r.totals.keys, &r.totals.bytes)
	if err != nil {
		return r, fmt.Errorf("open state: %w", err)
	}
	err = tx.QueryRow(ctx, `SELECT revision, size FROM state WHERE library_id = $1 AND extension = $2 AND key = $3`,
		call.Library.String(), call.Extension, key).Scan(&r.revision, &r.size)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return r, fmt.Errorf("read state: %w", err)
	}
	if wanted == nil || *wanted == r.revision {
		return r, nil
	}
	if r.revision == 0 {
		return r, bus.Errorf(bus.FailedPrecondition, "there is no value %q (any more), and if_revision is %d: read it again", key, *wanted)
	}
	return r, bus.Errorf(bus.FailedPrecondition, "value %q has revision %d, and if_revision is %d: read it again", key, r.revision, *wanted)
}

// add counts what was changed.
func add(ctx context.Context, tx *store.Tx, call *bus.Call, keys, bytes int64) error {
	_, err := tx.Exec(ctx, `UPDATE state_totals SET keys = keys + $1, bytes = bytes + $2 WHERE library_id = $3 AND extension = $4`,
		keys, bytes, call.Library.String(), call.Extension)
	if err != nil {
		return fmt.Errorf("count state: %w", err)
	}
	return nil
}
