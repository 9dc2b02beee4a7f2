package pgtest_test

import (
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/airlock-run/airlock/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestDatabase(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.Database(t))

	t.Run("sorts as English does", func(t *testing.T) {
		var sorted bool
		if err := conn.QueryRow(t.Context(), `SELECT 'a' < 'B' AND 'B' < 'c'`).Scan(&sorted); err != nil {
			t.Fatal(err)
		}
		if !sorted {
			t.Error("a, B, c do not sort in this order")
		}
	})
	t.Run("another test's is another", func(t *testing.T) {
		if _, err := conn.Exec(t.Context(), `CREATE TABLE mine (id BIGINT)`); err != nil {
			t.Fatal(err)
		}
		other := connect(t, pgtest.Database(t))
		var tables int
		if err := other.QueryRow(t.Context(), `SELECT count(*) FROM pg_tables WHERE tablename = 'mine'`).Scan(&tables); err != nil {
			t.Fatal(err)
		}
		if tables != 0 {
			t.Error("sees the first one's table")
		}
	})
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}
