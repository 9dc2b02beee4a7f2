package extensions_test

import (
	"path/filepath"
	"slices"
	"testing"
)

// TestShippedManifests holds the extensions in the folders below to what they are examples of: nothing to warn of, and each method by its full name.
func TestShippedManifests(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*/manifest.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no manifests (%v)", err)
	}
	for _, file := range files {
		t.Run(filepath.Dir(file), func(t *testing.T) {
			t.Parallel()
			m := parseFile(t, file)
			if warnings := m.Warnings(); len(warnings) > 0 {
				t.Errorf("warnings: %q", warnings)
			}
			if slices.ContainsFunc(m.Permissions.Methods, func(p string) bool { return p[len(p)-1] == '.' || p[len(p)-1] == '*' || p[len(p)-1] == ':' }) {
				t.Errorf("it asks for more than single operations: %q", m.Permissions.Methods)
			}
		})
	}
}
