package ocr

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

var testDir string

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	var err error
	if testDir, err = os.MkdirTemp("", "ocr"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(testDir) }()
	code := m.Run()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// CompiledDir returns a Config.CacheDir in which PDFium is compiled: the first test that asks waits, all others gain.
var CompiledDir = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(testDir, "compiled")
	reader, err := New(Config{CacheDir: dir})
	if err != nil {
		return "", err
	}
	if err := reader.Warm(context.Background()); err != nil {
		return "", err
	}
	return dir, reader.Close()
})
