package store

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"time"
)

// Tx is a transaction. It belongs to the function it was given to and ends with it.
type Tx struct{ tx *sql.Tx }

// Statement is a statement that is prepared once and run in many transactions. Close it with Close.
type Statement struct{ statement *sql.Stmt }

// Prepare prepares a statement for Tx.ExecPrepared. It is called outside of transactions.
func (db *DB) Prepare(ctx context.Context, query string) (*Statement, error) {
	statement, err := db.writer.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare statement: %w", err)
	}
	return &Statement{statement}, nil
}

// Close frees the statement.
func (s *Statement) Close() error { return s.statement.Close() }

// Exec runs a statement and returns how many rows it changed.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := t.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// ExecPrepared runs a prepared statement and returns how many rows it changed.
func (t *Tx) ExecPrepared(ctx context.Context, statement *Statement, args ...any) (int64, error) {
	result, err := t.tx.StmtContext(ctx, statement.statement).ExecContext(ctx, args...) //nolint:sqlclosecheck // it ends with the transaction
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// QueryRow runs a query for one row. Its Scan returns sql.ErrNoRows when there is none.
func (t *Tx) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return t.tx.QueryRowContext(ctx, query, args...)
}

// Query runs a query and hands each row's Scan to each. No other statement runs in the transaction meanwhile.
func (t *Tx) Query(ctx context.Context, each func(scan func(dest ...any) error) error, query string, args ...any) error {
	rows, err := t.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Write runs change in a transaction and commits it. When it and another transaction got in each other's way it is
// rolled back and change is called again, until ctx ends. An error of change rolls back and is returned as it is.
//
// # Errors
//
// change's own; ErrUnavailable; ctx's, with nothing changed.
func (db *DB) Write(ctx context.Context, change func(tx *Tx) error) error {
	return db.retry(ctx, func() error {
		return transact(ctx, db.writer, db.writeOptions(), change)
	})
}

// Read runs look on a snapshot of the store, in which nothing can be changed.
//
// # Errors
//
// look's own; ErrUnavailable; ctx's.
func (db *DB) Read(ctx context.Context, look func(tx *Tx) error) error {
	return db.retry(ctx, func() error {
		return transact(ctx, db.reader, db.dialect.readOptions(), look)
	})
}

func transact(ctx context.Context, pool *sql.DB, options *sql.TxOptions, run func(*Tx) error) error {
	tx, err := pool.BeginTx(ctx, options)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	// After a commit this does nothing; after an error or a panic it is what undoes the rest.
	defer func() { _ = tx.Rollback() }()
	if err := run(&Tx{tx}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// retry calls attempt until it succeeds or fails for another reason than a transaction in the way.
func (db *DB) retry(ctx context.Context, attempt func() error) error {
	for wait := 500 * time.Microsecond; ; wait = min(2*wait, 50*time.Millisecond) {
		err := attempt()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			// A driver's words for "interrupted" are of no use to the caller, whose deadline it was.
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case db.dialect.unreachable(err):
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		case !db.dialect.inTheWay(err):
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait/2 + rand.N(wait)): //nolint:gosec // jitter needs no secret
		}
	}
}
