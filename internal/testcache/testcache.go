// Package testcache keeps the machine code that tests compile from one run of them to the next. Compiling PDFium takes
// seconds, and minutes under the race detector; reading it back takes none.
package testcache

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/airlock-run/airlock/internal/guests"
)

// Dir is a folder with the layout of cache/ in Airlock's data directory: pdfium and guests are in it. It is this user's
// alone, for what is in it is executed. Tests of several packages may use it at the same time; `make clean` removes it.
func Dir(tb testing.TB) string {
	tb.Helper()
	dir := filepath.Join(guests.Root(tb), ".build", "test-cache")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		tb.Fatal(err)
	}
	return dir
}

// DataDir makes a data directory for the test, with the cache in it. Its path is short enough for a socket.
func DataDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "airlock") //nolint:usetesting // t.TempDir's paths can be too long for a socket
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Symlink(Dir(tb), filepath.Join(dir, "cache")); err != nil {
		tb.Fatal(err)
	}
	return dir
}

// SetHome makes home the place of the data directory of who names none, for all tests of a package, with the cache in it: so none of them
// compiles anew, nor touches this user's own.
func SetHome(home string) error {
	cache, err := filepath.Abs("../../.build/test-cache") // tests run where their package is
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(home, "airlock"), 0o700); err != nil {
		return err
	}
	if err := os.Symlink(cache, filepath.Join(home, "airlock", "cache")); err != nil {
		return err
	}
	return os.Setenv("XDG_DATA_HOME", home)
}
