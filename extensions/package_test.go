package extensions_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/airlock-run/airlock/extensions"
)

// header begins every module; alone it is the smallest one.
const header = "\x00asm\x01\x00\x00\x00"

func TestLoad(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(t *testing.T, folder string){
		"plain": func(t *testing.T, folder string) {
			t.Helper()
			write(t, folder, "finance.wasm", header)
		},
		"a link that stays in the folder": func(t *testing.T, folder string) {
			t.Helper()
			write(t, folder, "build/out.wasm", header)
			link(t, "build/out.wasm", filepath.Join(folder, "finance.wasm"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			write(t, folder, "manifest.json", minimal(`"author": "me"`))
			prepare(t, folder)
			p, err := extensions.Load(folder)
			if err != nil {
				t.Fatal(err)
			}
			// The digest is what `printf '\0asm\1\0\0\0' | sha256sum` prints.
			if p.Manifest.ID != "finance" || string(p.Wasm) != header || p.Digest != "sha256:93a44bbb96c751218e4c00d479e4c14358122a389acca16205b1e4d0dc5f9476" {
				t.Errorf("got %s, %q, %s", p.Manifest.ID, p.Wasm, p.Digest)
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	manifest := minimal(`"author": "me"`)
	for name, c := range map[string]struct {
		prepare func(t *testing.T, folder string)
		want    string
	}{
		"no manifest": {
			func(*testing.T, string) {},
			"an extension is a folder with a manifest.json and the module it names",
		},
		"a broken manifest": {
			func(t *testing.T, folder string) { t.Helper(); write(t, folder, "manifest.json", "{\n]") },
			"manifest.json:2:1: not JSON",
		},
		"a manifest that is a folder": {
			func(t *testing.T, folder string) { t.Helper(); write(t, folder, "manifest.json/x", "") },
			"manifest.json: it is no regular file",
		},
		"a manifest from elsewhere": {
			func(t *testing.T, folder string) {
				t.Helper()
				elsewhere := t.TempDir()
				write(t, elsewhere, "manifest.json", manifest)
				link(t, filepath.Join(elsewhere, "manifest.json"), filepath.Join(folder, "manifest.json"))
			},
			"manifest.json: the file, and what it links to, must be inside the extension's folder",
		},
		"no module": {
			func(t *testing.T, folder string) { t.Helper(); write(t, folder, "manifest.json", manifest) },
			`manifest.json: wasm_file: there is no "finance.wasm" in the folder: build it, or correct the name`,
		},
		"a module behind a link": {
			func(t *testing.T, folder string) {
				t.Helper()
				elsewhere := t.TempDir()
				write(t, elsewhere, "secret", header)
				write(t, folder, "manifest.json", manifest)
				link(t, filepath.Join(elsewhere, "secret"), filepath.Join(folder, "finance.wasm"))
			},
			"finance.wasm: the file, and what it links to, must be inside the extension's folder",
		},
		"a module in a folder behind a link": {
			func(t *testing.T, folder string) {
				t.Helper()
				elsewhere := t.TempDir()
				write(t, elsewhere, "finance.wasm", header)
				write(t, folder, "manifest.json", strings.Replace(manifest, "finance.wasm", "build/finance.wasm", 1))
				link(t, elsewhere, filepath.Join(folder, "build"))
			},
			"build/finance.wasm: the file, and what it links to, must be inside the extension's folder",
		},
		"a module that is a pipe": {
			func(t *testing.T, folder string) {
				t.Helper()
				write(t, folder, "manifest.json", manifest)
				if err := syscall.Mkfifo(filepath.Join(folder, "finance.wasm"), 0o600); err != nil {
					t.Fatal(err)
				}
			},
			"finance.wasm: it is no regular file",
		},
		"a module that is too large": {
			func(t *testing.T, folder string) {
				t.Helper()
				write(t, folder, "manifest.json", manifest)
				write(t, folder, "finance.wasm", header)
				if err := os.Truncate(filepath.Join(folder, "finance.wasm"), extensions.MaxModule+1); err != nil {
					t.Fatal(err)
				}
			},
			"finance.wasm: the file has 67108865 bytes, at most 67108864 are allowed",
		},
		"a module that is none": {
			func(t *testing.T, folder string) {
				t.Helper()
				write(t, folder, "manifest.json", manifest)
				write(t, folder, "finance.wasm", "#!/bin/sh")
			},
			`finance.wasm: this is not WebAssembly: it begins with "#!/b" instead of "\x00asm"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			c.prepare(t, folder)
			p, err := extensions.Load(folder)
			if err == nil || p != nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), folder) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
			var invalid *extensions.InvalidError
			if !errors.As(err, &invalid) && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%v is neither an *InvalidError nor fs.ErrNotExist", err)
			}
		})
	}
	t.Run("no folder", func(t *testing.T) {
		t.Parallel()
		if _, err := extensions.Load(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "none") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a file for a folder", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		write(t, folder, "manifest.json", manifest)
		if _, err := extensions.Load(filepath.Join(folder, "manifest.json")); err == nil || !strings.Contains(err.Error(), "is a file; name the folder that holds it") {
			t.Errorf("got %v", err)
		}
	})
}

func TestNewPackageRefuses(t *testing.T) {
	t.Parallel()
	for wasm, want := range map[string]string{
		"":                        "the file is empty",
		"\x00asm":                 "of a version that is not 1, or it is cut off",
		"\x00asm\x02\x00\x00\x00": "of a version that is not 1",
		"\x00asm\x0d\x00\x01\x00": "this is a WebAssembly component: build a core module",
		"  (module (memory 1))":   "this is WebAssembly in text form",
		"\x1b[2J":                 `it begins with "\x1b[2J"`,
	} {
		_, err := extensions.NewPackage([]byte(minimal(`"author": "me"`)), []byte(wasm))
		var invalid *extensions.InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", wasm, err, want)
		}
	}
	if _, err := extensions.NewPackage([]byte("{}"), []byte(header)); err == nil {
		t.Error("an empty manifest was accepted")
	}
}

func write(t *testing.T, folder, name, content string) {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, to, at string) {
	t.Helper()
	if err := os.Symlink(to, at); err != nil {
		t.Fatal(err)
	}
}
