//go:build linux || darwin

package prepare

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// checkPrivate reports a directory in which another user could put machine code.
func checkPrivate(info fs.FileInfo) error {
	owner, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.IsDir():
		return errors.New("it is no directory")
	case !ok || int(owner.Uid) != os.Geteuid():
		return errors.New("it belongs to another user")
	case info.Mode().Perm()&0o022 != 0:
		return errors.New("others may write to it: chmod it to 0700")
	}
	return nil
}
