package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Tx is a transaction. It belongs to the function it was given to and ends with it. Once a statement has failed, the others fail as
// well and the transaction is rolled back, whatever the function returns: PostgreSQL has it so, and SQLite may have ended the
// transaction, and would take each further statement for one by itself.
type Tx struct {
	on runner
	// failed is the error of the first statement that failed.
	failed error
}

// run runs what is to be done in the transaction. The caller ends it.
func (t *Tx) run(change func(*Tx) error) error {
	if err := change(t); err != nil {
		return err
	}
	return t.failed
}

func (t *Tx) note(err error) error {
	if t.failed == nil {
		t.failed = err
	}
	return err
}

// Statement is a statement that is prepared once and run in many transactions. Close it with Close.
type Statement struct {
	query     string
	statement *sql.Stmt
}

// Prepare prepares a statement for Tx.ExecPrepared. It is called outside of transactions.
func (db *DB) Prepare(ctx context.Context, query string) (*Statement, error) {
	statement, err := db.writer.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare statement: %w", err)
	}
	return &Statement{query: query, statement: statement}, nil
}

// Close frees the statement.
func (s *Statement) Close() error { return s.statement.Close() }

// Exec runs a statement and returns how many rows it changed.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if t.failed != nil {
		return 0, t.failed
	}
	result, err := t.on.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, t.note(err)
	}
	return result.RowsAffected()
}

// ExecPrepared runs a prepared statement and returns how many rows it changed.
func (t *Tx) ExecPrepared(ctx context.Context, statement *Statement, args ...any) (int64, error) {
	tx, ok := t.on.(*sql.Tx)
	if !ok { // a round, which keeps its statements prepared by itself
		return t.Exec(ctx, statement.query, args...)
	}
	if t.failed != nil {
		return 0, t.failed
	}
	result, err := tx.StmtContext(ctx, statement.statement).ExecContext(ctx, args...) //nolint:sqlclosecheck // it ends with the transaction
	if err != nil {
		return 0, t.note(err)
	}
	return result.RowsAffected()
}

// QueryRow runs a query for one row. Its Scan returns sql.ErrNoRows when there is none.
func (t *Tx) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	if t.failed != nil { // the row tells that it was not asked for
		ended, end := context.WithCancelCause(ctx)
		end(t.failed)
		ctx = ended
	}
	row := t.on.QueryRowContext(ctx, query, args...)
	_ = t.note(row.Err())
	return row
}

// Query runs a query and hands each row's Scan to each. No other statement runs in the transaction meanwhile.
func (t *Tx) Query(ctx context.Context, each func(scan func(dest ...any) error) error, query string, args ...any) error {
	if t.failed != nil {
		return t.failed
	}
	rows, err := t.on.QueryContext(ctx, query, args...)
	if err != nil {
		return t.note(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return t.note(rows.Err())
}

// Write runs change in a transaction and commits it. When it and another transaction got in each other's way it is
// rolled back and change is called again, until ctx ends. An error of change rolls back and is returned as it is. change
// must not call Write of the same DB.
//
// # Errors
//
// change's own; ErrUnavailable, after which the change may be there or not if it was the commit that failed; ctx's, with nothing changed.
func (db *DB) Write(ctx context.Context, change func(tx *Tx) error) error {
	return db.retry(ctx, func() error {
		if db.rounds != nil {
			return db.rounds.write(ctx, change)
		}
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
	if err := (&Tx{on: tx}).run(run); err != nil {
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
		case db.dialect.inTheWay(err):
		case db.dialect.unreachable(err) && !errors.Is(err, ErrUnavailable):
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		default:
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait/2 + rand.N(wait)): //nolint:gosec // jitter needs no secret
		}
	}
}
