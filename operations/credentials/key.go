package credentials

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

// Key is a master key. It does not show its bytes when it is printed.
type Key struct {
	id    string
	bytes [chacha20poly1305.KeySize]byte
}

// ID tells keys apart and gives nothing of the key away.
func (k *Key) ID() string { return k.id }

// String is for logs.
func (k *Key) String() string { return "master key " + k.id }

// GoString is String: %#v shows no bytes either.
func (k *Key) GoString() string { return k.String() }

// ParseKey reads a master key: 32 bytes in base64, with or without space around.
func ParseKey(text string) (*Key, error) {
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(data) != chacha20poly1305.KeySize {
		return nil, errors.New("master key: want 32 bytes in base64, as `openssl rand -base64 32` prints them")
	}
	k := &Key{bytes: [chacha20poly1305.KeySize]byte(data)}
	sum := sha256.Sum256(append([]byte("airlock master key id\x00"), data...))
	k.id = hex.EncodeToString(sum[:8])
	return k, nil
}

// LoadKey reads the master key of a file. A file that is missing is made, with a new key; of several processes that do so
// at once one makes it and all get the same key.
//
// # Errors
//
// That others than its user may read the file; that it holds no key.
func LoadKey(path string) (*Key, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeKey(path); err != nil {
			return nil, fmt.Errorf("make master key: %w", err)
		}
		info, err = os.Stat(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read master key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("read master key: others may read %s (mode %v): chmod 600 it", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path) //nolint:gosec // the operator chose it
	if err != nil {
		return nil, fmt.Errorf("read master key: %w", err)
	}
	key, err := ParseKey(string(text))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return key, nil
}

// makeKey writes a new key, unless there is one. The file appears under its name only when it is whole and on the disk.
func makeKey(path string) error {
	data := make([]byte, chacha20poly1305.KeySize)
	if _, err := rand.Read(data); err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, ".master-key-*") // with mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	_, err = file.WriteString(base64.StdEncoding.EncodeToString(data) + "\n")
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a name survive a power failure: a key that is lost after it has sealed something cannot be made again.
func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the operator chose it
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
