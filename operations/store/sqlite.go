package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"github.com/pressly/goose/v3"
)

// What every connection is told. The busy timeout is short because Write tries again by itself, and looks at its
// context in between.
const (
	commonPragmas = "_pragma=busy_timeout(250)&_pragma=foreign_keys(1)"
	writerPragmas = commonPragmas + "&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate"
	readerPragmas = commonPragmas + "&_pragma=query_only(1)"
	// A projection may lose its last transactions with the power, for the position up to which it was made is in them. It is written
	// much, so more of it is kept in memory and pages are copied from the log to the file less often.
	projectionPragmas = commonPragmas + "&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_txlock=immediate" +
		"&_pragma=cache_size(-32000)&_pragma=wal_autocheckpoint(8000)"
	lockPragmas = "_pragma=busy_timeout(30000)&_txlock=exclusive"
)

// sqliteFile says what a file of SQLite is for.
type sqliteFile struct {
	migrations, pragmas string
	// shared says that many call Write at once, and each must be on the disk: they share transactions.
	shared bool
}

var (
	storeFile      = sqliteFile{migrations: "sqlite", pragmas: writerPragmas, shared: true}
	projectionFile = sqliteFile{migrations: "sqlite-jobs", pragmas: projectionPragmas}
)

func openSQLite(ctx context.Context, path string, file sqliteFile) (_ *DB, err error) {
	if path == "" {
		return nil, errors.New("open store: no path")
	}
	if err := makeFile(path); err != nil {
		return nil, err
	}
	unlock, err := lockSQLite(ctx, path+".lock")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	db := &DB{dialect: SQLite, path: path}
	if db.writer, err = openFile(path, file.pragmas, 1); err != nil {
		return nil, err
	}
	if err := migrate(ctx, db.writer, goose.DialectSQLite3, file.migrations); err != nil {
		_ = db.writer.Close()
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	if db.reader, err = openFile(path, readerPragmas, max(4, runtime.NumCPU())); err != nil {
		_ = db.writer.Close()
		return nil, err
	}
	if file.shared {
		db.writer.SetMaxOpenConns(2) // one for the rounds, which keep theirs, one for the rest
		db.rounds = &rounds{pool: db.writer, maxTime: maxRoundTime}
	}
	return db, nil
}

// openFile makes a pool whose connections stay open: opening one reads the whole schema.
func openFile(path, pragmas string, connections int) (*sql.DB, error) {
	pool, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+pragmas)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return pool, nil
}

// makeFile makes the file for this user only. SQLite gives the files it adds the same mode.
func makeFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make directory of store: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator chose path
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	return nil
}

// lockSQLite keeps other processes from opening the store while this one makes its tables. The lock is an exclusive
// transaction on an empty database beside it: SQLite locks files on every system, and the system ends the lock of a
// process that dies.
func lockSQLite(ctx context.Context, path string) (unlock func() error, err error) {
	if err := makeFile(path); err != nil {
		return nil, err
	}
	pool, err := openFile(path, lockPragmas, 1)
	if err != nil {
		return nil, err
	}
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		_ = pool.Close()
		return nil, fmt.Errorf("wait for the process that opens the store: %w", err)
	}
	return func() error { return errors.Join(tx.Rollback(), pool.Close()) }, nil
}
