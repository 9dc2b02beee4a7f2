package main

import (
	"path/filepath"
	"testing"

	"github.com/airlock-run/airlock/internal/guests"
	"github.com/airlock-run/airlock/internal/testcache"
)

// Each extension of this repository can be loaded as it is.
func TestExtensionsLoad(t *testing.T) {
	t.Parallel()
	data := testcache.DataDir(t)
	start(t, "up", "--data-dir", data)
	var manifests []string
	for _, place := range []string{"extensions", "examples", "internal/guests"} {
		found, err := filepath.Glob(filepath.Join(guests.Root(t), place, "*", "manifest.json"))
		if err != nil || len(found) == 0 {
			t.Fatalf("no extension is in %s: %v", place, err)
		}
		manifests = append(manifests, found...)
	}
	for _, manifest := range manifests {
		must(t, "extension", "load", guests.Build(t, filepath.Base(filepath.Dir(manifest))), "--data-dir", data)
	}
}
