package store_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/internal/pgtest"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		t.Run("several processes at once", func(t *testing.T) {
			t.Parallel()
			url := newURL(t)
			var wg sync.WaitGroup
			for range 6 {
				wg.Go(func() {
					cmd := exec.CommandContext(t.Context(), os.Args[0])
					cmd.Env = append(os.Environ(), openEnv+"="+url)
					if out, err := cmd.CombinedOutput(); err != nil {
						t.Errorf("%v: %s", err, out)
					}
				})
			}
			wg.Wait()
			storetest.Open(t, url)
		})
		t.Run("again finds what is there", func(t *testing.T) {
			t.Parallel()
			url := newURL(t)
			insert(t, storetest.Open(t, url), "kept")
			if got := paths(t, storetest.Open(t, url)); !cmp.Equal(got, []string{"kept"}) {
				t.Errorf("entries are %q, want those of before", got)
			}
		})
		t.Run("refuses tables of a newer version", func(t *testing.T) {
			t.Parallel()
			url := newURL(t)
			err := storetest.Open(t, url).Write(t.Context(), func(tx *store.Tx) error {
				_, err := tx.Exec(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, $1)`, true)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := store.Open(t.Context(), url); err == nil || !strings.Contains(err.Error(), "run a newer airlock") {
				t.Errorf("error is %v, want one that says to run a newer version", err)
			}
		})
	})

	t.Run("sqlite files are this user's only", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "a b%20?c#", "store.db")
		db := storetest.Open(t, "sqlite://"+path)
		insert(t, db, "x")
		for _, name := range []string{path, path + "-wal", path + "-shm", path + ".lock"} {
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v", name, info.Mode())
			}
		}
	})
	t.Run("both dialects have the same columns", func(t *testing.T) {
		t.Parallel()
		db := storetest.Open(t, storetest.SQLite(t))
		list, err := db.JobList(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = list.Close() }()
		// Words are looked for in a table of its own there, and in a column here.
		var lite []string
		for _, file := range []*store.DB{db, list} {
			lite = append(lite, columns(t, file, `SELECT m.name || '.' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c
			 WHERE m.type = 'table' AND m.name NOT LIKE 'goose%' AND m.name NOT LIKE 'sqlite%'
			 AND m.name NOT LIKE 'entry_words%' ORDER BY m.name, c.cid`)...)
		}
		slices.SortStableFunc(lite, func(a, b string) int {
			a, _, _ = strings.Cut(a, ".")
			b, _, _ = strings.Cut(b, ".")
			return strings.Compare(a, b)
		})
		pg := columns(t, storetest.Open(t, pgtest.Database(t)),
			`SELECT table_name || '.' || column_name FROM information_schema.columns
			 WHERE table_schema = 'public' AND table_name NOT LIKE 'goose%' AND column_name <> 'words' ORDER BY table_name COLLATE "C", ordinal_position`)
		if diff := cmp.Diff(lite, pg); diff != "" || len(lite) == 0 {
			t.Errorf("sqlite and postgres differ (-sqlite +postgres):\n%s", diff)
		}
	})

	t.Run("the list of jobs is apart from the store", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
			url := newURL(t)
			db := storetest.Open(t, url)
			list, err := db.JobList(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			add, err := list.Prepare(t.Context(), `INSERT INTO kinds (extension, name, library_id) VALUES ('x', 'y', $1)`)
			if err != nil {
				t.Fatal(err)
			}
			// An action need not wait for a batch.
			err = list.Write(t.Context(), func(tx *store.Tx) error {
				insert(t, db, "kept")
				_, err := tx.ExecPrepared(t.Context(), add, []byte{1})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(add.Close(), list.Close()); err != nil {
				t.Fatal(err)
			}
			if got := paths(t, db); !cmp.Equal(got, []string{"kept"}) {
				t.Errorf("entries are %q after the list was closed", got)
			}
			if list, err = storetest.Open(t, url).JobList(t.Context()); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = list.Close() }()
			if got := columns(t, list, `SELECT name FROM kinds`); !cmp.Equal(got, []string{"y"}) {
				t.Errorf("kinds are %q, want what was written", got)
			}
		})
	})

	for name, url := range map[string]string{
		"no URL": "", "no path": "sqlite://", "another database": "mysql://host/db", "no PostgreSQL URL": "postgres://%zz",
		"a directory": t.TempDir(),
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			t.Parallel()
			if _, err := store.Open(t.Context(), url); err == nil {
				t.Error("opened")
			}
		})
	}
	t.Run("unavailable without the password", func(t *testing.T) {
		t.Parallel()
		_, err := store.Open(t.Context(), "postgres://user:hunter2@127.0.0.1:1/db")
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("error is %v, want ErrUnavailable", err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("error shows the password: %v", err)
		}
	})
}

func columns(t *testing.T, db *store.DB, query string) []string {
	t.Helper()
	var all []string
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		all = nil
		return tx.Query(t.Context(), func(scan func(...any) error) error {
			var column string
			err := scan(&column)
			all = append(all, column)
			return err
		}, query)
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
