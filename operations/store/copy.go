package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// ErrNotEmpty is returned by RestoreCopy for a store that is there already.
var ErrNotEmpty = errors.New("there is a store already")

// Inspect opens the store that a URL names, as Open does, to be read and copied: its tables stay at the version they have, and nothing is
// made.
//
// # Errors
//
// fs.ErrNotExist for a file that is not there; ErrUnavailable.
func Inspect(ctx context.Context, url string) (*DB, error) {
	if path, ok := filePath(url); ok {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("open store: %w", err)
		}
		pool, err := openFile(path, commonPragmas, 1)
		if err != nil {
			return nil, err
		}
		return &DB{dialect: SQLite, path: path, writer: pool, reader: pool}, nil
	}
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	pool := stdlib.OpenDB(*config)
	if err := pool.PingContext(ctx); err != nil {
		_ = pool.Close()
		return nil, fmt.Errorf("open store on %s: %w: %w", config.Host, ErrUnavailable, err)
	}
	return &DB{dialect: PostgreSQL, writer: pool, reader: pool, path: url}, nil
}

// filePath is the path of a URL that names a store of SQLite.
func filePath(url string) (string, bool) {
	if path, ok := strings.CutPrefix(url, "sqlite://"); ok {
		return path, true
	}
	return url, !strings.Contains(url, "://")
}

// listTables are those of the list of jobs, on PostgreSQL. What is in them is made again.
var listTables = []string{"jobs", "job_details", "kinds", "projections"}

// Copy writes the store, of DB that Inspect has opened, as it is at one moment while others use it, to a file that must not be there: a
// database of SQLite, or what pg_dump writes in its own format.
//
// # Errors
//
// That pg_dump is missing, or of an older version than the server.
func (db *DB) Copy(ctx context.Context, path string) error {
	if db.dialect == SQLite {
		if _, err := db.writer.ExecContext(ctx, `VACUUM INTO ?`, path); err != nil {
			return fmt.Errorf("copy %s: %w", db.path, err)
		}
		return os.Chmod(path, 0o600)
	}
	args := []string{"--format=custom", "--no-owner", "--no-privileges", "--file=" + path}
	for _, table := range listTables {
		args = append(args, "--exclude-table-data="+table)
	}
	return postgresTool(ctx, "pg_dump", db.path, args...)
}

// RestoreCopy makes a store of what Copy has written: for a dialect, where a URL says.
//
// # Errors
//
// ErrNotEmpty when there is a store, which is left as it is; that the URL is of the other database; that pg_restore is missing.
func RestoreCopy(ctx context.Context, dialect Dialect, copied, url string) error {
	path, isFile := filePath(url)
	if isFile != (dialect == SQLite) {
		return fmt.Errorf("the copy is of %s, and it cannot be restored to another database", dialect)
	}
	if err := checkNone(ctx, url); err != nil {
		return err
	}
	if isFile {
		return copyFile(copied, path)
	}
	return postgresTool(ctx, "pg_restore", url, "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", copied)
}

// checkNone tells whether there is no store yet.
func checkNone(ctx context.Context, url string) error {
	if path, ok := filePath(url); ok {
		for _, path := range []string{path, listPath(path)} {
			if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
				return errors.Join(fmt.Errorf("%w: %s: remove it if what is in it is not needed", ErrNotEmpty, path), err)
			}
		}
		return nil
	}
	db, err := Inspect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	tables := 0
	err = db.Read(ctx, func(tx *Tx) error {
		return tx.QueryRow(ctx, `SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()`).Scan(&tables)
	})
	if err == nil && tables > 0 {
		err = fmt.Errorf("%w: the database has %d tables: name an empty one", ErrNotEmpty, tables)
	}
	return err
}

func copyFile(from, to string) (err error) {
	source, err := os.Open(from) //nolint:gosec // the operator names it
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	if err := makeFile(to); err != nil {
		return err
	}
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_TRUNC, 0o600) //nolint:gosec // the operator names it
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Sync(), target.Close())
}

// postgresTool runs a program of PostgreSQL on a database. The password is not among the arguments, which others could see.
func postgresTool(ctx context.Context, name, database string, args ...string) error {
	program, err := exec.LookPath(name)
	if err != nil {
		return fmt.Errorf("%s is not found: install the client programs of PostgreSQL, as Debian's postgresql-client", name)
	}
	where, err := url.Parse(database)
	if err != nil {
		return errors.New("the URL of the database cannot be read") // the cause would quote it
	}
	env := os.Environ()
	if password, ok := where.User.Password(); ok {
		env = append(env, "PGPASSWORD="+password)
		where.User = url.User(where.User.Username())
	}
	cmd := exec.CommandContext(ctx, program, append([]string{"--dbname=" + where.String()}, args...)...) //nolint:gosec // of PostgreSQL
	var said bytes.Buffer
	cmd.Env, cmd.Stderr = env, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(said.String()))
	}
	return nil
}
