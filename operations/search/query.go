package search

import (
	"context"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/entries"
	"github.com/airlock-run/airlock/operations/store"
)

const (
	defaultLimit = 20
	maxLimit     = 200
	maxSums      = 8
)

// Operations returns the operations of this domain, which search the entries of db.
func Operations(db *store.DB) []operations.Operation {
	s := &searcher{db: db}
	return []operations.Operation{
		operations.Query("search.query", s.query,
			operations.Describe("finds entries by the words of their names, metadata and text files, and by filters, a page at a time"),
			operations.Sample(`{"text": "coffee", "entry_type": "receipt", "filters": [{"field": "total", "op": "gt", "value": 50}], "sum": ["total"]}`),
			operations.Fails(bus.ResourceExhausted, "more entries than can be sorted have the words")),
	}
}

type searcher struct{ db *store.DB }

type queryInput struct {
	Text       string           `json:"text,omitempty" jsonschema:"words, without case and accents, that an entry has all of, at most 16; coff* is all that begins so; default any entry"`
	EntryType  string           `json:"entry_type,omitempty" jsonschema:"only entries of this kind; default any"`
	PathPrefix string           `json:"path_prefix,omitempty" jsonschema:"only entries whose path begins so, as text; default any"`
	Filters    []entries.Filter `json:"filters,omitempty" jsonschema:"only entries whose metadata fits all of these, at most 16; default any"`
	Since      time.Time        `json:"since,omitzero" jsonschema:"only entries made at this time or later; default any"`
	Until      time.Time        `json:"until,omitzero" jsonschema:"only entries made before this time; default any"`
	Sort       string           `json:"sort,omitempty" jsonschema:"path, created_at, updated_at or metadata. and a field that is indexed for entry_type, with - in front for the last first; default -created_at with text, path without"`
	After      string           `json:"after,omitempty" jsonschema:"next of the page before; default the first page"`
	Limit      int              `json:"limit,omitempty" jsonschema:"how many, 1 to 200; default 20" schema:"default=20"`
	Sum        []string         `json:"sum,omitempty" jsonschema:"fields of the metadata, at most 8, whose numbers are summed up over all that fits, whatever the page; default none"`
	Count      bool             `json:"count,omitempty" jsonschema:"whether to count all that fits; default false" schema:"default=false"`
}

type queryOutput struct {
	Entries []*entries.Entry `json:"entries" jsonschema:"in order; a page may end early, even empty, at 2 MiB or when 10,000 entries were looked at"`
	Next    string           `json:"next,omitempty" jsonschema:"after of the next page; left out on the last one"`
	Total   *entries.Total   `json:"total,omitempty" jsonschema:"with sum or count: all that fits"`
}

func (s *searcher) query(ctx context.Context, call *bus.Call, in queryInput) (out queryOutput, err error) {
	if in.Limit == 0 {
		in.Limit = defaultLimit
	}
	if in.Limit < 1 || in.Limit > maxLimit {
		return out, bus.Errorf(bus.InvalidArgument, "limit is %d, want 1 to %d", in.Limit, maxLimit)
	}
	if len(in.Sum) > maxSums {
		return out, bus.Errorf(bus.InvalidArgument, "sum has %d fields, at most %d are possible", len(in.Sum), maxSums)
	}
	q := entries.Query{
		Library: call.Library, Text: in.Text, EntryType: in.EntryType, PathPrefix: in.PathPrefix, Filters: in.Filters,
		Since: in.Since, Until: in.Until, Sort: in.Sort, After: in.After, Limit: in.Limit,
	}
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		page, err := entries.Find(ctx, tx, s.db.Dialect(), q)
		if err != nil {
			return err
		}
		out = queryOutput{Entries: page.Entries, Next: page.Next}
		if !in.Count && len(in.Sum) == 0 {
			return nil
		}
		total, err := entries.Sum(ctx, tx, s.db.Dialect(), q, in.Sum)
		out.Total = &total
		return err
	})
	return out, err
}
