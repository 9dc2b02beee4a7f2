package entries

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/airlock-run/airlock/operations/store"
)

const (
	// fewRows are sorted sooner than an order is walked along, and manyRows sooner than that of paths.
	fewRows  = 2_000
	manyRows = 20_000
)

// use is what filters ask of a field that an index can answer.
type use struct {
	Index

	filters []*Filter
	// rows is how many fit, as far as they were counted.
	rows int
}

// single tells whether all that fit have the same value, so that an index has them in the order of their paths.
func (u *use) single() bool {
	return slices.ContainsFunc(u.filters, func(f *Filter) bool { return f.Op == opEqual })
}

// planFields chooses among the order that is wanted, whose entries may rarely fit, and the indexes, of which too many may.
func (q Query) planFields(ctx context.Context, tx *store.Tx, known []Index) (walk, error) {
	all := q.uses(known)
	best, err := q.fewest(ctx, tx, all, q.few)
	if err != nil {
		return walk{}, err
	}
	if field, ok := q.field(); ok {
		for _, i := range known {
			switch {
			case i.Field != field:
			case best != nil && best.Field != field:
				return walk{read: best.sorted(i, others(all, best.Index)), batch: fewRows}, nil
			default:
				return walk{read: i.inOrder(others(all, i)), exact: q.answeredBy(all, i), batch: batch}, nil
			}
		}
	}
	if best != nil {
		if q.sort == byPath {
			return walk{read: best.byPath(others(all, best.Index)), exact: q.answeredBy(all, best.Index), batch: fewRows}, nil
		}
		return walk{read: best.byTime(others(all, best.Index)), batch: fewRows}, nil
	}
	if q.sort == byPath {
		for _, u := range all {
			if u.single() {
				return walk{read: u.equal(others(all, u.Index)), exact: q.answeredBy(all, u.Index), batch: batch}, nil
			}
		}
		if best, err = q.fewest(ctx, tx, all, q.many); best != nil {
			return walk{read: best.byPath(others(all, best.Index)), exact: q.answeredBy(all, best.Index), batch: fewRows}, nil
		}
	}
	return walk{read: alongEntries(all), exact: len(q.Filters) == 0, batch: batch}, err
}

// fewest is the one that fewest entries fit, if those are at most so many; none when there is none.
func (q Query) fewest(ctx context.Context, tx *store.Tx, all []use, most int) (best *use, err error) {
	for _, u := range all {
		if u.rows, err = u.count(ctx, tx, q, most+1); err != nil {
			return nil, err
		}
		if u.rows <= most {
			best, most = &u, max(u.rows-1, 0)
		}
	}
	return best, nil
}

// uses are what the filters ask of fields that indexes can answer.
func (q Query) uses(known []Index) (all []use) {
	for _, i := range known {
		u := use{Index: i}
		for n := range q.Filters {
			f := &q.Filters[n]
			if t, ok := f.valueType(); ok && t == i.Type && f.Field == i.Field {
				u.filters = append(u.filters, f)
			}
		}
		if len(u.filters) > 0 {
			all = append(all, u)
		}
	}
	return all
}

// others are all but that of an index.
func others(all []use, but Index) []use {
	return slices.DeleteFunc(slices.Clone(all), func(u use) bool { return u.Index == but })
}

// answeredBy tells whether an index answers all filters, but for what it has cut.
func (q Query) answeredBy(all []use, i Index) bool {
	at := slices.IndexFunc(all, func(u use) bool { return u.Index == i })
	return len(q.Filters) == 0 || at >= 0 && len(all[at].filters) == len(q.Filters)
}

// count is how many entries fit, at most most.
func (u *use) count(ctx context.Context, tx *store.Tx, q Query, most int) (n int, err error) {
	s := u.fitting(q)
	err = tx.QueryRow(ctx, `SELECT count(*) FROM (SELECT 1 FROM entry_fields f WHERE `+s.conditions()+` LIMIT `+strconv.Itoa(most)+`) AS some_rows`,
		s.args...).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count in index of %s: %w", u.Field, err)
	}
	return n, nil
}

// fitting are the conditions on rows f of entry_fields that fit the filter.
func (u *use) fitting(q Query) *statement {
	s := &statement{}
	s.and("f.field", "=", u.id(q.Library))
	u.fit(s, "f")
	return s
}

func (u *use) fit(s *statement, alias string) {
	for _, f := range u.filters {
		f.fit(s, alias, u.Type)
	}
}

// reading reads along something.
type reading = func(ctx context.Context, tx *store.Tx, q Query, limit int) ([]stop, error)

// alongEntries reads the entries themselves.
func alongEntries(others []use) reading {
	return func(ctx context.Context, tx *store.Tx, q Query, limit int) ([]stop, error) {
		return q.along(ctx, tx, limit, others)
	}
}

