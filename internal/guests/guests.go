// Package guests builds guests for tests, from the sources in this repository.
package guests

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Root is the folder of the repository.
func Root(tb testing.TB) string {
	tb.Helper()
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		tb.Fatal("where is this file?")
	}
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Build builds the extension of a name, in extensions, examples or beside this file, as `make build` does, and returns a folder with its manifest and module.
// Go's build cache makes it quick from the second time on.
func Build(tb testing.TB, name string) string {
	tb.Helper()
	source := filepath.Join(Root(tb), "extensions", name)
	for _, other := range []string{"examples", "internal/guests"} {
		if _, err := os.Stat(source); err == nil {
			break
		}
		source = filepath.Join(Root(tb), other, name)
	}
	folder := filepath.Join(tb.TempDir(), name)
	if err := os.MkdirAll(folder, 0o750); err != nil {
		tb.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), "go", "build", "-buildvcs=false", "-buildmode=c-shared", "-ldflags=-s -w", "-trimpath",
		"-o", filepath.Join(folder, name+".wasm"), ".")
	cmd.Dir = source
	cmd.Env = append(withoutGoFlags(os.Environ()), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("build extension %s: %v\n%s", name, err, out)
	}
	manifest, err := os.ReadFile(filepath.Join(source, "manifest.json"))
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "manifest.json"), manifest, 0o600); err != nil {
		tb.Fatal(err)
	}
	return folder
}

// withoutGoFlags drops GOFLAGS such as -race, which the guest's platform does not have.
func withoutGoFlags(env []string) []string {
	kept := make([]string, 0, len(env))
	for _, v := range env {
		if !strings.HasPrefix(v, "GOFLAGS=") {
			kept = append(kept, v)
		}
	}
	return kept
}
