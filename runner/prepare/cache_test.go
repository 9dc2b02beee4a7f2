package prepare_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/airlock-run/airlock/runner/prepare"
)

// What is not as it was made is made again.
func TestDamage(t *testing.T) {
	t.Parallel()
	flip := func(path string) error {
		data, err := os.ReadFile(path)
		if err == nil {
			data[len(data)/2] ^= 1
			err = os.WriteFile(path, data, 0o600)
		}
		return err
	}
	shorten := func(path string) error { return os.Truncate(path, 1) }
	code := func(damage func(string) error) func(string) error {
		return func(dir string) error { return damage(machineCode(t, dir)) }
	}
	file := func(name string, damage func(string) error) func(string) error {
		return func(dir string) error { return damage(filepath.Join(dir, name)) }
	}
	for name, damage := range map[string]func(entry string) error{
		"wasm":            file("prepared.wasm", flip),
		"image":           file("memory.image", flip),
		"image_missing":   file("memory.image", os.Remove),
		"facts":           file("facts.json", flip),
		"facts_cut_off":   file("facts.json", shorten),
		"entry":           file("entry.json", flip),
		"entry_cut_off":   file("entry.json", shorten),
		"entry_missing":   file("entry.json", os.Remove),
		"code":            code(flip),
		"code_cut_off":    code(shorten),
		"code_missing":    code(os.Remove),
		"folder_missing":  file("code", os.RemoveAll),
		"others_write":    func(dir string) error { return os.Chmod(dir, 0o777) },
		"everything_gone": os.RemoveAll,
		"link": file("prepared.wasm", func(path string) error {
			target := filepath.Join(filepath.Dir(filepath.Dir(path)), "..", "elsewhere")
			if err := os.Rename(path, target); err != nil {
				return err
			}
			return os.Symlink(target, path)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, prepare.Config{})
			first := b.must(module("hello"))
			if err := damage(filepath.Dir(first.CacheDir)); err != nil {
				t.Fatal(err)
			}
			second := b.must(module("hello"))
			if second.Cached || len(b.children()) != 2 || len(b.left()) != 0 {
				t.Errorf("cached: %v, %d children, %v is left", second.Cached, len(b.children()), b.left())
			}
			if third := b.must(module("hello")); !third.Cached {
				t.Error("and once more")
			}
		})
	}
}

// machineCode is the file with an entry's machine code.
func machineCode(t *testing.T, entry string) string {
	t.Helper()
	for path := range tree(t, filepath.Join(entry, "code")) {
		return path
	}
	return ""
}

func TestFullCache(t *testing.T) {
	t.Parallel()
	b := newBench(t, prepare.Config{MaxBytes: 1})
	there := func(r *prepare.Result) bool {
		_, err := os.Stat(r.CacheDir)
		return err == nil
	}
	used := b.must(module("used"))
	idle := b.must(module("idle"))
	if !there(idle) || !there(used) {
		t.Fatal("what is used is gone")
	}
	if err := idle.Close(); err != nil {
		t.Fatal(err)
	}
	if !there(idle) {
		t.Error("what is not used is gone before the room is needed")
	}
	newest := b.must(module("newest"))
	if there(idle) || !there(used) || !there(newest) {
		t.Errorf("there: idle %v, used %v, newest %v", there(idle), there(used), there(newest))
	}
	if len(b.left()) != 0 {
		t.Errorf("%v is left", b.left())
	}
}

func TestLeastRecentlyUsedGoesFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t, prepare.Config{})
	modules := [][]byte{module("hello 1"), module("hello 2"), module("hello 3")}
	var dirs []string
	var size int64
	for i, wasm := range modules {
		result, err := b.Prepare(t.Context(), wasm, options)
		if err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, filepath.Dir(result.CacheDir))
		at := time.Now().Add(time.Duration(i-10) * time.Hour)
		if err := os.Chtimes(filepath.Join(dirs[i], "entry.json"), at, at); err != nil {
			t.Fatal(err)
		}
		if err := result.Close(); err != nil {
			t.Fatal(err)
		}
		for path := range tree(t, dirs[i]) {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			size += info.Size()
		}
	}
	if err := b.must(modules[0]).Close(); err != nil { // now it is the newest
		t.Fatal(err)
	}
	small, err := prepare.New(prepare.Config{Dir: b.cache(), MaxBytes: size + size/6})
	if err != nil {
		t.Fatal(err)
	}
	result, err := small.Prepare(t.Context(), module("hello 4"), options)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = result.Close() }()
	gone := slices.Collect(func(yield func(int) bool) {
		for i, dir := range dirs {
			if _, err := os.Stat(dir); err != nil && !yield(i) {
				return
			}
		}
	})
	if !slices.Equal(gone, []int{1}) {
		t.Errorf("gone are %v, want the second, which was not used for longest", gone)
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := filepath.Join(dir, "open")
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o770); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, config := range map[string]prepare.Config{
		"nowhere":          {},
		"others_may_write": {Dir: open},
		"a_file":           {Dir: file},
		"negative_size":    {Dir: filepath.Join(dir, "a"), MaxBytes: -1},
		"negative_number":  {Dir: filepath.Join(dir, "b"), Children: -1},
		"negative_time":    {Dir: filepath.Join(dir, "c"), Limits: prepare.Limits{Wall: -1}},
		"no_cpu":           {Dir: filepath.Join(dir, "d"), Limits: prepare.Limits{CPU: time.Millisecond}},
		"no_memory":        {Dir: filepath.Join(dir, "e"), Limits: prepare.Limits{Memory: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := prepare.New(config); err == nil {
				t.Errorf("%+v is accepted", config)
			}
		})
	}
}
