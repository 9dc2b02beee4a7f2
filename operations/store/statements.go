package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
)

// maxStatements bounds how many statements stay prepared: those of operations are constants, and what a caller's filters make of a
// statement must not fill the memory.
const maxStatements = 256

// runner runs statements: a transaction of database/sql, or the connection that a round has.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// statements is a connection of SQLite that parses each statement once. One goroutine uses it at a time.
type statements struct {
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
}

func newStatements(ctx context.Context, pool *sql.DB) (*statements, error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open connection: %w", err)
	}
	return &statements{conn: conn, prepared: make(map[string]*sql.Stmt)}, nil
}

// statement returns nil for one that is not kept.
func (s *statements) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if statement := s.prepared[query]; statement != nil || len(s.prepared) >= maxStatements {
		return statement, nil
	}
	statement, err := s.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s.prepared[query] = statement
	return statement, nil
}

// ExecContext is sql.Conn's.
func (s *statements) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	statement, err := s.statement(ctx, query) //nolint:sqlclosecheck // it is kept
	switch {
	case err != nil:
		return nil, err
	case statement == nil:
		return s.conn.ExecContext(ctx, query, args...)
	default:
		return statement.ExecContext(ctx, args...)
	}
}

// QueryContext is sql.Conn's.
func (s *statements) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	statement, err := s.statement(ctx, query) //nolint:sqlclosecheck // it is kept
	switch {
	case err != nil:
		return nil, err
	case statement == nil:
		return s.conn.QueryContext(ctx, query, args...)
	default:
		return statement.QueryContext(ctx, args...)
	}
}

// QueryRowContext is sql.Conn's.
func (s *statements) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	statement, err := s.statement(ctx, query) //nolint:sqlclosecheck // it is kept
	if err != nil || statement == nil {
		return s.conn.QueryRowContext(ctx, query, args...) // it tells the error again, in a row
	}
	return statement.QueryRowContext(ctx, args...)
}

// discard closes the connection for good, whatever state it is in: SQLite rolls back what is not committed.
func (s *statements) discard() {
	_ = s.forget() // before the connection, without which they are nothing
	_ = s.conn.Raw(func(any) error { return driver.ErrBadConn })
}

// close gives the connection back.
func (s *statements) close() error { return errors.Join(s.forget(), s.conn.Close()) }

func (s *statements) forget() error {
	var errs []error
	for _, statement := range s.prepared {
		errs = append(errs, statement.Close())
	}
	clear(s.prepared)
	return errors.Join(errs...)
}
