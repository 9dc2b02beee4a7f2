package search_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/internal/pgtest"
	"github.com/airlock-run/airlock/operations/entries"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

// benchEntries is how many entries the library has; AIRLOCK_BENCH_ENTRIES=1000000 is what the goals are for.
func benchEntries(b *testing.B) int {
	b.Helper()
	n, err := strconv.Atoi(os.Getenv("AIRLOCK_BENCH_ENTRIES"))
	if err != nil {
		return 5_000
	}
	return n
}

// BenchmarkLibrary asks for entries over the bus, one after the other, and tells the time that 99 of 100 answers came within.
func BenchmarkLibrary(b *testing.B) {
	for dialect, newURL := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": pgtest.Database} {
		b.Run(dialect, func(b *testing.B) {
			h := operationstest.New(b, newURL(b), domain)
			all := newPapers(b, h, benchEntries(b))
			for _, c := range []struct {
				name, method string
				input        func() object
			}{
				{"get/id", "query:vdfs.get_entry", func() object { return object{"entry_id": all.id(rand.IntN(all.n)).String()} }},
				{"get/path", "query:vdfs.get_entry", func() object { return object{"path": all.path(rand.IntN(all.n))} }},
				{"list/vendor", "query:vdfs.list_entries", func() object { return receipts("", eq("vendor", vendor(rand.IntN(5000)))) }},
				{"list/category", "query:vdfs.list_entries", func() object { return receipts("", eq("category", categories[rand.IntN(len(categories))])) }},
				{"list/total_over", "query:vdfs.list_entries", func() object { return receipts("", over("total", float64(rand.IntN(1000)))) }},
				{"list/dearest_of_category", "query:vdfs.list_entries", func() object {
					return receipts("-metadata.total", eq("category", categories[rand.IntN(len(categories))]))
				}},
				{"list/dearest_of_vendor", "query:vdfs.list_entries", func() object { return receipts("-metadata.total", eq("vendor", vendor(rand.IntN(5000)))) }},
				{"list/newest_of_quarter", "query:vdfs.list_entries", func() object { return receipts("-metadata.date", quarter()...) }},
				{"list/quarter_and_category", "query:vdfs.list_entries", func() object {
					return receipts("", append(quarter(), eq("category", categories[rand.IntN(len(categories))]))...)
				}},
				{"search/word", "query:search.query", func() object { return object{"text": vocabulary(rand.IntN(20_000)), "limit": 50} }},
				{"search/two_words", "query:search.query", func() object {
					return object{"text": vocabulary(rand.IntN(500)) + " " + vocabulary(rand.IntN(500)), "limit": 50}
				}},
				{"search/category_over_50", "query:search.query", func() object {
					return object{"text": categories[rand.IntN(len(categories))], "filters": []object{over("total", 50)}, "limit": 50}
				}},
				{"search/category_in_quarter", "query:search.query", func() object {
					return object{"text": categories[rand.IntN(len(categories))], "entry_type": "receipt", "filters": quarter(), "limit": 50}
				}},
				{"search/beginning", "query:search.query", func() object { return object{"text": vocabulary(rand.IntN(500))[:4] + "*", "limit": 50} }},
			} {
				b.Run(c.name, func(b *testing.B) {
					var took []time.Duration
					for b.Loop() {
						call := h.NewPersonsCall(b, c.method, c.input())
						begun := time.Now()
						if _, err := h.Conn.Call(b.Context(), call); err != nil {
							b.Fatal(err)
						}
						took = append(took, time.Since(begun))
					}
					slices.Sort(took)
					b.ReportMetric(float64(took[(len(took)-1)*99/100].Microseconds())/1000, "p99-ms")
				})
			}
		})
	}
}

func eq(field string, value any) object { return object{"field": field, "op": "eq", "value": value} }

func over(field string, value any) object { return object{"field": field, "op": "gt", "value": value} }