func (q Query) along(ctx context.Context, tx *store.Tx, limit int, others []use) ([]stop, error) {
	s := &statement{}
	s.and("e.library_id", "=", q.Library.String())
	q.narrow(s, "e.path")
	if q.EntryType != "" {
		s.and("e.entry_type", "=", q.EntryType)
	}
	if !q.Since.IsZero() {
		s.and("e.created_at", ">=", store.Micros(q.Since))
	}
	if !q.Until.IsZero() {
		s.and("e.created_at", "<", store.Micros(q.Until))
	}
	from, order := source{path: "e.path"}, []string{"e.path"}
	switch q.sort {
	case byCreated:
		from.key, from.newKey, order = "e.id", newText, []string{"e.id", "e.path"}
	case byUpdated:
		from.key, from.newKey, order = "e.updated_at", newInt, []string{"e.updated_at", "e.path"}
	}
	from.from = `FROM entries e WHERE ` + q.ordered(s, order...)
	return q.read(ctx, tx, from, s, limit, others...)
}

// narrow adds the conditions on paths.
func (q Query) narrow(s *statement, column string) {
	if q.PathPrefix == "" {
		return
	}
	s.and(column, ">=", q.PathPrefix)
	if end := PathEnd(q.PathPrefix); end != "" {
		s.and(column, "<", end)
	}
}

// inOrder reads along the index by which is sorted.
func (i Index) inOrder(others []use) reading {
	return func(ctx context.Context, tx *store.Tx, q Query, limit int) ([]stop, error) {
		column := "f." + i.Type.column()
		s := &statement{}
		s.and("f.field", "=", i.id(q.Library))
		s.raw(column + " IS NOT NULL")
		for n := range q.Filters {
			if t, ok := q.Filters[n].valueType(); ok && t == i.Type && q.Filters[n].Field == i.Field {
				q.Filters[n].fit(s, "f", t)
			}
		}
		q.narrow(s, "f.path")
		from := source{path: "f.path", key: column, newKey: i.newKey(), later: len(others) > 0}
		from.from = joined(q, s, "", from.later, column, "f.path")
		return q.read(ctx, tx, from, s, limit, others...)
	}
}

// joined reads rows f of entry_fields, and others, in an order, with their entries or to read those later.
func joined(q Query, s *statement, also string, later bool, order ...string) string {
	if later {
		return `FROM entry_fields f ` + also + ` WHERE ` + q.ordered(s, order...)
	}
	s.and("e.library_id", "=", q.Library.String())
	return `FROM entry_fields f ` + also + ` CROSS JOIN entries e WHERE e.path = f.path AND ` + q.ordered(s, order...)
}

func (i Index) newKey() func() any {
	if i.Type == Number {
		return newNumber
	}
	return newText
}

// equal reads along the paths of those that have one value.
func (u *use) equal(others []use) reading {
	return func(ctx context.Context, tx *store.Tx, q Query, limit int) ([]stop, error) {
		s := u.fitting(q)
		q.narrow(s, "f.path")
		from := source{path: "f.path", later: len(others) > 0}
		from.from = joined(q, s, "", from.later, "f.path")
		return q.read(ctx, tx, from, s, limit, others...)
	}
}

// byPath sorts what fits by path.
func (u *use) byPath(others []use) reading {
	return func(ctx context.Context, tx *store.Tx, q Query, limit int) ([]stop, error) {
		s := u.fitting(q)
		q.narrow(s, "f.path")
		return q.read(ctx, tx, source{from: joined(q, s, "", true, "f.path"), path: "f.path", later: true}, s, limit, others...)
	}
}

// byTime sorts what fits by when it was made or changed.
func (u *use) byTime(others []use) reading {
	return func(ctx context.Context, tx *store.Tx, q Query, limit int) ([]stop, error) {
		s := u.fitting(q)
		q.narrow(s, "f.path")
		from := source{path: "f.path", key: "e.id", newKey: newText}
		if q.sort == byUpdated {
			from.key, from.newKey = "e.updated_at", newInt
		}
		from.from = joined(q, s, "", false, from.key, "e.path")
		return q.read(ctx, tx, from, s, limit, others...)
	}
}

// sorted sorts what fits by another index.
func (u *use) sorted(by Index, others []use) reading {
	return func(ctx context.Context, tx *store.Tx, q Query, limit int) ([]stop, error) {
		s := u.fitting(q)
		column := "o." + by.Type.column()
		s.and("o.field", "=", by.id(q.Library))
		s.raw(column + " IS NOT NULL")
		s.raw("o.path = f.path")
		q.narrow(s, "f.path")
		from := joined(q, s, `CROSS JOIN entry_fields o`, true, column, "o.path")
		return q.read(ctx, tx, source{from: from, path: "f.path", key: column, newKey: by.newKey(), later: true}, s, limit, others...)
	}
}
