package folder_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/airlock-run/airlock/operations/mail/folder"
)

// What the service may not read is said to be that, and the rest is read.
func TestWithoutPermission(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files(t, dir, "no.eml", "yes.eml")
	for name, mode := range map[string]os.FileMode{"": 0o755, "no.eml": 0, "yes.eml": 0o444} {
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	f := open(t, dir)
	failures := map[string]error{}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if err := syscall.Setfsuid(65534); err != nil && os.Geteuid() == 0 {
			done <- err
			return
		}
		done <- f.Each(context.Background(), func(all []folder.File) error {
			for _, file := range all {
				r, err := f.Open(file)
				if failures[file.Name] = err; err == nil {
					_ = r.Close()
				}
			}
			return nil
		})
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if len(failures) != 2 || failures["yes.eml"] != nil || !errors.Is(failures["no.eml"], fs.ErrPermission) {
		t.Errorf("opening them: %v", failures)
	}
}
