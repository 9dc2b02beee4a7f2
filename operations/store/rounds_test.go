package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

// TestWriteTogether writes from many callers at once, some of which fail in every way there is: what is there afterwards is what was
// answered with success, and each has seen all before it.
func TestWriteTogether(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		const callers, each = 8, 25
		db := storetest.Open(t, newURL(t))
		insert(t, db, "counter")
		insert(t, db, "taken")
		var mu sync.Mutex
		want := []string{"counter", "taken"}
		var group sync.WaitGroup
		for caller := range callers {
			random := rand.New(rand.NewPCG(1, uint64(caller)))
			group.Go(func() {
				for n := range each {
					path := fmt.Sprintf("%d/%d", caller, n)
					err := writeSomehow(t, db, path, random.IntN(12))
					if err == nil {
						mu.Lock()
						want = append(want, path)
						mu.Unlock()
					}
				}
			})
		}
		group.Wait()
		slices.Sort(want)
		if diff := cmp.Diff(want, paths(t, db)); diff != "" {
			t.Errorf("what was answered and what is there differ (-answered +there):\n%s", diff)
		}
		if got := counter(t, db); got != len(want)-2 {
			t.Errorf("counter is %d, want one for each of the %d that were answered", got, len(want)-2)
		}
	})
}

// writeSomehow adds an entry and counts it, unless it fails by its mode.
func writeSomehow(t *testing.T, db *store.DB, path string, mode int) (err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	defer func() {
		if recover() != nil {
			err = errTest
		}
	}()
	return db.Write(ctx, func(tx *store.Tx) error {
		if err := countOne(ctx, tx); err != nil {
			return err
		}
		if err := addEntry(ctx, tx, path); err != nil {
			return err
		}
		switch mode {
		case 0:
			return errTest
		case 1:
			panic("of the test")
		case 2: // a caller that gives up
			cancel()
			return nil
		case 3: // and one in the middle of a statement, which ends all of the transaction on SQLite
			short, end := context.WithTimeout(ctx, time.Millisecond)
			defer end()
			_, _ = tx.Exec(short, endless)
			return nil
		case 4: // a statement that fails, of which nothing is said
			_ = addEntry(ctx, tx, "taken")
			return nil
		case 5: // one that ends all of the transaction
			_, _ = tx.Exec(ctx, endAll(db))
			_ = addEntry(ctx, tx, path+"/alone")
			return nil
		default:
			return nil
		}
	})
}

// endless is a statement that writes and never ends by itself.
const endless = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
	INSERT INTO calls (job_id, key, request_hash, created_at) SELECT 'x', 'x', CAST(i AS TEXT), 0 FROM n`

// endAll is a statement that makes SQLite roll back the transaction, and fails.
func endAll(db *store.DB) string {
	statement := "INSERT"
	if db.Dialect() == store.SQLite {
		statement = "INSERT OR ROLLBACK"
	}
	return statement + ` INTO entries (id, library_id, path, name, entry_type, metadata, created_at, updated_at)
		VALUES ('x', 'library', 'taken', '', '', '{}', 0, 0)`
}

func addEntry(ctx context.Context, tx *store.Tx, path string) error {
	_, err := tx.Exec(ctx, `INSERT INTO entries (id, library_id, path, name, entry_type, metadata, created_at, updated_at)
		VALUES ($1, 'library', $2, '', '', '{}', 0, 0)`, uuid.NewString(), path)
	return err
}

func countOne(ctx context.Context, tx *store.Tx) error {
	var n int
	if err := tx.QueryRow(ctx, `SELECT updated_at FROM entries WHERE path = 'counter'`).Scan(&n); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE entries SET updated_at = $1 WHERE path = 'counter'`, n+1)
	return err
}

// hold begins a change that goes on until release is closed, and returns when it has the turn.
func hold(t *testing.T, db *store.DB, change func(*store.Tx) error) (release func() error) {
	t.Helper()
	begun, end, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	var once sync.Once
	go func() {
		done <- db.Write(t.Context(), func(tx *store.Tx) error {
			once.Do(func() { close(begun) })
			<-end
			return change(tx)
		})
	}()
	<-begun
	return func() error { close(end); return <-done }
}

