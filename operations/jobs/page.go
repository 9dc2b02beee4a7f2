package jobs

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"github.com/airlock-run/airlock/operations/store"
)

// walk is how far a page has got in a source.
type walk struct {
	source

	found []found
	high  int64
}

type found struct {
	job   Job
	place int64
}

// steer keeps PostgreSQL to plans that end when the page is full. It knows little of a table that has just grown, and would rather
// read all there is of a state, and sort it.
func steer(ctx context.Context, db *store.DB, tx *store.Tx) error {
	if db.Dialect() != store.PostgreSQL {
		return nil
	}
	_, err := tx.Exec(ctx, `SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
		set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`)
	return err
}

// page finds a page.
func (f filter) page(ctx context.Context, tx *store.Tx) (ListResponse, error) {
	if err := steer(ctx, f.db, tx); err != nil {
		return ListResponse{}, err
	}
	var kinds []int64
	kindsKnown := false
	if len(f.kind) > 0 {
		ids, more, err := f.kinds(ctx, tx)
		if err != nil {
			return ListResponse{}, err
		}
		if kinds, kindsKnown = ids, !more; kindsKnown && len(kinds) == 0 {
			return ListResponse{Jobs: []Job{}}, nil
		}
	}
	var walks []*walk
	for _, s := range f.sources(kinds, kindsKnown) {
		walks = append(walks, &walk{source: s, high: f.high})
	}
	for _, budget := range f.looks {
		for _, w := range walks {
			low, exhausted, err := f.horizon(ctx, tx, w, budget)
			if err != nil {
				return ListResponse{}, err
			}
			if err := f.walk(ctx, tx, w, low); err != nil {
				return ListResponse{}, err
			}
			if len(w.found) > f.limit || exhausted {
				return f.response(w, exhausted), nil
			}
			w.high = low
		}
	}
	return f.response(slices.MinFunc(walks, func(a, b *walk) int { return cmp.Compare(a.high, b.high) }), false), nil
}

// response makes the page of what was found.
func (f filter) response(w *walk, exhausted bool) ListResponse {
	out := ListResponse{Jobs: make([]Job, 0, min(len(w.found), f.limit))}
	for _, found := range w.found[:min(len(w.found), f.limit)] {
		out.Jobs = append(out.Jobs, found.job)
	}
	switch {
	case len(w.found) > f.limit:
		out.Next = strconv.FormatInt(w.found[f.limit-1].place, 10)
	case !exhausted:
		out.Next = strconv.FormatInt(w.high, 10)
	}
	return out
}

// horizon is the place down to which no more than budget jobs of a source are looked at; exhausted says that there are no more
// beyond it.
func (f filter) horizon(ctx context.Context, tx *store.Tx, w *walk, budget int) (low int64, exhausted bool, err error) {
	if len(w.rest) == 0 {
		return f.low, true, nil // whatever is found is wanted
	}
	query, args := f.horizonQuery(w, budget)
	var place sql.NullInt64
	if err := tx.QueryRow(ctx, query, args...).Scan(&place); err != nil {
		return 0, false, err
	}
	if !place.Valid {
		return f.low, true, nil
	}
	return place.Int64, false, nil
}

const walkBounds = " AND place < ? AND place >= ?"

func (f filter) horizonQuery(w *walk, budget int) (query string, args []any) {
	order := ` ORDER BY place DESC LIMIT 1 OFFSET ` + strconv.Itoa(max(budget/len(w.legs), 8)-1)
	legs := make([]string, len(w.legs))
	for i, leg := range w.legs {
		legs[i] = `SELECT place FROM (SELECT place FROM jobs WHERE ` + leg + walkBounds + order + `) AS leg`
		args = append(append(args, w.legArgs...), w.high, f.low)
	}
	return numbered(f.db, `SELECT max(place) FROM (`+strings.Join(legs, " UNION ALL ")+`) AS legs`), args
}

// walk finds the jobs of a source from where it has got down to a place, until there are enough for the page and one more, which
// tells that there is a next one.
func (f filter) walk(ctx context.Context, tx *store.Tx, w *walk, low int64) error {
	query, args := f.walkQuery(w, low)
	return tx.Query(ctx, func(scan func(...any) error) error {
		job, place, err := scanJob(scan, f.now)
		w.found = append(w.found, found{job, place})
		return err
	}, query, args...)
}

func (f filter) walkQuery(w *walk, low int64) (query string, args []any) {
	bounds := strings.Join(append([]string{walkBounds}, w.rest...), " AND ")
	order := ` ORDER BY place DESC LIMIT ` + strconv.Itoa(f.limit+1-len(w.found))
	for range w.legs {
		args = append(append(append(args, w.legArgs...), w.high, low), w.restArgs...)
	}
	jobs := `SELECT * FROM jobs WHERE ` + w.legs[0] + bounds + order
	if len(w.legs) > 1 {
		legs := make([]string, len(w.legs))
		for i, leg := range w.legs {
			legs[i] = `SELECT place FROM (SELECT place FROM jobs WHERE ` + leg + bounds + order + `) AS leg`
		}
		jobs = `SELECT * FROM jobs WHERE place IN (SELECT place FROM (` + strings.Join(legs, " UNION ALL ") + `) AS legs` + order + `)` + order
	}
	return numbered(f.db, `SELECT `+jobColumns+` FROM (`+jobs+`) AS j LEFT JOIN kinds AS k ON k.id = j.kind ORDER BY j.place DESC`), args
}

// numbered is a statement written with question marks as the database takes it: PostgreSQL with $1, $2, …; SQLite as it is, for it
// searches what has a name among all the others.
func numbered(db *store.DB, query string) string {
	if db.Dialect() != store.PostgreSQL {
		return query
	}
	parts := strings.Split(query, "?")
	var b strings.Builder
	for i, part := range parts {
		b.WriteString(part)
		if i < len(parts)-1 {
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(i + 1))
		}
	}
	return b.String()
}
