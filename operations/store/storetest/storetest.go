// Package storetest gives tests a store of each kind. Its users call pgtest.Main in their TestMain.
package storetest

import (
	"path/filepath"
	"testing"

	"github.com/airlock-run/airlock/internal/pgtest"
	"github.com/airlock-run/airlock/operations/store"
)

// Each runs a test twice, as the sub-tests sqlite and postgres, with a function that makes the URL of an empty store.
func Each(t *testing.T, test func(t *testing.T, newURL func(testing.TB) string)) {
	t.Helper()
	for dialect, newURL := range URLs() {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			test(t, newURL)
		})
	}
}

// URLs are the functions that make the URL of an empty store, by dialect.
func URLs() map[store.Dialect]func(testing.TB) string {
	return map[store.Dialect]func(testing.TB) string{store.SQLite: SQLite, store.PostgreSQL: pgtest.Database}
}

// SQLite returns the path of a store in a directory of the test.
func SQLite(tb testing.TB) string {
	tb.Helper()
	return filepath.Join(tb.TempDir(), "store.db")
}

// Open opens a store until the test ends.
func Open(tb testing.TB, url string) *store.DB {
	tb.Helper()
	db, err := store.Open(tb.Context(), url)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}
