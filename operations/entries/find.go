package entries

import (
	"context"
	"fmt"
	"slices"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

const (
	// maxVisited bounds how many entries are read for one page.
	maxVisited = 10_000
	// batch is how many are read at once where not all of them fit.
	batch = 500
	// maxPage ends a page early, so that it fits a message whatever the size of the metadata in it.
	maxPage = 2 << 20
)

// Page is a part of what a query means.
type Page struct {
	Entries []*Entry
	// Next is Query.After of the next page; empty on the last one.
	Next string
}

// walk reads entries in the order of a query from a place on, at most limit of them, of which some may not be meant.
type walk struct {
	read reading
	// exact says that all it reads are meant.
	exact bool
	// batch is how many are read at once, at most.
	batch int
	// whole says that it reads all there are, whatever the limit.
	whole bool
}

// stop is an entry that a walk comes by, nil if it is known not to be meant, and where.
type stop struct {
	*Entry

	at place
}

// Find returns a page of the entries that a query means. It may have fewer than Limit, or none, though there are more: Next tells.
//
// # Errors
//
// invalid_argument for what is no query, and for an order by a field that is not indexed.
func Find(ctx context.Context, tx *store.Tx, dialect store.Dialect, q Query) (Page, error) {
	page := Page{Entries: []*Entry{}}
	size := 0
	next, err := visit(ctx, tx, dialect, q, func(e *Entry) bool {
		size += len(e.Metadata) + len(e.Path) + len(e.Name)
		if len(page.Entries) == q.Limit || size > maxPage && len(page.Entries) > 0 {
			return false
		}
		page.Entries = append(page.Entries, e)
		return true
	})
	if err != nil {
		return page, err
	}
	page.Next = next
	return page, AddSidecars(ctx, tx, page.Entries)
}

// Total is what there is of entries that a query means, altogether.
type Total struct {
	// Count is how many there are, Sums are those of fields that are numbers.
	Count int                `json:"count" jsonschema:"how many entries fit"`
	Sums  map[string]float64 `json:"sums" jsonschema:"sum of the numbers of each field"`
	// Complete is false when there are more than could be visited.
	Complete bool `json:"complete" jsonschema:"whether all were looked at; with false there are more, and a narrower query tells of all"`
}

// Sum counts the entries that a query means, wherever a page begins, and sums up fields of them.
//
// # Errors
//
// As Find's.
func Sum(ctx context.Context, tx *store.Tx, dialect store.Dialect, q Query, fields []string) (Total, error) {
	total := Total{Sums: map[string]float64{}}
	for _, field := range fields {
		if err := CheckField(field); err != nil {
			return total, err
		}
		total.Sums[field] = 0
	}
	q.After, q.Limit = "", batch
	var failed error
	next, err := visit(ctx, tx, dialect, q, func(e *Entry) bool {
		total.Count++
		if len(fields) == 0 {
			return true
		}
		var m metadata
		if m, failed = decode(e.Metadata); failed != nil {
			return false
		}
		for _, field := range fields {
			if number, ok := m.value(field).(float64); ok {
				total.Sums[field] += number
			}
		}
		return true
	})
	total.Complete = next == ""
	if err == nil {
		err = failed
	}
	return total, err
}

// visit hands the entries that a query means to take until that refuses one. It returns the cursor of the last one it has taken, or come by
// when it has come by too many; it is empty at the end.
func visit(ctx context.Context, tx *store.Tx, dialect store.Dialect, q Query, take func(*Entry) bool) (next string, err error) {
	if q, err = q.check(); err != nil {
		return "", err
	}
	w, err := q.plan(ctx, tx, dialect)
	if err != nil {
		return "", err
	}
	limit := w.batch
	switch {
	case w.exact:
		limit = min(q.Limit+1, batch)
	case !w.whole: // many may fit, and then few are enough
		limit = min(2*q.Limit+2, w.batch)
	}
	for visited := 0; ; {
		stops, err := w.read(ctx, tx, q, limit)
		if err != nil {
			return "", fmt.Errorf("find entries: %w", err)
		}
		for _, s := range stops {
			if s.Entry == nil {
				q.after = &s.at
				continue
			}
			fits, err := q.fits(s.Entry)
			if err != nil {
				return "", err
			}
			if fits && !take(s.Entry) {
				return q.cursor()
			}
			q.after = &s.at
		}
		visited += len(stops)
		if len(stops) < limit {
			return "", nil
		}
		if visited >= maxVisited {
			return q.cursor()
		}
		limit = min(4*limit, w.batch)
	}
}

// plan chooses how the entries of a query are read.
func (q Query) plan(ctx context.Context, tx *store.Tx, dialect store.Dialect) (walk, error) {
	var known []Index
	if q.EntryType != "" {
		all, err := indexes(ctx, tx, q.EntryType)
		if err != nil {
			return walk{}, err
		}
		known = slices.DeleteFunc(all, func(i Index) bool { return !i.built })
	}
	if field, ok := q.field(); ok {
		at := slices.IndexFunc(known, func(i Index) bool { return i.Field == field })
		if at < 0 {
			return walk{}, bus.Errorf(bus.InvalidArgument,
				"sort by %s: want entry_type and a field that a manifest has among its indexes of that type, and that is built", q.sort)
		}
		if q.after != nil && !known[at].Type.has(q.after.Key) {
			return walk{}, errCursor(q.After)
		}
	}
	if len(q.words) > 0 {
		return q.planWords(dialect, known), checkWords(ctx, tx)
	}
	return q.planFields(ctx, tx, known)
}
