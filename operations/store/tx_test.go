package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

var errTest = errors.New("of the test")

func TestWrite(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		t.Run("an error rolls back", func(t *testing.T) {
			t.Parallel()
			db := storetest.Open(t, newURL(t))
			err := db.Write(t.Context(), func(tx *store.Tx) error {
				insertEntry(t, tx, "gone")
				return errTest
			})
			if !errors.Is(err, errTest) {
				t.Errorf("error is %v, want the function's", err)
			}
			if got := paths(t, db); len(got) != 0 {
				t.Errorf("entries are %q, want none", got)
			}
		})
		t.Run("a panic rolls back", func(t *testing.T) {
			t.Parallel()
			db := storetest.Open(t, newURL(t))
			func() {
				defer func() { _ = recover() }()
				_ = db.Write(t.Context(), func(tx *store.Tx) error {
					insertEntry(t, tx, "gone")
					panic("of the test")
				})
			}()
			insert(t, db, "next")
			if got := paths(t, db); !cmp.Equal(got, []string{"next"}) {
				t.Errorf("entries are %q, want only the next one", got)
			}
		})
		t.Run("no update is lost", func(t *testing.T) {
			t.Parallel()
			const writers, rounds = 4, 25
			url := newURL(t)
			first := storetest.Open(t, url)
			insert(t, first, "counter")
			dbs := []*store.DB{first, storetest.Open(t, url)} // as two processes
			var wg sync.WaitGroup
			for i := range writers {
				wg.Go(func() {
					for range rounds {
						if err := increment(t.Context(), dbs[i%len(dbs)]); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			if got := counter(t, first); got != writers*rounds {
				t.Errorf("counter is %d, want %d", got, writers*rounds)
			}
		})
		t.Run("gives up at the deadline and changes nothing", func(t *testing.T) {
			t.Parallel()
			db := storetest.Open(t, newURL(t))
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			err := db.Write(ctx, func(tx *store.Tx) error {
				insertEntry(t, tx, "late")
				<-ctx.Done()
				return nil
			})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error is %v, want the context's", err)
			}
			if got := paths(t, db); len(got) != 0 {
				t.Errorf("entries are %q, want none", got)
			}
		})
	})
}

func TestWriteWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	url := storetest.SQLite(t)
	busy, waiting := storetest.Open(t, url), storetest.Open(t, url) // as two processes
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	err := busy.Write(t.Context(), func(*store.Tx) error {
		return waiting.Write(ctx, func(*store.Tx) error { return nil })
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v, want the deadline's of the one that waits", err)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		t.Run("sees one moment", func(t *testing.T) {
			t.Parallel()
			db := storetest.Open(t, newURL(t))
			insert(t, db, "a")
			err := db.Read(t.Context(), func(tx *store.Tx) error {
				before := count(t, tx)
				insert(t, db, "b")
				if after := count(t, tx); before != 1 || after != 1 {
					return fmt.Errorf("counts are %d and %d, want 1 and 1", before, after)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		t.Run("cannot write", func(t *testing.T) {
			t.Parallel()
			db := storetest.Open(t, newURL(t))
			err := db.Read(t.Context(), func(tx *store.Tx) error {
				_, err := tx.Exec(t.Context(), `DELETE FROM entries`)
				return err
			})
			if err == nil {
				t.Error("no error")
			}
		})
		t.Run("orders paths by their bytes", func(t *testing.T) {
			t.Parallel()
			db := storetest.Open(t, newURL(t))
			want := []string{"/B", "/a", "/a b", "/a-b", "/a/b", "/aB", "/ab", "/z", "/é", "/\uffff", "/\U0001F600"}
			for _, path := range want {
				insert(t, db, path)
			}
			if diff := cmp.Diff(want, paths(t, db)); diff != "" {
				t.Error(diff)
			}
		})
	})
}

func TestMicros(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 18, 0, 0, 123456789, time.FixedZone("", 3600))
	if got, want := store.Time(store.Micros(at)), at.UTC().Truncate(time.Microsecond); !got.Equal(want) || got.Location() != time.UTC {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := store.Time(store.Micros(time.Time{})); !got.IsZero() {
		t.Errorf("the zero time became %v", got)
	}
}

func insert(t *testing.T, db *store.DB, path string) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		insertEntry(t, tx, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func insertEntry(t *testing.T, tx *store.Tx, path string) {
	t.Helper()
	if _, err := tx.Exec(t.Context(), `INSERT INTO entries (id, library_id, path, name, entry_type, metadata, created_at, updated_at)
		VALUES ($1, 'library', $2, '', '', '{}', 0, 0)`, uuid.NewString(), path); err != nil {
		t.Fatal(err)
	}
}

func increment(ctx context.Context, db *store.DB) error {
	return db.Write(ctx, func(tx *store.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, `SELECT updated_at FROM entries WHERE path = 'counter'`).Scan(&n); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE entries SET updated_at = $1 WHERE path = 'counter'`, n+1)
		return err
	})
}

func counter(t *testing.T, db *store.DB) (n int) {
	t.Helper()
	if err := db.Read(t.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(t.Context(), `SELECT updated_at FROM entries WHERE path = 'counter'`).Scan(&n)
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func count(t *testing.T, tx *store.Tx) (n int) {
	t.Helper()
	if err := tx.QueryRow(t.Context(), `SELECT count(*) FROM entries`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func paths(t *testing.T, db *store.DB) []string {
	t.Helper()
	return columns(t, db, `SELECT path FROM entries ORDER BY path`)
}
