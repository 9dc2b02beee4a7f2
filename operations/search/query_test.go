package search_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/operations/entries"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

type object = map[string]any

type answer struct {
	Entries []struct {
		ID   string `json:"id"`
		Path string `json:"path"`
	} `json:"entries"`
	Next  string         `json:"next"`
	Total *entries.Total `json:"total"`
}

func (a answer) paths() []string {
	all := []string{}
	for _, e := range a.Entries {
		all = append(all, e.Path)
	}
	return all
}

func create(tb testing.TB, h *operationstest.Harness, kind, path string, metadata object) (id string) {
	tb.Helper()
	var e struct{ ID string }
	h.OK(tb, "action:vdfs.create_entry", object{"name": strings.Trim(path, "/"), "path": path, "entry_type": kind, "metadata": metadata}, &e)
	return e.ID
}

func TestQuery(t *testing.T) {
	t.Parallel()
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "query:search.query", AnyInput: true,
		Input: func(tb testing.TB, h *operationstest.Harness) any {
			create(tb, h, "note", "/"+uuid.NewString(), object{})
			return object{"text": "note"}
		},
		Bad: map[string]any{
			"no word": object{"text": "!?"}, "a limit too large": object{"limit": 201}, "a limit below 0": object{"limit": -1},
			"a time that is none": object{"since": "yesterday"}, "too many sums": object{"sum": strings.Split("a,b,c,d,e,f,g,h,i", ",")},
			"a field without a name": object{"sum": []string{""}}, "a prefix too long": object{"path_prefix": strings.Repeat("p", 1025)},
			"a filter without an operator": object{"filters": []object{{"field": "a", "value": 1}}},
			"an order by what is no index": object{"sort": "metadata.total", "entry_type": "note"},
		},
	})
}

// expenses has a household's papers of 2026.
func expenses(t *testing.T, h *operationstest.Harness) {
	t.Helper()
	receipt := func(path, vendor, category, date string, total float64) {
		create(t, h, "receipt", path, object{"vendor": vendor, "category": category, "date": date, "total": total})
	}
	receipt("/blue-bottle", "Blue Bottle", "Coffee shop", "2026-08-03", 4.5)
	receipt("/cafe-noir", "Café Noir", "coffee shops", "2026-09-30", 12)
	receipt("/old-coffee", "Blue Bottle", "Coffee shop", "2026-06-30", 4.5)
	receipt("/new-coffee", "Blue Bottle", "Coffee shop", "2026-10-01", 4.5)
	receipt("/trattoria", "Trattoria Roma", "Restaurant", "2026-08-10", 81.2)
	receipt("/diner", "Diner", "Restaurant", "2026-02-01", 50)
	receipt("/grill", "Grill", "restaurant", "2026-11-02", 50.01)
	receipt("/laptop", "Computers", "Electronics", "2026-08-11", 1200)
	create(t, h, "invoice", "/catering", object{"category": "Restaurant", "total": 400, "date": "2026-05-05"})
	create(t, h, "note", "/coffee-note", object{"text": "buy coffee", "date": "2026-08-01"})
}

