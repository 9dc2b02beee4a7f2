package store_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/airlock-run/airlock/internal/pgtest"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

// A statement whose caller has given up ends, and lets go of what it has locked, also where the request to cancel it is lost.
func TestStatementEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	direct := pgtest.Database(t)
	proxied, lose := proxy(t, direct)
	db, other := storetest.Open(t, proxied), storetest.Open(t, direct)
	insert(t, other, "counter")
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		if err := countOne(t.Context(), tx); err != nil {
			return err
		}
		lose()
		short, end := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer end()
		_, err := tx.Exec(short, endless)
		return err
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v, want that of the deadline", err)
	}
	ctx, end := context.WithTimeout(t.Context(), time.Minute)
	defer end()
	if err := other.Write(ctx, func(tx *store.Tx) error { return countOne(ctx, tx) }); err != nil {
		t.Errorf("another writer waits for it: %v", err)
	}
}

// proxy returns the URL of a database through a proxy, which refuses what connects after lose was called.
func proxy(t *testing.T, database string) (proxied string, lose func()) {
	t.Helper()
	address, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	const socket = ".s.PGSQL.5432"
	query := address.Query()
	server, dir := filepath.Join(query.Get("host"), socket), t.TempDir()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "unix", filepath.Join(dir, socket))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	var lost atomic.Bool
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if lost.Load() {
				_ = conn.Close()
				continue
			}
			go forward(conn, server)
		}
	}()
	query.Set("host", dir)
	address.RawQuery = query.Encode()
	return address.String(), func() { lost.Store(true) }
}

// forward copies both ways until either side ends.
func forward(client net.Conn, address string) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("unix", address) //nolint:noctx // it ends with the client
	if err != nil {
		return
	}
	go func() {
		defer func() { _ = server.Close() }()
		_, _ = io.Copy(server, client)
	}()
	_, _ = io.Copy(client, server)
}
