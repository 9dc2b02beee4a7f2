package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ErrNotAllowed is in the chain of errors for a folder that is below no root.
var ErrNotAllowed = errors.New("the operator allows no such folder of mail: start the service with --mail-folders (AIRLOCK_MAIL_FOLDERS) and a directory it is in")

// Roots are directories whose folders may be read. None allows none.
type Roots []string

// ParseRoots reads directories. They have to be absolute, and need not be there yet.
func ParseRoots(dirs []string) (Roots, error) {
	roots := make(Roots, 0, len(dirs))
	for _, dir := range dirs {
		if !filepath.IsAbs(dir) {
			return nil, fmt.Errorf("%q is no absolute path of a directory, such as /var/mail", dir)
		}
		roots = append(roots, filepath.Clean(dir))
	}
	return roots, nil
}

// Check tells whether a folder may be read, by its path alone, and returns that without what is superfluous.
//
// # Errors
//
// ErrNotAllowed, and that the path is not absolute.
func (r Roots) Check(path string) (string, error) {
	if !filepath.IsAbs(path) || strings.ContainsRune(path, 0) {
		return "", fmt.Errorf("folder %.200q is no absolute path, such as /var/mail/kim", path)
	}
	path = filepath.Clean(path)
	_, _, err := r.below(path)
	return path, err
}

// below is the root a folder is in, and the way from there.
func (r Roots) below(path string) (root, way string, err error) {
	for _, root := range r {
		if way, err := filepath.Rel(root, path); err == nil && filepath.IsLocal(way) {
			return root, way, nil
		}
	}
	return "", "", ErrNotAllowed
}

// Open opens a folder, and finds out what it is. Close it with Close.
//
// # Errors
//
// As of Check; [fs.ErrNotExist]; [fs.ErrPermission]; that a symbolic link leads out of the root.
func (r Roots) Open(path string) (*Folder, error) {
	root, way, err := r.below(path)
	if err != nil {
		return nil, err
	}
	outer, err := os.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", root, err)
	}
	defer func() { _ = outer.Close() }()
	inner, err := outer.OpenRoot(way)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	f := &Folder{root: inner, path: path, dirs: []string{"."}}
	if f.has("cur") && f.has("new") {
		f.Maildir, f.dirs = true, []string{"new", "cur"} // in the way that files go
	}
	return f, nil
}

func (f *Folder) has(dir string) bool {
	info, err := f.root.Stat(dir)
	return err == nil && info.IsDir() || errors.Is(err, fs.ErrPermission)
}
