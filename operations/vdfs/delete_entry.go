package vdfs

import (
	"context"
	"fmt"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/entries"
	"github.com/airlock-run/airlock/operations/store"
)

type deleteInput struct {
	ID string `json:"entry_id" jsonschema:"id of the entry"`
}

func (c *catalogue) checkDelete(_ context.Context, _ *bus.Call, in deleteInput) (_ deleteInput, err error) {
	in.ID, err = checkID(in.ID)
	return in, err
}

func (c *catalogue) deleteEntry(ctx context.Context, tx *store.Tx, call *bus.Call, in deleteInput) (none struct{}, err error) {
	e, err := readEntry(ctx, tx, call.Library, "id", in.ID)
	if err != nil {
		return none, err
	}
	if err := entries.AddSidecars(ctx, tx, []*entries.Entry{e}); err != nil {
		return none, err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM entries WHERE id = $1`, e.ID); err != nil { // its sidecars and their texts go with it
		return none, fmt.Errorf("delete entry: %w", err)
	}
	if err := entries.SetFields(ctx, tx, call.Library, e.EntryType, e.Path, nil); err != nil {
		return none, err
	}
	if err := entries.RemoveWords(ctx, tx, c.db.Dialect(), e.ID); err != nil {
		return none, err
	}
	for _, s := range e.Sidecars {
		if err := c.contents.Release(ctx, tx, call.Library, s.Digest); err != nil {
			return none, err
		}
	}
	if e.Content != "" {
		if err := c.contents.Release(ctx, tx, call.Library, e.Content); err != nil {
			return none, err
		}
	}
	return none, c.contents.Count(ctx, tx, call.Library, -int64(len(e.Metadata)))
}
