package prepare

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// A lock is an open file, which the kernel lets go of when the last process that has it is gone.

// errTaken is returned by tryLock for a lock that somebody has.
var errTaken = errors.New("somebody has the lock")

// lockPause is how long to wait before trying a lock again. Who waits for one waits for a preparation.
const lockPause = 25 * time.Millisecond

// waitLock takes a lock file, which it makes if need be, and waits for whoever has it.
func waitLock(ctx context.Context, path string) (*os.File, error) {
	for {
		file, err := tryLock(path)
		if !errors.Is(err, errTaken) {
			return file, err
		}
		select {
		case <-time.After(lockPause):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// tryLock takes a lock file, which it makes if need be.
//
// # Errors
//
// errTaken.
func tryLock(path string) (*os.File, error) {
	for {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // in our directory
		if err != nil {
			return nil, fmt.Errorf("open lock: %w", err)
		}
		if err := lockAlone(file); err != nil {
			_ = file.Close()
			return nil, err
		}
		if current(file, path) {
			return file, nil
		}
		_ = file.Close() // who had it before removed it
	}
}

// unlock removes a lock file and lets go of it.
func unlock(file *os.File) {
	_ = os.Remove(file.Name())
	_ = file.Close()
}

// current tells whether a path still names an open file.
func current(file *os.File, path string) bool {
	opened, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(path)
	return err == nil && os.SameFile(opened, named)
}

// openShared opens a directory and keeps it from being removed until lock is closed.
//
// # Errors
//
// fs.ErrNotExist.
func openShared(path string) (root *os.Root, lock *os.File, err error) {
	for {
		if root, err = os.OpenRoot(path); err != nil {
			return nil, nil, fmt.Errorf("open entry: %w", err)
		}
		if lock, err = root.Open("."); err == nil {
			if err = lockShared(lock); err == nil && current(lock, path) {
				return root, lock, nil
			}
			_ = lock.Close()
		}
		_ = root.Close()
		if err != nil {
			return nil, nil, fmt.Errorf("lock entry: %w", err)
		}
	}
}