func quarter() []object {
	begin := time.Date(2024, time.Month(1+3*rand.IntN(12)), 1, 0, 0, 0, 0, time.UTC)
	return []object{
		{"field": "date", "op": "gte", "value": begin.Format(time.DateOnly)}, {"field": "date", "op": "lt", "value": begin.AddDate(0, 3, 0).Format(time.DateOnly)},
	}
}

func receipts(sort string, filters ...object) object {
	return object{"entry_type": "receipt", "filters": filters, "sort": sort}
}

var categories = strings.Fields("restaurant coffee grocery travel office books music garden sports pets kids health tools phone power water rent tax gifts fuel")

func vendor(n int) string { return fmt.Sprintf("Vendor %05d", n) }

// vocabulary are words, of which those with a low number are said more often.
func vocabulary(n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	n = n*7919 + 1_000_003
	var word []byte
	for ; n > 0; n /= 26 {
		word = append(word, letters[n%26])
	}
	return string(word)
}

// papers are a library's: nine of ten are receipts, one of ten has a text beside it.
type papers struct {
	n    int
	salt uuid.UUID
}

func newPapers(b *testing.B, h *operationstest.Harness, n int) papers {
	b.Helper()
	p := papers{n, uuid.New()}
	_, err := entries.Declare(b.Context(), h.DB, []entries.Index{
		{EntryType: "receipt", Field: "total", Type: entries.Number},
		{EntryType: "receipt", Field: "vendor", Type: entries.Text},
		{EntryType: "receipt", Field: "category", Type: entries.Text},
		{EntryType: "receipt", Field: "date", Type: entries.Text},
	})
	if err == nil {
		err = entries.Build(b.Context(), h.DB)
	}
	if err != nil {
		b.Fatal(err)
	}
	begun := time.Now()
	const batch = 1000
	for from := 0; from < n; from += batch {
		err := h.DB.Write(b.Context(), func(tx *store.Tx) error {
			for i := from; i < min(from+batch, n); i++ {
				if err := p.add(b.Context(), tx, h, i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.Logf("%d entries were written in %v", n, time.Since(begun).Round(time.Millisecond))
	return p
}

func (p papers) id(n int) uuid.UUID {
	id := p.salt
	id[0], id[1], id[2], id[3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
	return id
}

func (p papers) path(n int) string { return fmt.Sprintf("/papers/%d/%d", n*7919%1000, n) }

func (p papers) add(ctx context.Context, tx *store.Tx, h *operationstest.Harness, n int) error {
	kind := "receipt"
	if n%10 == 0 {
		kind = "note"
	}
	date := time.Date(2024, 1, 1+rand.IntN(3*365), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	metadata := fmt.Sprintf(`{"vendor":%q,"category":%q,"total":%.2f,"date":%q}`,
		vendor(rand.IntN(5000)), categories[rand.IntN(len(categories))], rand.Float64()*1000, date)
	id, path := p.id(n), p.path(n)
	e := &entries.Entry{ID: id.String(), Name: fmt.Sprintf("Paper %d", n), Path: path, EntryType: kind, Metadata: []byte(metadata)}
	_, err := tx.Exec(ctx, `INSERT INTO entries (library_id, id, name, path, entry_type, metadata, content, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, '', $7, $7)`, h.Library.String(), e.ID, e.Name, path, kind, metadata, n)
	if err != nil {
		return err
	}
	if n%10 == 1 {
		var text []string
		for range 60 {
			text = append(text, vocabulary(int(20_000*rand.Float64()*rand.Float64()*rand.Float64())))
		}
		if _, err := entries.SetText(ctx, tx, e.ID, "ocr.txt", []byte(strings.Join(text, " "))); err != nil {
			return err
		}
	}
	if err := entries.SetFields(ctx, tx, h.Library, kind, path, e.Metadata); err != nil {
		return err
	}
	return entries.SetWords(ctx, tx, h.DB.Dialect(), h.Library, e)
}
