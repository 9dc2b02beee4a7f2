package entries

import (
	"context"
	"strconv"
	"strings"

	"github.com/airlock-run/airlock/operations/store"
)

// source is where entries are read from, in an order.
type source struct {
	// from is what follows the columns, up to the limit.
	from string
	// path and key are columns; key is empty where the order is by path alone.
	path, key string
	newKey    func() any
	// later says that from has no entries: they are read once it is known which.
	later bool
}

// read reads at most limit entries of a source. Where other indexes know whether an entry fits they are asked first, and those that do not
// are come by without being read.
func (q Query) read(ctx context.Context, tx *store.Tx, from source, s *statement, limit int, others ...use) (stops []stop, err error) {
	columns, asked := Columns, false
	if len(others) > 0 || from.later {
		columns, asked = from.path+", "+s.known(q, from.path, others), true
	}
	if from.key != "" {
		columns += ", " + from.key
	}
	var wanted []int
	err = tx.Query(ctx, func(scan func(...any) error) error {
		at, e, fits := place{Order: q.Sort}, &Entry{}, true
		var more []any
		if from.key != "" {
			more = append(more, from.newKey())
		}
		if asked {
			err = scan(append([]any{&e.Path, &fits}, more...)...)
		} else {
			e, err = Scan(scan, more...)
		}
		if err != nil {
			return err
		}
		if from.key != "" {
			at.Key = pointed(more[0])
		}
		at.Path = e.Path
		if asked && fits {
			wanted = append(wanted, len(stops))
		}
		if asked {
			e = nil
		}
		stops = append(stops, stop{e, at})
		return nil
	}, "SELECT "+columns+" "+from.from+" LIMIT "+strconv.Itoa(limit), s.args...)
	if err != nil || len(wanted) == 0 {
		return stops, err
	}
	return stops, q.load(ctx, tx, stops, wanted)
}

// load reads the entries of some stops.
func (q Query) load(ctx context.Context, tx *store.Tx, stops []stop, wanted []int) error {
	for len(wanted) > 0 {
		some := wanted[:min(len(wanted), len(idMarks)/2)]
		wanted = wanted[len(some):]
		byPath := make(map[string]int, len(some))
		s := &statement{}
		library := s.arg(q.Library.String())
		marks := make([]string, len(some))
		for i, at := range some {
			byPath[stops[at].at.Path] = at
			marks[i] = s.arg(stops[at].at.Path)
		}
		err := tx.Query(ctx, func(scan func(...any) error) error {
			e, err := Scan(scan)
			if err == nil {
				stops[byPath[e.Path]].Entry = e
			}
			return err
		}, `SELECT `+Columns+` FROM entries e WHERE e.library_id = `+library+` AND e.path IN (`+strings.Join(marks, ", ")+`)`, s.args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// known is an expression that tells whether indexes other than the one that is read along know an entry to fit.
func (s *statement) known(q Query, path string, others []use) string {
	conditions := []string{"TRUE"}
	for _, u := range others {
		inner := &statement{args: s.args}
		inner.and("p.field", "=", u.id(q.Library))
		u.fit(inner, "p")
		s.args = inner.args
		conditions = append(conditions, "EXISTS (SELECT 1 FROM entry_fields p WHERE p.path = "+path+" AND "+inner.conditions()+")")
	}
	return strings.Join(conditions, " AND ")
}

func newNumber() any { return new(float64) }
func newText() any   { return new(string) }
func newInt() any    { return new(int64) }

// pointed is what was read. Numbers of documents and times in microseconds stay exact.
func pointed(value any) any {
	switch value := value.(type) {
	case *float64:
		return *value
	case *int64:
		return float64(*value)
	case *string:
		return *value
	default:
		return nil
	}
}