// The sentences that people say are structured queries that work, with indexes and without.
func TestSentences(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		h := operationstest.New(t, newURL(t), domain)
		expenses(t, h)
		ask := func(t *testing.T) {
			t.Helper()
			var got answer
			h.OK(t, "query:search.query", object{
				"text": "coffee shop*", "entry_type": "receipt", "filters": []object{
					{"field": "date", "op": "gte", "value": "2026-07-01"}, {"field": "date", "op": "lt", "value": "2026-10-01"},
				},
			}, &got)
			if diff := cmp.Diff([]string{"/cafe-noir", "/blue-bottle"}, got.paths()); diff != "" || got.Total != nil {
				t.Errorf("receipts from coffee shops last quarter (-want +got), total %v:\n%s", got.Total, diff)
			}
			got = answer{}
			h.OK(t, "query:search.query", object{
				"text": "restaurant", "filters": []object{{"field": "total", "op": "gt", "value": 50}}, "sum": []string{"total", "tip"},
			}, &got)
			if diff := cmp.Diff([]string{"/catering", "/grill", "/trattoria"}, got.paths()); diff != "" {
				t.Errorf("restaurant expenses over $50 (-want +got):\n%s", diff)
			}
			want := &entries.Total{Count: 3, Sums: map[string]float64{"total": 400 + 50.01 + 81.2, "tip": 0}, Complete: true}
			if diff := cmp.Diff(want, got.Total); diff != "" {
				t.Errorf("total (-want +got):\n%s", diff)
			}
		}
		t.Run("without indexes", ask)
		_, err := entries.Declare(t.Context(), h.DB, []entries.Index{
			{EntryType: "receipt", Field: "date", Type: entries.Text}, {EntryType: "receipt", Field: "total", Type: entries.Number},
		})
		if err == nil {
			err = entries.Build(t.Context(), h.DB)
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Run("with indexes", ask)
		t.Run("the dearest first", func(t *testing.T) {
			var got answer
			h.OK(t, "query:search.query", object{"text": "restaurant", "entry_type": "receipt", "sort": "-metadata.total"}, &got)
			if diff := cmp.Diff([]string{"/trattoria", "/grill", "/diner"}, got.paths()); diff != "" {
				t.Error(diff)
			}
			got = answer{}
			h.OK(t, "query:search.query", object{"entry_type": "receipt", "sort": "-metadata.total", "limit": 1, "count": true}, &got)
			if got.paths()[0] != "/laptop" || got.Next == "" || got.Total.Count != 8 {
				t.Errorf("the dearest of all is %v, total %v", got.paths(), got.Total)
			}
		})
		t.Run("made at a time", func(t *testing.T) {
			var got answer
			h.OK(t, "query:search.query", object{"since": time.Now().Add(time.Hour)}, &got)
			if len(got.Entries) != 0 {
				t.Errorf("made in an hour: %v", got.paths())
			}
			h.OK(t, "query:search.query", object{"until": time.Now().Add(time.Hour), "since": time.Now().Add(-time.Hour)}, &got)
			if len(got.Entries) != 10 {
				t.Errorf("made lately: %v", got.paths())
			}
		})
	})
}

// What was answered is found, and what was removed is not.
func TestWordsFollowTheEntries(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		h := operationstest.New(t, newURL(t), domain)
		id := create(t, h, "note", "/Ünïcode/résumé", object{"deep": object{"list": []any{"Grüße", 4711}}, "": "empty-key"})
		create(t, h, "-", "/-/-", object{}) // without a word
		finds := func(t *testing.T, text string, want bool) {
			t.Helper()
			var got answer
			h.OK(t, "query:search.query", object{"text": text}, &got)
			if found := slices.Contains(got.paths(), "/Ünïcode/résumé"); found != want || len(got.Entries) > 1 {
				t.Errorf("%q: found %v, want %v", text, got.paths(), want)
			}
			answer, err := h.Call(t, "query:search.query", uuid.New(), object{"text": text})
			if err != nil || string(answer) != `{"entries":[]}` {
				t.Errorf("%q in another library: %s, %v", text, answer, err)
			}
		}
		write := func(name string, data []byte) {
			h.OK(t, "action:vdfs.write_sidecar", object{"entry_id": id, "filename": name, "data": data}, nil)
		}
		for _, text := range []string{"resume", "RÉSUMÉ", "unicode", "gruße", "GRUSSE", "4711", "47*", "note résumé", "empty-key"} {
			finds(t, text, true)
		}
		for _, text := range []string{"resum", "list", "471", "note missing", `"note" OR *`, "NOT x", "note) OR (words:x"} {
			finds(t, text, false)
		}
		write("ocr.txt", []byte("Total: 36.47 EUR\nThank you"))
		write("image.png", []byte{0x89, 'P', 'N', 'G', 0xff, 0, 'w', 'o', 'r', 'd'})
		finds(t, "thank 36.47", true)
		finds(t, "word", false)
		write("ocr.txt", []byte("другой текст"))
		finds(t, "thank", false)
		finds(t, "ТЕКСТ", true)
		long := []byte(strings.Repeat("word ", 30_000)) // outside of the database
		write("long.txt", append(long, " atheend"...))
		finds(t, "atheend", true)
		h.OK(t, "action:vdfs.delete_sidecar", object{"entry_id": id, "filename": "long.txt"}, nil)
		finds(t, "atheend", false)
		h.OK(t, "action:vdfs.update_metadata", object{"entry_id": id, "metadata": object{"deep": nil, "new": "fresh"}}, nil)
		finds(t, "4711", false)
		finds(t, "fresh текст", true)
		h.OK(t, "action:vdfs.delete_entry", object{"entry_id": id}, nil)
		finds(t, "fresh", false)
	})
}
