package folder

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/fsnotify/fsnotify"
)

// Changes tells, by a channel that holds one, that something in the folder has changed, until stop is called. It tells of nothing that the
// folder has, but when to look.
//
// # Errors
//
// That the kernel does not tell: it has no way to, or no more room.
func (f *Folder) Changes() (changed <-chan struct{}, stop func(), err error) {
	kernel, err := fsnotify.NewBufferedWatcher(0)
	if err != nil {
		return nil, nil, fmt.Errorf("watch folder: %w", err)
	}
	for _, dir := range f.dirs {
		if err := kernel.Add(filepath.Join(f.path, dir)); err != nil {
			return nil, nil, errors.Join(fmt.Errorf("watch folder: %w", err), kernel.Close())
		}
	}
	tells := make(chan struct{}, 1)
	var reading sync.WaitGroup
	reading.Go(func() {
		for {
			select {
			case _, more := <-kernel.Events:
				if !more {
					return
				}
			case _, more := <-kernel.Errors: // such as that there were too many changes to tell
				if !more {
					return
				}
			}
			select {
			case tells <- struct{}{}:
			default:
			}
		}
	})
	return tells, func() {
		_ = kernel.Close()
		reading.Wait()
	}, nil
}
