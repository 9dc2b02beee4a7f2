package search_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/pgtest"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/content"
	"github.com/airlock-run/airlock/operations/search"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/vdfs"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// nats.go's object store ends this goroutine of a Put by a channel, which is nil where the Put ended before the goroutine had begun.
		goleak.IgnoreTopFunction("github.com/nats-io/nats.go/jetstream.(*jetStream).resetPendingAcksOnReconnect"),
		goleak.Cleanup(func(code int) {
			pgtest.Stop()
			os.Exit(code)
		}))
}

func domain(tb testing.TB, conn *bus.Conn, db *store.DB) []operations.Operation {
	tb.Helper()
	contents, err := content.New(db, content.Bus(conn), content.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	return append(vdfs.Operations(conn, db, contents), search.Operations(db)...)
}
