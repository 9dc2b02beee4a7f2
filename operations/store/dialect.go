package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// SQLSTATE of PostgreSQL for a transaction that has to be repeated, and the class of a server that goes away.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	connectionClass      = "08"
	operatorClass        = "57"
)

func (db *DB) writeOptions() *sql.TxOptions {
	switch {
	case db.dialect != PostgreSQL:
		return nil
	case db.projection:
		return &sql.TxOptions{Isolation: sql.LevelReadCommitted}
	default:
		return &sql.TxOptions{Isolation: sql.LevelSerializable}
	}
}

func (d Dialect) readOptions() *sql.TxOptions {
	if d == PostgreSQL {
		return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	return nil
}

// inTheWay tells that a transaction failed only because of another one.
func (d Dialect) inTheWay(err error) bool {
	if errors.Is(err, errRoundLost) {
		return true
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		switch lite.Code() & 0xff { // the low byte is the primary code
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT: // the last where it was meant for one before
			return true
		default:
			return false
		}
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == serializationFailure || pg.Code == deadlockDetected)
}

// unreachable tells that the database could not be asked, or went away.
func (d Dialect) unreachable(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(pg.Code, connectionClass) || strings.HasPrefix(pg.Code, operatorClass)
	}
	var connect *pgconn.ConnectError
	var network *net.OpError // not net.Error, which a deadline of the caller's own is as well
	return d == PostgreSQL && (errors.As(err, &connect) || errors.Is(err, driver.ErrBadConn) || errors.As(err, &network))
}
