package folder_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/operations/mail/folder"
)

// files makes files, and directories for names that end in a slash.
func files(tb testing.TB, dir string, names ...string) {
	tb.Helper()
	for _, name := range names {
		at := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(at), 0o700)
		if name[len(name)-1] == '/' {
			err = os.MkdirAll(at, 0o700)
		} else if err == nil {
			err = os.WriteFile(at, []byte(name), 0o600)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
}

func open(tb testing.TB, dir string) *folder.Folder {
	tb.Helper()
	f, err := folder.Roots{dir}.Open(dir)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = f.Close() })
	return f
}

func each(tb testing.TB, f *folder.Folder) (all []folder.File) {
	tb.Helper()
	if err := f.Each(tb.Context(), func(files []folder.File) error {
		all = append(all, files...)
		return nil
	}); err != nil {
		tb.Fatal(err)
	}
	return all
}

func names(all []folder.File) (names []string) {
	for _, file := range all {
		names = append(names, file.Name)
	}
	slices.Sort(names)
	return names
}

func TestMaildir(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files(t, dir, "tmp/t", "new/a.M1.host", "new/.hidden", "new/sub/x", "cur/b.M2.host,U=3:2,RS", "cur/c,S=5:2,", "cur/d:1,x", "x.eml")
	f := open(t, dir)
	if !f.Maildir {
		t.Error("it is no Maildir")
	}
	all := each(t, f)
	if diff := cmp.Diff([]string{"a.M1.host", "b.M2.host", "c%2CS=5", "d"}, names(all)); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	for _, file := range all {
		want := []string{}
		if file.Name == "b.M2.host" {
			want = []string{`\Answered`, `\Seen`}
		}
		if diff := cmp.Diff(want, f.Flags(file)); diff != "" {
			t.Errorf("flags of %s (-want +got):\n%s", file.Name, diff)
		}
	}
}

// What is no regular file in the folder is neither told of nor opened, whatever its name is and whenever it is put there.
func TestHostileFolder(t *testing.T) {
	t.Parallel()
	outer := t.TempDir()
	dir := filepath.Join(outer, "box")
	files(t, outer, "secret.eml", "box/good.eml", "box/line\nbreak.eml", "box/\xff\xfe.EML", "box/dir.eml/", "box/note.txt", "box/.part.eml")
	for name, make := range map[string]func(path string) error{
		"link":   func(path string) error { return os.Symlink("../secret.eml", path) },
		"inside": func(path string) error { return os.Symlink("good.eml", path) },
		"device": func(path string) error { return os.Symlink("/dev/zero", path) },
		"pipe":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
	} {
		if err := make(filepath.Join(dir, name+".eml")); err != nil {
			t.Fatal(err)
		}
	}
	f := open(t, dir)
	all := each(t, f)
	if diff := cmp.Diff([]string{"%FF%FE.EML", "good.eml", "line%0Abreak.eml"}, names(all)); diff != "" {
		t.Fatalf("names (-want +got):\n%s", diff)
	}
	for _, file := range all {
		r, err := f.Open(file)
		if err != nil {
			t.Fatalf("open %s: %v", file.Name, err)
		}
		data, err := io.ReadAll(r)
		if err != nil || int64(len(data)) != file.Size {
			t.Errorf("%s has %q, %v", file.Name, data, err)
		}
		_ = r.Close()
	}
	good := all[slices.IndexFunc(all, func(f folder.File) bool { return f.Name == "good.eml" })]
	for _, path := range []string{"link.eml", "inside.eml", "device.eml", "pipe.eml", "dir.eml", "..%2Fsecret.eml", "%2Fetc%2Fpasswd", "gone.eml"} {
		other := good
		other.Path = path
		if r, err := f.Open(other); err == nil {
			_ = r.Close()
			t.Errorf("%s is opened", path)
		}
	}
	files(t, dir, "good.eml") // written anew
	if err := os.Chtimes(filepath.Join(dir, "good.eml"), time.Time{}, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Open(good); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("one that was written anew: %v", err)
	}
}

func TestRoots(t *testing.T) {
	t.Parallel()
	outer := t.TempDir()
	files(t, outer, "mail/kim/x.eml", "other/y.eml")
	if err := os.Symlink("../other", filepath.Join(outer, "mail", "out")); err != nil {
		t.Fatal(err)
	}
	roots, err := folder.ParseRoots([]string{filepath.Join(outer, "mail") + "/"})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{"mail": true, "mail/kim": true, "mail/kim/../kim": true, "other": false, "mail/../other": false, "mails": false, "": false} {
		if _, err := roots.Check(filepath.Join(outer, path)); (err == nil) != want || !want && !errors.Is(err, folder.ErrNotAllowed) {
			t.Errorf("%q: %v", path, err)
		}
	}
	if f, err := roots.Open(filepath.Join(outer, "mail", "out")); err == nil {
		_ = f.Close()
		t.Error("a link that leads out of the root is followed")
	}
	if _, err := folder.Roots(nil).Check(outer); !errors.Is(err, folder.ErrNotAllowed) {
		t.Errorf("without roots: %v", err)
	}
	if _, err := folder.ParseRoots([]string{"mail"}); err == nil {
		t.Error("a root that is not absolute is taken")
	}
}

func TestSettling(t *testing.T) {
	t.Parallel()
	f := open(t, t.TempDir())
	now := time.Now()
	at := func(size int64, modified time.Time) folder.File {
		return folder.File{Name: "a", Path: "a", Size: size, Modified: modified.UnixMicro()}
	}
	var s folder.Settling
	ahead := now.Add(time.Hour) // the clock of the file system is wrong
	for i, step := range []struct {
		file  folder.File
		after time.Duration
		want  bool
	}{
		{at(0, now.Add(-time.Hour)), 0, false},
		{at(1, now), 0, false},
		{at(2, now), time.Second, false},
		{at(2, now), folder.Settle, true},
		{at(3, ahead), 0, false},
		{at(3, ahead), time.Second, false},
		{at(4, ahead), folder.Settle, false},
		{at(4, ahead), 2 * folder.Settle, true},
		{at(5, now.Add(-folder.Settle)), 0, true},
	} {
		if got := s.Whole(f, step.file, now.Add(step.after)); got != step.want {
			t.Errorf("step %d: %t", i, got)
		}
	}
	if s.Waiting() {
		t.Error("it waits for files that are whole")
	}
	s.Whole(f, at(1, ahead), now)
	s.Forget(func(string) bool { return false })
	if s.Waiting() {
		t.Error("it waits for a file that has gone")
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files(t, dir, "new/", "cur/")
	changed, stop, err := open(t, dir).Changes()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	for _, name := range []string{"new/a", "cur/b:2,S"} {
		files(t, dir, name)
		select {
		case <-changed:
		case <-time.After(10 * time.Second):
			t.Fatalf("nothing is told of %s", name)
		}
	}
}

// A folder of many files is gone through some at a time.
func TestManyFiles(t *testing.T) {
	t.Parallel()
	const many = 20_000
	dir := t.TempDir()
	for i := range many {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.eml", i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, n, most := open(t, dir), 0, 0
	start := time.Now()
	if err := f.Each(t.Context(), func(files []folder.File) error {
		n, most = n+len(files), max(most, len(files))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files in %s", n, time.Since(start))
	if n != many || most > 500 {
		t.Errorf("%d files, up to %d at a time", n, most)
	}
}
