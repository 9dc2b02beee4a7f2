//go:build linux || darwin

package prepare

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockAlone takes a lock that nobody else has.
func lockAlone(file *os.File) error {
	return flock(file, syscall.LOCK_EX|syscall.LOCK_NB)
}

// lockShared takes a lock that others may have as well. It waits for who has it alone, which is short.
func lockShared(file *os.File) error { return flock(file, syscall.LOCK_SH) }

func flock(file *os.File, how int) error {
	for {
		err := syscall.Flock(int(file.Fd()), how)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return errTaken
		default:
			return fmt.Errorf("lock %s: %w", file.Name(), err)
		}
	}
}
