package entries

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
)

// The orders, other than by a field of the metadata.
const (
	byPath    = "path"
	byCreated = "created_at"
	byUpdated = "updated_at"
	// byField is followed by the field's name.
	byField = "metadata."
)

// maxPath bounds paths, in bytes.
const maxPath = 1024

// Query says which entries of a library are meant, and in which order.
type Query struct {
	Library uuid.UUID
	// PathPrefix is the beginning of paths, as text, and EntryType a kind; empty for any.
	PathPrefix, EntryType string
	Filters               []Filter
	// Since and Until bound when an entry was made, Until not included; zero for any time.
	Since, Until time.Time
	// Text are words that an entry has, see Words; empty for any.
	Text string
	// Sort is path, created_at, updated_at or metadata.<field>, with a minus in front of it for the last first. Default: path, and
	// -created_at with Text.
	Sort string
	// After is Next of the page before.
	After string
	// Limit is how many entries are wanted, at least 1.
	Limit int

	// few and many are fewRows and manyRows but in tests.
	few, many  int
	words      []string
	sort       string
	descending bool
	// after is the place of the last entry of the page before; nil for the first page.
	after *place
}

// place is where an entry stands in an order: by a key, and where that is the same by its path. Key is a number, a text, or nil where the
// order is by path.
type place struct {
	Key  any    `json:"k,omitempty"`
	Path string `json:"p"`
	// Order is what the place is one of.
	Order string `json:"o"`
}

// check reads a query.
//
// # Errors
//
// invalid_argument.
func (q Query) check() (_ Query, err error) {
	q.few, q.many = cmp.Or(q.few, fewRows), cmp.Or(q.many, manyRows)
	if err := errors.Join(checkText("path_prefix", q.PathPrefix), checkText("entry_type", q.EntryType)); err != nil {
		return q, err
	}
	if q.Filters, err = checkFilters(q.Filters); err != nil {
		return q, err
	}
	if q.Text != "" {
		if q.words, err = queryWords(q.Text); err != nil {
			return q, err
		}
		if q.Sort == "" {
			q.Sort = "-" + byCreated
		}
	}
	if q.Sort == "" {
		q.Sort = byPath
	}
	q.sort, q.descending = strings.CutPrefix(q.Sort, "-")
	if field, ok := strings.CutPrefix(q.sort, byField); ok {
		err = CheckField(field)
	} else if !slices.Contains([]string{byPath, byCreated, byUpdated}, q.sort) {
		err = bus.Errorf(bus.InvalidArgument, "sort is %.100q, want path, created_at, updated_at or metadata. and a field, with - in front for the last first", q.Sort)
	}
	if err != nil || q.After == "" {
		return q, err
	}
	q.after, err = q.readCursor()
	return q, err
}

func checkText(name, text string) error {
	if len(text) > maxPath || strings.ContainsFunc(text, unicode.IsControl) {
		return bus.Errorf(bus.InvalidArgument, "%s %.100q: want at most %d bytes and no control characters", name, text, maxPath)
	}
	return nil
}

// field is that of the metadata by which is sorted.
func (q Query) field() (string, bool) { return strings.CutPrefix(q.sort, byField) }

// fits tells whether an entry is meant, by what the database was not asked.
func (q Query) fits(e *Entry) (bool, error) {
	if q.EntryType != "" && e.EntryType != q.EntryType || !strings.HasPrefix(e.Path, q.PathPrefix) ||
		e.CreatedAt.Before(q.Since) || !q.Until.IsZero() && !e.CreatedAt.Before(q.Until) {
		return false, nil
	}
	if len(q.Filters) == 0 {
		return true, nil
	}
	m, err := decode(e.Metadata)
	if err != nil {
		return false, err
	}
	for i := range q.Filters {
		if !q.Filters[i].fits(m) {
			return false, nil
		}
	}
	return true, nil
}

// cursor is that of the place that was reached, which in the order of paths is the path; empty where none was.
func (q Query) cursor() (string, error) {
	switch {
	case q.after == nil:
		return "", nil
	case q.sort == byPath:
		return q.after.Path, nil
	}
	text, err := json.Marshal(q.after)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(text), nil
}

func (q Query) readCursor() (*place, error) {
	if q.sort == byPath {
		if checkText("after", q.After) != nil {
			return nil, errCursor(q.After)
		}
		return &place{Path: q.After, Order: q.Sort}, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(q.After)
	if err != nil {
		return nil, errCursor(q.After)
	}
	var p place
	if err := json.Unmarshal(text, &p); err != nil || p.Order != q.Sort || strings.ContainsRune(p.Path, 0) {
		return nil, errCursor(q.After)
	}
	ok := true
	switch {
	case q.sort == byUpdated || q.sort == byCreated && len(q.words) > 0:
		ok = Number.has(p.Key)
	case q.sort == byCreated:
		ok = Text.has(p.Key)
	}
	if !ok {
		return nil, errCursor(q.After)
	}
	return &p, nil
}

func errCursor(cursor string) error {
	return bus.Errorf(bus.InvalidArgument, "after is %.40q, want next of the page before, of a query with the same sort", cursor)
}
