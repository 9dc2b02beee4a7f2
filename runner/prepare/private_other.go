//go:build !linux && !darwin

package prepare

import (
	"errors"
	"io/fs"
)

func checkPrivate(info fs.FileInfo) error {
	if !info.IsDir() {
		return errors.New("it is no directory")
	}
	return nil
}
