package vdfs

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/content"
	"github.com/airlock-run/airlock/operations/entries"
	"github.com/airlock-run/airlock/operations/store"
)

// EraseEndpoint answers airlock.api.vdfs.erase: it removes the entries of a library with the files beside them, their words and their
// content, all or none, and answers how many. Objects outside of the database go after that; those that are left when it is interrupted are
// swept.
func EraseEndpoint(db *store.DB, contents *content.Store) bus.Endpoint {
	return bus.APIEndpoint("vdfs", "erase", func(ctx context.Context, request json.RawMessage) (any, error) {
		in, err := operations.Decode[operations.EraseRequest](request)
		if err != nil {
			return nil, err
		}
		if in.Library == uuid.Nil {
			return nil, bus.Errorf(bus.InvalidArgument, "library is missing")
		}
		var erased operations.Erased
		err = db.Write(ctx, func(tx *store.Tx) (err error) {
			erased, err = erase(ctx, tx, db.Dialect(), contents, in.Library)
			return err
		})
		if err != nil {
			return nil, err
		}
		return erased, contents.EraseObjects(ctx, in.Library)
	})
}

func erase(ctx context.Context, tx *store.Tx, dialect store.Dialect, contents *content.Store, library uuid.UUID) (operations.Erased, error) {
	erased := operations.Erased{}
	for _, table := range []string{"sidecars", "entries"} {
		n, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE library_id = $1", library.String())
		if err != nil {
			return nil, fmt.Errorf("erase %s: %w", table, err)
		}
		erased[table] = n
	}
	if err := entries.EraseFields(ctx, tx, library); err != nil {
		return nil, err
	}
	if err := entries.EraseWords(ctx, tx, dialect, library); err != nil {
		return nil, err
	}
	var err error
	erased["blobs"], err = contents.Erase(ctx, tx, library)
	return erased, err
}
