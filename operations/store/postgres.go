package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

const (
	// connections bounds what one process takes of PostgreSQL's 100.
	connections = 16
	// migrationLock is the advisory lock of a process that makes tables: "airlock" in bytes.
	migrationLock = 0x6169726c6f636b
)

func openPostgres(ctx context.Context, url string) (*DB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err) // pgx leaves the password out
	}
	pool := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(endWhenAlone))
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	if err := migratePostgres(ctx, pool); err != nil {
		_ = pool.Close()
		if PostgreSQL.unreachable(err) {
			err = fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		return nil, fmt.Errorf("open store on %s: %w", config.Host, err)
	}
	return &DB{dialect: PostgreSQL, writer: pool, reader: pool}, nil
}

// endWhenAlone has the server end a statement within a second of losing its connection. When a caller gives up, pgx sends a request to cancel
// and 15 s later closes the connection; the request does nothing where it comes before the statement has begun, and a statement that goes on
// keeps its locks. Servers older than version 14, and those on systems that cannot tell, are left as they are.
func endWhenAlone(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `SET client_connection_check_interval = '1s'`)
	if _, refused := errors.AsType[*pgconn.PgError](err); refused {
		return nil
	}
	return err
}

// migratePostgres makes the tables in one process at a time.
func migratePostgres(ctx context.Context, pool *sql.DB) (err error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, int64(migrationLock)); err != nil {
		return fmt.Errorf("wait for the process that makes the tables: %w", err)
	}
	defer func() {
		_, unlockErr := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(migrationLock))
		err = errors.Join(err, unlockErr)
	}()
	return migrate(ctx, pool, goose.DialectPostgres, "postgres")
}
