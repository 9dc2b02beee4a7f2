package entries

import (
	"cmp"
	"slices"
	"strings"
)

// key is what an entry is sorted by; it has none in the order of a field that it does not have.
func (q Query) key(e *Entry, known []Index) (key any, ok bool, err error) {
	field, byField := q.field()
	switch {
	case q.sort == byPath:
		return nil, true, nil
	case q.sort == byUpdated:
		return float64(e.UpdatedAt.UnixMicro()), true, nil
	case !byField:
		return e.ID, true, nil
	}
	m, err := decode(e.Metadata)
	if err != nil {
		return nil, false, err
	}
	at := slices.IndexFunc(known, func(i Index) bool { return i.Field == field })
	key = known[at].Type.indexed(m.value(field))
	return key, key != nil, nil
}

// before compares two places in the order of the query, of which the keys are of one type.
func (q Query) before(a, b place) int {
	order := 0
	switch key := a.Key.(type) {
	case float64:
		other, _ := b.Key.(float64)
		order = cmp.Compare(key, other)
	case string:
		other, _ := b.Key.(string)
		order = strings.Compare(key, other)
	}
	order = cmp.Or(order, strings.Compare(a.Path, b.Path))
	if q.descending {
		return -order
	}
	return order
}
