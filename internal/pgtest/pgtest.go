// Package pgtest gives tests a real PostgreSQL: one server a test binary, one database a test.
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
//
//	func TestList(t *testing.T) {
//		db, err := store.Open(t.Context(), pgtest.Database(t))
//		…
//	}
//
// The server comes from Debian's package postgresql. It listens on a Unix socket in a directory of its own and on no
// port. Its databases sort text as English does, so a test notices a query that takes for granted that text sorts by
// its bytes. A test that asks for a database fails when PostgreSQL is not installed.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

var (
	start  sync.Once
	server *cluster
	failed error
	number atomic.Int64
)

// Main runs the tests and stops the server, if one of them has started it. It returns what to exit with.
func Main(m *testing.M) int {
	defer Stop()
	return m.Run()
}

// Stop stops the server, if one runs, for a TestMain that does not call Main.
func Stop() {
	start.Do(func() { failed = errors.New("pgtest: the server has been stopped") })
	if server != nil {
		server.stop()
		server = nil
	}
}

// Database makes an empty database for a test and returns its URL. It is removed when the test ends.
func Database(tb testing.TB) string {
	tb.Helper()
	start.Do(func() { server, failed = startCluster() })
	if failed != nil {
		tb.Fatalf("PostgreSQL for tests: %v", failed)
	}
	name := "test" + strconv.FormatInt(number.Add(1), 10)
	server.run(tb, "CREATE DATABASE "+name)
	tb.Cleanup(func() { server.run(tb, "DROP DATABASE "+name+" WITH (FORCE)") })
	return server.url(name)
}

func (c *cluster) url(database string) string {
	query := url.Values{"host": {c.dir}, "user": {superuser}}
	return "postgres:///" + database + "?" + query.Encode()
}

func (c *cluster) run(tb testing.TB, statement string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.url("postgres"))
	if err != nil {
		tb.Fatalf("connect to PostgreSQL for tests: %v", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		tb.Fatalf("%s: %v", statement, err)
	}
}

// binaries finds the newest PostgreSQL that Debian's packages have installed.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", fmt.Errorf("find PostgreSQL: %w", err)
	}
	newest, version := "", 0
	for _, path := range found {
		dir := filepath.Dir(path)
		if v, err := strconv.Atoi(filepath.Base(filepath.Dir(dir))); err == nil && v > version {
			newest, version = dir, v
		}
	}
	if newest == "" {
		return "", fmt.Errorf("not installed (no initdb below /usr/lib/postgresql): %s", install)
	}
	return newest, nil
}

const install = "run `apt-get install -y postgresql`"

// directory makes the server's directory, which its user must own. The path is short: that of a socket has a limit.
func directory(owner *account) (string, error) {
	dir, err := os.MkdirTemp("", "airlock-pg")
	if err != nil {
		return "", fmt.Errorf("make directory: %w", err)
	}
	if owner == nil {
		return dir, nil
	}
	if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
		return "", fmt.Errorf("give directory to %s: %w", owner.name, err)
	}
	return dir, nil
}
