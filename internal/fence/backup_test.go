package fence_test

import (
	"context"
	"path/filepath"
	"testing"
)

// The console may take a backup.
func TestConsoleTakesABackup(t *testing.T) {
	t.Parallel()
	c := start(t)
	c.run(t)
	console := c.connect(t, "console")
	copies, err := console.Backup(t.Context(), filepath.Join(t.TempDir(), "streams"), func(context.Context) error { return nil })
	if err != nil || len(copies) != 15 {
		t.Errorf("%d streams are copied, %v", len(copies), err)
	}
}
