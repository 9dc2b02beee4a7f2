package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// MaxInline is how many bytes of a blob are kept in its row; see the package's section on bytes.
const MaxInline = 64 << 10

// listPath is where the list of jobs is, beside a store of SQLite.
func listPath(path string) string { return strings.TrimSuffix(path, ".db") + "-jobs.db" }

// Dialect says which database a DB is.
type Dialect string

// The dialects.
const (
	SQLite     Dialect = "sqlite"
	PostgreSQL Dialect = "postgres"
)

// ErrUnavailable is in the chain of errors that say the database cannot be reached.
var ErrUnavailable = errors.New("the database does not answer")

// DB is an open store. It is safe for concurrent use. Close it with Close.
type DB struct {
	dialect Dialect
	writer  *sql.DB
	reader  *sql.DB
	// rounds is how Write runs, nil where each call has a transaction of its own.
	rounds *rounds
	// path is that of the file of SQLite.
	path string
	// projection says that what is here can be made again. On PostgreSQL it shares its pools with the DB it came from.
	projection bool
}

// Open opens the store a URL names and brings its tables up to date: a path or sqlite:///path for SQLite, whose file and
// directory are made if missing, postgres://… for PostgreSQL. Several processes may open the same one at once.
//
// # Errors
//
// ErrUnavailable when PostgreSQL cannot be reached; that the URL is not one of these; that the tables were made by a
// newer version of Airlock.
func Open(ctx context.Context, url string) (*DB, error) {
	scheme, rest, hasScheme := strings.Cut(url, "://")
	switch {
	case url == "":
		return nil, errors.New("open store: no URL; give a path or postgres://…")
	case !hasScheme:
		return openSQLite(ctx, url, storeFile)
	case scheme == "sqlite":
		return openSQLite(ctx, rest, storeFile)
	case scheme == "postgres", scheme == "postgresql":
		return openPostgres(ctx, url)
	default:
		return nil, fmt.Errorf("open store: %s:// is not supported; give a path, sqlite:///path or postgres://…", scheme)
	}
}

// JobList opens the tables of the list of jobs: on SQLite they are a file of their own beside the store's, on PostgreSQL they are in the
// same database. Close it before the store.
//
// # Errors
//
// As Open's.
func (db *DB) JobList(ctx context.Context) (*DB, error) {
	if db.dialect == PostgreSQL {
		return &DB{dialect: db.dialect, writer: db.writer, reader: db.reader, projection: true}, nil
	}
	list, err := openSQLite(ctx, listPath(db.path), projectionFile)
	if err != nil {
		return nil, err
	}
	list.projection = true
	return list, nil
}

// Dialect says which database this is.
func (db *DB) Dialect() Dialect { return db.dialect }

// Close waits for what runs and closes the store.
func (db *DB) Close() error {
	if db.projection && db.dialect == PostgreSQL {
		return nil
	}
	var err error
	if db.rounds != nil {
		err = db.rounds.close()
	}
	err = errors.Join(err, db.writer.Close())
	if db.reader != db.writer {
		err = errors.Join(err, db.reader.Close())
	}
	if err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// Micros is how a time is kept: microseconds since 1970, and 0 for the zero time.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Time is the time that Micros turned into a number.
func Time(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}
