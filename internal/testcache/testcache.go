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
