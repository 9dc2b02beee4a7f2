package ocr

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/airlock-run/airlock/internal/testcache"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// CompiledDir returns a Config.CacheDir in which PDFium is compiled. Where it was not yet, the first test that asks waits
// and all others gain.
func CompiledDir(tb testing.TB) string {
	tb.Helper()
	dir := filepath.Join(testcache.Dir(tb), "pdfium")
	compiled.Do(func() { errCompile = compileTo(dir) })
	if errCompile != nil {
		tb.Fatal(errCompile)
	}
	return dir
}

var (
	compiled   sync.Once
	errCompile error
)

func compileTo(dir string) error {
	reader, err := New(Config{CacheDir: dir})
	if err != nil {
		return err
	}
	if err := reader.Warm(context.Background()); err != nil {
		return err
	}
	return reader.Close()
}
