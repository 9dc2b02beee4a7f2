package prepare_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/airlock-run/airlock/runner/prepare"
	"github.com/airlock-run/airlock/runner/sandbox"
)

func readGuest(t *testing.T) []byte {
	t.Helper()
	wasm, err := os.ReadFile(filepath.Join("testdata", "guest.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}

// A guest that a child prepared is the same as one prepared here, and is loaded without compiling.
func TestGuest(t *testing.T) {
	t.Parallel()
	for name, noSnapshot := range map[string]bool{"snapshot": false, "plain": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := sandbox.Options{MaxMemory: 1 << 20, NoSnapshot: noSnapshot}
			b := newBench(t, prepare.Config{})
			want, err := sandbox.Prepare(t.Context(), readGuest(t), options)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // from a child, and from the cache
				result, err := b.Prepare(t.Context(), readGuest(t), options)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, result.Prepared, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("prepared by a child it is another (-here +child):\n%s", diff)
				}
				before := tree(t, result.CacheDir)
				engine, err := sandbox.NewEngine(sandbox.Config{CacheDir: result.CacheDir})
				if err != nil {
					t.Fatal(err)
				}
				module, err := engine.Load(t.Context(), result.Prepared)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(before, tree(t, result.CacheDir)); diff != "" {
					t.Errorf("loading compiled (-before +after):\n%s", diff)
				}
				if err := errors.Join(module.Close(t.Context()), engine.Close(t.Context()), result.Close()); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestGuestRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, prepare.Config{})
	_, err := b.Prepare(t.Context(), []byte("#!/bin/sh"), options)
	refused, ok := errors.AsType[*sandbox.StageError](err)
	if !ok || refused.Stage != sandbox.StageValidate || !strings.Contains(err.Error(), "not a WebAssembly module") {
		t.Errorf("got %v", err)
	}
}

// What is kept of a module depends on how it is prepared. When that changes, what was kept before must not be found.
func TestFormat(t *testing.T) {
	t.Parallel()
	p, err := sandbox.Prepare(t.Context(), readGuest(t), sandbox.Options{MaxMemory: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := json.Marshal(p.Facts)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%d: wasm %x, image %x, facts %x\n",
		prepare.Format, sha256.Sum256(p.Wasm), sha256.Sum256(p.Image), sha256.Sum256(facts))
	golden := filepath.Join("testdata", "format.txt")
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("modules are prepared otherwise than before: raise format, and write to %s\n%s", golden, got)
	}
}
