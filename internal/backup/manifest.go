package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/credentials"
	"github.com/airlock-run/airlock/operations/store"
)

// format is that of the backups which are taken. One that is restored has this format or an earlier one.
const format = 1

const manifestName = "manifest.json"

// Manifest says what a backup has.
type Manifest struct {
	Format int `json:"format"`
	// Version is that of the Airlock that took it.
	Version string `json:"airlock"`
	// Began and Ended are when it was taken: what was accepted before it began is in it.
	Began    time.Time        `json:"began"`
	Ended    time.Time        `json:"ended"`
	Database store.Dialect    `json:"database"`
	Streams  []bus.StreamCopy `json:"streams"`
	// Credential is one of the database's, sealed; nil when it has none.
	Credential *credentials.Sample `json:"credential,omitempty"`
	// Files are all others of the backup, by their path in it.
	Files map[string]File `json:"files"`
}

// File is a file of a backup.
type File struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// ErrDamaged is returned by Open for a backup that is not whole.
var ErrDamaged = errors.New("the backup is damaged")

// Backup is a backup that is whole.
type Backup struct {
	Manifest

	dir string
}

// Open reads a backup, and checks each of its files.
//
// # Errors
//
// ErrDamaged, with the file; that its format is of a newer Airlock.
func Open(dir string) (*Backup, error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestName)) //nolint:gosec // the operator names the folder
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s has no %s: it is no backup, or one that was cut off", ErrDamaged, dir, manifestName)
	}
	if err != nil {
		return nil, fmt.Errorf("open backup: %w", err)
	}
	b := &Backup{dir: dir}
	var head struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(text, &head); err != nil || head.Format < 1 {
		return nil, fmt.Errorf("%w: %s cannot be read", ErrDamaged, manifestName)
	}
	if head.Format > format {
		return nil, fmt.Errorf("the backup has format %d and this airlock reads up to %d: use a newer airlock", head.Format, format)
	}
	if err := json.Unmarshal(text, &b.Manifest); err != nil {
		return nil, fmt.Errorf("%w: %s cannot be read: %w", ErrDamaged, manifestName, err)
	}
	if b.Database != store.SQLite && b.Database != store.PostgreSQL {
		return nil, fmt.Errorf("%w: %s names the database %q", ErrDamaged, manifestName, b.Database)
	}
	if _, ok := b.Files[databaseName(b.Database)]; !ok {
		return nil, fmt.Errorf("%w: %s does not name %s", ErrDamaged, manifestName, databaseName(b.Database))
	}
	for _, name := range slices.Sorted(maps.Keys(b.Files)) {
		if !filepath.IsLocal(name) {
			return nil, fmt.Errorf("%w: %s names the file %q", ErrDamaged, manifestName, name)
		}
		is, err := digest(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w: %s is missing", ErrDamaged, name)
		}
		if err != nil {
			return nil, fmt.Errorf("open backup: %w", err)
		}
		if is != b.Files[name] {
			return nil, fmt.Errorf("%w: %s is not what was written", ErrDamaged, name)
		}
	}
	return b, nil
}

// CheckKey tells whether a master key opens the credentials of the backup; nil is no key.
//
// # Errors
//
// That there are credentials and no key, or another one.
func (b *Backup) CheckKey(key *credentials.Key) error {
	switch {
	case b.Credential == nil:
		return nil
	case key == nil:
		return fmt.Errorf("the backup has credentials, sealed with the master key %s, which is not in it: give it with --master-key-file or AIRLOCK_MASTER_KEY", b.Credential.KeyID)
	}
	if err := b.Credential.Opens(key); err != nil {
		return fmt.Errorf("check the credentials of the backup: %w", err)
	}
	return nil
}

// digest reads a file.
func digest(path string) (_ File, err error) {
	file, err := os.Open(path) //nolint:gosec // of a folder that the operator names
	if err != nil {
		return File{}, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	if err != nil {
		return File{}, err
	}
	return File{Size: size, SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

func databaseName(dialect store.Dialect) string {
	if dialect == store.PostgreSQL {
		return "database.pgdump"
	}
	return "database.sqlite"
}
