package vdfs_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/pgtest"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/content"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/vdfs"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// nats.go's object store ends this goroutine of a Put by a channel, which is nil where the Put ended before the
		// goroutine had begun.
		goleak.IgnoreTopFunction("github.com/nats-io/nats.go/jetstream.(*jetStream).resetPendingAcksOnReconnect"),
		goleak.Cleanup(func(code int) {
			pgtest.Stop()
			os.Exit(code)
		}))
}

func domain(tb testing.TB, conn *bus.Conn, db *store.DB) []operations.Operation {
	tb.Helper()
	return vdfs.Operations(conn, db, contents(tb, conn, db, content.Config{}))
}

func contents(tb testing.TB, conn *bus.Conn, db *store.DB, config content.Config) *content.Store {
	tb.Helper()
	s, err := content.New(db, content.Bus(conn), config)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

type object = map[string]any

type sidecar struct {
	Filename string `json:"filename"`
	Size     int64  `json:"size"`
	Digest   string `json:"digest"`
}

type entry struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Path      string    `json:"path"`
	EntryType string    `json:"entry_type"`
	Metadata  object    `json:"metadata"`
	Sidecars  []sidecar `json:"sidecars"`
}

// create adds an entry at a path.
func create(tb testing.TB, h *operationstest.Harness, path string) entry {
	tb.Helper()
	var e entry
	h.OK(tb, "action:vdfs.create_entry", object{"name": "a name", "path": path, "entry_type": "receipt"}, &e)
	return e
}

func count(tb testing.TB, h *operationstest.Harness, query string) (n int) {
	tb.Helper()
	err := h.DB.Read(tb.Context(), func(tx *store.Tx) error { return tx.QueryRow(tb.Context(), query).Scan(&n) })
	if err != nil {
		tb.Fatal(err)
	}
	return n
}
