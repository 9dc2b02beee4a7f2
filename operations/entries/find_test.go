package entries_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/entries"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

// shelf is a library with what should be found in it.
type shelf struct {
	db      *store.DB
	library uuid.UUID
	begun   time.Time
	entries []*row
}

type row struct {
	id, path, kind string
	metadata       map[string]any
	created        time.Time
	// files are the texts beside it.
	files string
}

func newShelf(t *testing.T, db *store.DB) *shelf {
	t.Helper()
	return &shelf{db: db, library: uuid.New(), begun: time.UnixMicro(1_790_000_000_000_000).UTC()}
}

// put writes an entry, or its metadata anew.
func (s *shelf) put(t *testing.T, r *row) {
	t.Helper()
	if r.id == "" {
		r.id = fmt.Sprintf("%08d-0000-7000-8000-%s", len(s.entries), s.library.String()[24:])
		r.created = s.begun.Add(time.Duration(len(s.entries)) * time.Second)
		s.entries = append(s.entries, r)
	}
	raw, err := json.Marshal(r.metadata)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	s.write(t, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO entries (library_id, id, name, path, entry_type, metadata, content, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, '', $7, $7) ON CONFLICT (id) DO UPDATE SET metadata = excluded.metadata`,
			s.library.String(), r.id, "-", r.path, r.kind, string(raw), store.Micros(r.created))
		if err != nil {
			return err
		}
		if _, err := entries.SetText(ctx, tx, r.id, "a.txt", []byte(r.files)); err != nil {
			return err
		}
		if err := entries.SetFields(ctx, tx, s.library, r.kind, r.path, raw); err != nil {
			return err
		}
		return entries.SetWords(ctx, tx, s.db.Dialect(), s.library, &entries.Entry{ID: r.id, Name: "-", Path: r.path, EntryType: r.kind, Metadata: raw})
	})
}

func (s *shelf) remove(t *testing.T, at int) {
	t.Helper()
	r := s.entries[at]
	s.entries = slices.Delete(s.entries, at, at+1)
	s.write(t, func(tx *store.Tx) error {
		if _, err := tx.Exec(t.Context(), `DELETE FROM entries WHERE id = $1`, r.id); err != nil {
			return err
		}
		if err := entries.SetFields(t.Context(), tx, s.library, r.kind, r.path, nil); err != nil {
			return err
		}
		return entries.RemoveWords(t.Context(), tx, s.db.Dialect(), r.id)
	})
}

func (s *shelf) write(t *testing.T, change func(*store.Tx) error) {
	t.Helper()
	if err := s.db.Write(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}

// find reads all pages of a query.
func (s *shelf) find(t *testing.T, q entries.Query) (paths []string) {
	t.Helper()
	q.Library = s.library
	for first := true; first || q.After != ""; first = false {
		var page entries.Page
		err := s.db.Read(t.Context(), func(tx *store.Tx) (err error) {
			page, err = entries.Find(t.Context(), tx, s.db.Dialect(), q)
			return err
		})
		if err != nil {
			t.Fatalf("find %+v: %v", q, err)
		}
		if len(page.Entries) > q.Limit {
			t.Fatalf("%d entries on a page of %d", len(page.Entries), q.Limit)
		}
		for _, e := range page.Entries {
			paths = append(paths, e.Path)
		}
		q.After = page.Next
	}
	return paths
}

// declare declares and builds indexes.
func (s *shelf) declare(t *testing.T, indexes ...entries.Index) {
	t.Helper()
	if refused, err := entries.Declare(t.Context(), s.db, indexes); err != nil || len(refused) != 0 {
		t.Fatalf("declare: %v, %v", refused, err)
	}
	if err := entries.Build(t.Context(), s.db); err != nil {
		t.Fatal(err)
	}
}

func pick[T any](list ...T) T { return list[rand.IntN(len(list))] }

var (
	words  = []string{"café", "Coffee", "shop", "bar", "straße", "東京", "9"}
	totals = []any{1, 2.5, 50, 50.01, -3, 1e300, "50", nil, true, []int{1}}
)

func randomMetadata() map[string]any {
	m := map[string]any{"vendor": map[string]any{"name": pick(words...) + " " + pick(words...)}, "flag": pick(true, false)}
	if rand.IntN(5) > 0 {
		m["total"] = pick(totals...)
	}
	if rand.IntN(50) == 0 {
		m["note"] = strings.Repeat("é", 300) + pick("a", "b") // longer than an index has
	} else {
		m["note"] = pick("a", "ab", "abc", "b", "", "\U0010ffff")
	}
	return m
}

// Whatever indexes there are, a query means the same entries, in the same order, on pages of any size.
func TestFindIsWhatLookingAtAllWouldFind(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		db := storetest.Open(t, newURL(t))
		s, other := newShelf(t, db), newShelf(t, db)
		fill := func(n int) {
			for range n {
				r := &row{
					path: "/" + pick("a", "b", "é") + "/" + uuid.NewString(), kind: pick("receipt", "receipt", "note"),
					metadata: randomMetadata(), files: pick("", "coffee to go", "nothing", "\xff"),
				}
				twin := *r
				s.put(t, r)
				other.put(t, &twin)
			}
		}
		fill(150)
		indexed := []entries.Index{
			{EntryType: "receipt", Field: "total", Type: entries.Number},
			{EntryType: "receipt", Field: "vendor.name", Type: entries.Text},
			{EntryType: "note", Field: "note", Type: entries.Text},
			{EntryType: "receipt", Field: "note", Type: entries.Text},
		}
		compare := func(t *testing.T, queries int) {
			t.Helper()
			for range queries {
				q := randomQuery()
				if diff := gocmp.Diff(s.naive(q), s.find(t, q)); diff != "" {
					text, _ := json.Marshal(q)
					t.Fatalf("query %s (-want +got):\n%s", text, diff)
				}
			}
		}
		t.Run("without an index", func(t *testing.T) { compare(t, 60) })
		s.declare(t, indexed[:2]...)
		t.Run("with indexes of what was there", func(t *testing.T) { compare(t, 60) })
		s.declare(t, indexed...)
		fill(100)
		for range 60 {
			r := pick(s.entries...)
			r.metadata = randomMetadata()
			s.put(t, r)
			s.remove(t, rand.IntN(len(s.entries)))
		}
		t.Run("with indexes, after changes", func(t *testing.T) { compare(t, 250) })
		t.Run("sorted by an indexed field", func(t *testing.T) {
			for range 60 {
				q := randomQuery()
				i := pick(indexed...)
				q.EntryType, q.Sort = i.EntryType, pick("", "-")+"metadata."+i.Field
				if diff := gocmp.Diff(s.naive(q), s.find(t, q)); diff != "" {
					text, _ := json.Marshal(q)
					t.Fatalf("query %s (-want +got):\n%s", text, diff)
				}
			}
		})
	})
}

func randomQuery() entries.Query {
	q := newQuery()
	few := pick(1, 5, 20, 1000)
	return q.Choosing(few, pick(2, 10, 50, 1000)*few)
}

func newQuery() entries.Query {
	q := entries.Query{
		EntryType: pick("", "receipt", "receipt", "note"), PathPrefix: pick("", "", "/a", "/é/"), Limit: pick(1, 7, 50, 500),
		Sort: pick("", "path", "-path", "created_at", "-created_at", "updated_at", "-updated_at"),
	}
	if rand.IntN(3) == 0 {
		q.Text = pick("coffee", "CAFE", "cof*", "coffee shop", "tokyo", "東京", "9", "strasse")
		if strings.HasSuffix(q.Sort, "updated_at") { // of which many are alike: each is a microsecond
			q.Sort = ""
		}
	}
	if rand.IntN(5) == 0 {
		q.Since = time.UnixMicro(1_790_000_000_000_000).Add(30 * time.Second)
		q.Until = q.Since.Add(time.Minute)
	}
	for range rand.IntN(3) {
		f := entries.Filter{Field: pick("total", "vendor.name", "note", "flag", "none"), Op: pick("eq", "gt", "gte", "lt", "lte")}
		value := pick[any](1, 50, 50.01, -3.0, 1e300, "50", "abc", "a", "café", strings.Repeat("é", 300), strings.Repeat("é", 300)+"b")
		switch rand.IntN(6) {
		case 0:
			f.Op, value = "in", []any{50, "a", true, "bar bar"}
		case 1:
			f.Op, value = "prefix", pick("a", "caf", "", strings.Repeat("é", 299), strings.Repeat("é", 300))
		case 2:
			f.Op, value = "eq", pick(true, false)
		case 3:
			f.Op, value = "in", pick([]any{1, 2.5}, []any{"a", "b", "a"})
		}
		f.Value, _ = json.Marshal(value)
		q.Filters = append(q.Filters, f)
	}
	return q
}

func TestFindRefuses(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t))
	value := func(text string) json.RawMessage { return json.RawMessage(text) }
	for name, q := range map[string]entries.Query{
		"an operator there is not":        {Filters: []entries.Filter{{Field: "a", Op: "like", Value: value("1")}}},
		"no value":                        {Filters: []entries.Filter{{Field: "a", Op: "eq"}}},
		"null":                            {Filters: []entries.Filter{{Field: "a", Op: "eq", Value: value("null")}}},
		"an object":                       {Filters: []entries.Filter{{Field: "a", Op: "eq", Value: value("{}")}}},
		"in of no list":                   {Filters: []entries.Filter{{Field: "a", Op: "in", Value: value("1")}}},
		"in of nothing":                   {Filters: []entries.Filter{{Field: "a", Op: "in", Value: value("[]")}}},
		"a number's prefix":               {Filters: []entries.Filter{{Field: "a", Op: "prefix", Value: value("1")}}},
		"more than true":                  {Filters: []entries.Filter{{Field: "a", Op: "gt", Value: value("true")}}},
		"a number beyond those there are": {Filters: []entries.Filter{{Field: "a", Op: "gt", Value: value("1e999")}}},
		"an empty part of a field":        {Filters: []entries.Filter{{Field: "a..b", Op: "eq", Value: value("1")}}},
		"an order there is not":           {Sort: "name"},
		"an order by what is no index":    {Sort: "metadata.a", EntryType: "a"},
		"a cursor that is none":           {Sort: "created_at", After: "?"},
		"a cursor of another order":       {Sort: "created_at", After: "eyJrIjoxLCJwIjoiL2EiLCJvIjoidXBkYXRlZF9hdCJ9"},
		"text without a word":             {Text: "!"},
		"too many words":                  {Text: strings.Repeat("a ", 17)},
		"too many filters":                {Filters: make([]entries.Filter, 17)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q.Limit = 1
			err := db.Read(t.Context(), func(tx *store.Tx) error { _, err := entries.Find(t.Context(), tx, db.Dialect(), q); return err })
			if bus.CodeOf(err) != bus.InvalidArgument {
				t.Errorf("error is %v, want invalid_argument", err)
			}
		})
	}
}

func TestIndexesBeyondTheLimitAreRefused(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t))
	var all []entries.Index
	for n := range 20 {
		all = append(all, entries.Index{EntryType: "a", Field: strconv.Itoa(n), Type: entries.Number})
	}
	all = append(all, entries.Index{EntryType: "b", Field: "0", Type: entries.Number})
	for range 2 { // the second time most are there
		refused, err := entries.Declare(t.Context(), db, all)
		if err != nil || len(refused) != 4 || refused[0].Field != "16" {
			t.Errorf("refused %v, %v, want the four that are too many", refused, err)
		}
	}
}
