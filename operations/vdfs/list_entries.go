package vdfs

import (
	"context"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/entries"
	"github.com/airlock-run/airlock/operations/store"
)

const (
	defaultLimit = 50
	maxLimit     = 500
)

type listInput struct {
	// PathPrefix is the beginning of paths, as text: /mail/ is what is below /mail, and /mail is also /mailbox.
	PathPrefix string           `json:"path_prefix,omitempty" jsonschema:"only entries whose path begins so, as text: /mail/ is what is below /mail; default any"`
	EntryType  string           `json:"entry_type,omitempty" jsonschema:"only entries of this kind; default any"`
	Filters    []entries.Filter `json:"filters,omitempty" jsonschema:"only entries whose metadata fits all of these, at most 16; default any. With entry_type, those on fields that a manifest has among its indexes are quick; others are looked for, and a page may be short"`
	Sort       string           `json:"sort,omitempty" jsonschema:"path, created_at, updated_at or metadata. and an indexed field, with - in front for the last first; entries without the field are left out; default path"`
	After      string           `json:"after,omitempty" jsonschema:"next of the page before; default the first page"`
	Limit      int              `json:"limit,omitempty" jsonschema:"how many, 1 to 500; default 50" schema:"default=50"`
}

type listOutput struct {
	Entries []*entries.Entry `json:"entries" jsonschema:"in order; a page may end early, at 2 MiB or when 10,000 entries were looked at"`
	// Next is the after of the next page; left out on the last one.
	Next string `json:"next,omitempty" jsonschema:"after of the next page; left out on the last one"`
}

func (c *catalogue) listEntries(ctx context.Context, call *bus.Call, in listInput) (out listOutput, err error) {
	if in.Limit == 0 {
		in.Limit = defaultLimit
	}
	if in.Limit < 1 || in.Limit > maxLimit {
		return out, bus.Errorf(bus.InvalidArgument, "limit is %d, want 1 to %d", in.Limit, maxLimit)
	}
	query := entries.Query{
		Library: call.Library, PathPrefix: in.PathPrefix, EntryType: in.EntryType, Filters: in.Filters,
		Sort: in.Sort, After: in.After, Limit: in.Limit,
	}
	err = c.db.Read(ctx, func(tx *store.Tx) error {
		page, err := entries.Find(ctx, tx, c.db.Dialect(), query)
		out = listOutput{Entries: page.Entries, Next: page.Next}
		return err
	})
	return out, err
}
