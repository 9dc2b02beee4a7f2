package folder

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"
)

// chunk is how many files are told of at once.
const chunk = 500

// Folder is one that is open. It is safe for concurrent use.
type Folder struct {
	// Maildir says that it is one, rather than files .eml.
	Maildir bool

	root *os.Root
	path string
	dirs []string
}

// File is a mail in a folder.
type File struct {
	// Name is what it is known by, Path where it is in the folder; both in a form that is text.
	Name, Path string
	// Size is in bytes. Modified is in microseconds since 1970.
	Size, Modified int64
}

// Close closes the folder.
func (f *Folder) Close() error { return f.root.Close() } //nolint:wrapcheck // nothing to add

// Each tells of all files, some at a time. A file that is moved meanwhile may be told of twice, or not at all.
//
// # Errors
//
// take's own; that the folder cannot be read; ctx's.
func (f *Folder) Each(ctx context.Context, take func([]File) error) error {
	for _, dir := range f.dirs {
		if err := f.eachOf(ctx, dir, take); err != nil {
			return err
		}
	}
	return nil
}

func (f *Folder) eachOf(ctx context.Context, dir string, take func([]File) error) error {
	open, err := f.root.Open(dir)
	if err != nil {
		return fmt.Errorf("read folder: %w", err)
	}
	defer func() { _ = open.Close() }()
	for ctx.Err() == nil {
		entries, err := open.ReadDir(chunk)
		files := make([]File, 0, len(entries))
		for _, entry := range entries {
			if !entry.Type().IsRegular() || !f.isMail(entry.Name()) {
				continue
			}
			at := path.Join(dir, entry.Name())
			info, err := f.root.Lstat(at) // rather than entry.Info, which goes by a path
			if err != nil || !info.Mode().IsRegular() {
				continue // it has just gone
			}
			files = append(files, File{Name: f.nameOf(entry.Name()), Path: url.PathEscape(at), Size: info.Size(), Modified: info.ModTime().UnixMicro()})
		}
		slices.SortFunc(files, func(a, b File) int { return cmp.Or(cmp.Compare(a.Modified, b.Modified), cmp.Compare(a.Name, b.Name)) })
		if len(files) > 0 {
			if err := take(files); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read folder: %w", err)
		}
	}
	return ctx.Err()
}

// isMail tells whether a file of this name is one. What begins with a dot is being written.
func (f *Folder) isMail(name string) bool {
	return !strings.HasPrefix(name, ".") && (f.Maildir || strings.EqualFold(path.Ext(name), ".eml"))
}

// nameOf is what a file is known by. mbsync adds its number to names after the fact.
func (f *Folder) nameOf(name string) string {
	if f.Maildir {
		name, _, _ = strings.Cut(name, ":")
		name, _, _ = strings.Cut(name, ",U=")
	}
	return url.PathEscape(name)
}

// Open opens a file, to read the mail that it was.
//
// # Errors
//
// [fs.ErrNotExist], also if it is another mail by now, or none; [fs.ErrPermission].
func (f *Folder) Open(file File) (io.ReadCloser, error) {
	at, err := url.PathUnescape(file.Path)
	if err != nil {
		return nil, fmt.Errorf("read path of mail: %w", err)
	}
	if info, err := f.root.Lstat(at); err == nil && !info.Mode().IsRegular() { // not even opened: that does things to devices
		return nil, fmt.Errorf("open mail: it is no regular file any more: %w", fs.ErrNotExist)
	}
	open, err := f.root.OpenFile(at, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0) // a pipe would wait for who writes
	if err != nil {
		return nil, fmt.Errorf("open mail: %w", err)
	}
	info, err := open.Stat()
	if err == nil && (!info.Mode().IsRegular() || !f.Maildir && (info.Size() != file.Size || info.ModTime().UnixMicro() != file.Modified)) {
		err = fmt.Errorf("it was written anew: %w", fs.ErrNotExist)
	}
	if err != nil {
		_ = open.Close()
		return nil, fmt.Errorf("open mail: %w", err)
	}
	return open, nil
}

// Find finds where files are by now, whose names are given.
func (f *Folder) Find(ctx context.Context, names map[string]bool) (map[string]File, error) {
	found := map[string]File{}
	err := f.Each(ctx, func(files []File) error {
		for _, file := range files {
			if names[file.Name] {
				found[file.Name] = file
			}
		}
		return nil
	})
	return found, err
}

// maildirFlags are those of names in a Maildir: https://cr.yp.to/proto/maildir.html.
var maildirFlags = map[rune]string{'D': `\Draft`, 'F': `\Flagged`, 'P': `$Forwarded`, 'R': `\Answered`, 'S': `\Seen`, 'T': `\Deleted`}

// Flags are those of a file, as IMAP names them. It is never nil.
func (f *Folder) Flags(file File) []string {
	flags := []string{}
	at, err := url.PathUnescape(file.Path)
	_, info, has := strings.Cut(path.Base(at), ":2,")
	if err != nil || !f.Maildir || !has {
		return flags
	}
	for _, letter := range info {
		if flag := maildirFlags[letter]; flag != "" && !slices.Contains(flags, flag) {
			flags = append(flags, flag)
		}
	}
	return flags
}

// Time is when a file was changed.
func (f File) Time() time.Time { return time.UnixMicro(f.Modified).UTC() }
