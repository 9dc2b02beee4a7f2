package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/credentials"
	"github.com/airlock-run/airlock/operations/store"
)

const streamsName = "streams"

// Config says what a backup is taken of.
type Config struct {
	// Database is the URL of the operations' database, as store.Open takes it.
	Database string
	// Version is that of this Airlock.
	Version string
}

// Take takes a backup into a folder, which is made, while all goes on. A backup that was cut off has no manifest.
//
// # Errors
//
// That the folder has something in it; bus.ErrBackupRuns; what keeps a stream or the database from being copied.
func Take(ctx context.Context, conn *bus.Conn, dir string, config Config) (*Manifest, error) {
	if err := makeEmpty(dir); err != nil {
		return nil, err
	}
	db, err := store.Inspect(ctx, config.Database)
	if err != nil {
		return nil, fmt.Errorf("back up: %w", err)
	}
	defer func() { _ = db.Close() }()
	m := &Manifest{Format: format, Version: config.Version, Began: time.Now().UTC(), Database: db.Dialect()}
	m.Streams, err = conn.Backup(ctx, filepath.Join(dir, streamsName), func(ctx context.Context) error {
		if m.Credential, err = credentials.TakeSample(ctx, db); err != nil {
			return err
		}
		return db.Copy(ctx, filepath.Join(dir, databaseName(m.Database)))
	})
	if err != nil {
		return nil, fmt.Errorf("back up: %w", err)
	}
	m.Ended = time.Now().UTC()
	if err := m.seal(dir); err != nil {
		return nil, fmt.Errorf("end backup: %w", err)
	}
	return m, nil
}

// makeEmpty makes a folder that has nothing in it.
func makeEmpty(dir string) error {
	there, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("back up: %w", err)
	}
	if len(there) > 0 {
		return fmt.Errorf("back up: %s is not empty: name a folder that is not there yet", dir)
	}
	if err := os.MkdirAll(filepath.Join(dir, streamsName), 0o700); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	return nil
}

// seal writes the manifest, once all else is on the disk.
func (m *Manifest) seal(dir string) error {
	m.Files = map[string]File{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return nil
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		m.Files[filepath.ToSlash(name)], err = digest(path)
		return errors.Join(err, syncPath(path))
	})
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("encode manifest: %w", err)
	}
	unfinished := filepath.Join(dir, manifestName+".unfinished")
	if err := os.WriteFile(unfinished, append(text, '\n'), 0o600); err != nil {
		return err
	}
	err = errors.Join(syncPath(unfinished), os.Rename(unfinished, filepath.Join(dir, manifestName)))
	return errors.Join(err, syncPath(dir))
}

// syncPath has a file, or the names in a folder, on the disk.
func syncPath(path string) error {
	file, err := os.Open(path) //nolint:gosec // of a folder that the operator names
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