func TestWriteSharesATransaction(t *testing.T) {
	t.Parallel()
	t.Run("an error that may come of another change is told only once that is on the disk", func(t *testing.T) {
		t.Parallel()
		db := storetest.Open(t, storetest.SQLite(t))
		store.EndlessRounds(db)
		first := hold(t, db, func(tx *store.Tx) error { return addEntry(t.Context(), tx, "a") })
		third := make(chan func() error, 1)
		told := make(chan error, 1)
		asked := make(chan struct{})
		go func() {
			told <- db.Write(t.Context(), func(tx *store.Tx) error {
				var n int
				if err := tx.QueryRow(t.Context(), `SELECT count(*) FROM entries WHERE path = 'a'`).Scan(&n); err != nil {
					return err
				}
				close(asked)
				if n != 1 {
					return sql.ErrNoRows
				}
				return errTest // as one that says the path is taken
			})
		}()
		waitForWriters(db, 1)
		go func() { third <- hold(t, db, func(*store.Tx) error { return nil }) }()
		waitForWriters(db, 2)
		released := make(chan error, 1)
		go func() { released <- first() }()
		<-asked
		last := <-third // the round is held open by it
		select {
		case err := <-told:
			t.Errorf("told %v before the commit", err)
		default:
		}
		if got := paths(t, db); len(got) != 0 {
			t.Errorf("others see %q before the commit", got)
		}
		if err := last(); err != nil {
			t.Error(err)
		}
		if err := <-released; err != nil {
			t.Error(err)
		}
		if err := <-told; !errors.Is(err, errTest) {
			t.Errorf("told %v, want the change's own error", err)
		}
	})
	t.Run("a commit that fails is told to all, and leaves nothing", func(t *testing.T) {
		t.Parallel()
		db := storetest.Open(t, storetest.SQLite(t))
		store.EndlessRounds(db)
		spoil := func(tx *store.Tx) error { // a sidecar without an entry, which is looked for at the commit
			if _, err := tx.Exec(t.Context(), `PRAGMA defer_foreign_keys = 1`); err != nil {
				return err
			}
			_, err := tx.Exec(t.Context(), `INSERT INTO sidecars (entry_id, filename, library_id, digest, size) VALUES ('x', 'x', 'x', 'x', 1)`)
			return err
		}
		first := hold(t, db, spoil)
		second := make(chan error, 1)
		go func() {
			second <- db.Write(t.Context(), func(tx *store.Tx) error { return addEntry(t.Context(), tx, "b") })
		}()
		waitForWriters(db, 1)
		if err := first(); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("error is %v, want ErrUnavailable", err)
		}
		if err := <-second; !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("error of the other is %v, want ErrUnavailable", err)
		}
		insert(t, db, "next")
		if got := paths(t, db); !cmp.Equal(got, []string{"next"}) {
			t.Errorf("entries are %q, want only the next one", got)
		}
	})
	t.Run("who gives up waiting changes nothing, and the turn goes on", func(t *testing.T) {
		t.Parallel()
		db := storetest.Open(t, storetest.SQLite(t))
		store.EndlessRounds(db)
		first := hold(t, db, func(tx *store.Tx) error { return addEntry(t.Context(), tx, "a") })
		ctx, cancel := context.WithCancel(t.Context())
		gaveUp, waits := make(chan error, 1), make(chan error, 1)
		go func() {
			gaveUp <- db.Write(ctx, func(tx *store.Tx) error { return addEntry(t.Context(), tx, "b") })
		}()
		waitForWriters(db, 1)
		go func() {
			waits <- db.Write(t.Context(), func(tx *store.Tx) error { return addEntry(t.Context(), tx, "c") })
		}()
		waitForWriters(db, 2)
		cancel()
		if err := <-gaveUp; !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v, want the context's", err)
		}
		if err := errors.Join(first(), <-waits); err != nil {
			t.Error(err)
		}
		if got := paths(t, db); !cmp.Equal(got, []string{"a", "c"}) {
			t.Errorf("entries are %q, want those of the others", got)
		}
	})
	t.Run("closing keeps what has been changed and refuses who waits", func(t *testing.T) {
		t.Parallel()
		url := storetest.SQLite(t)
		db, err := store.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		store.EndlessRounds(db)
		first := hold(t, db, func(tx *store.Tx) error { return addEntry(t.Context(), tx, "a") })
		closed, late := make(chan error, 1), make(chan error, 1)
		go func() { closed <- db.Close() }()
		waitForWriters(db, 1)
		go func() {
			late <- db.Write(t.Context(), func(tx *store.Tx) error { return addEntry(t.Context(), tx, "b") })
		}()
		waitForWriters(db, 2)
		if err := errors.Join(first(), <-closed); err != nil {
			t.Error(err)
		}
		if err := <-late; err == nil {
			t.Error("written to a closed store")
		}
		if got := paths(t, storetest.Open(t, url)); !cmp.Equal(got, []string{"a"}) {
			t.Errorf("entries are %q, want what was written before", got)
		}
	})
}

// waitForWriters returns when that many wait for their turn.
func waitForWriters(db *store.DB, n int) {
	for store.Waiting(db) < n {
		runtime.Gosched()
	}
}

// BenchmarkWrite adds rows from one caller, and from 16: with commits of their own and together.
func BenchmarkWrite(b *testing.B) {
	for dialect, newURL := range storetest.URLs() {
		for _, callers := range []int{1, 16} {
			b.Run(string(dialect)+"/"+strconv.Itoa(callers), func(b *testing.B) {
				db := storetest.Open(b, newURL(b))
				var group sync.WaitGroup
				todo := make(chan int)
				b.ResetTimer()
				for range callers {
					group.Go(func() {
						for n := range todo {
							if err := db.Write(b.Context(), func(tx *store.Tx) error { return addEntry(b.Context(), tx, strconv.Itoa(n)) }); err != nil {
								b.Error(err)
							}
						}
					})
				}
				for n := range b.N {
					todo <- n
				}
				close(todo)
				group.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
			})
		}
	}
}
