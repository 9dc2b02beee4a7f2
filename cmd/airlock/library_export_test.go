package main

import (
	"archive/tar"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/testcache"
)

func TestLibraryIsExported(t *testing.T) {
	t.Parallel()
	dir := testcache.DataDir(t)
	start(t, "up", "--data-dir", dir)
	library := uuid.New()
	must(t, "library", "create", library.String(), "--name", "Home", "--data-dir", dir)
	conn := connect(t, bus.Config{Socket: filepath.Join(dir, bus.SocketName)})
	act := func(name string, in, out any) {
		t.Helper()
		if err := operate(t.Context(), conn, name, library, in, out); err != nil {
			t.Fatal(err)
		}
	}
	large, small := bytes.Repeat([]byte("large "), 1<<19), []byte("small")
	var e struct{ ID string }
	for i := range 3 {
		act("action:vdfs.create_entry", map[string]any{"name": "a", "path": "/" + string(rune('a'+i)), "entry_type": "note", "metadata": map[string]any{"n": i}}, &e)
		act("action:vdfs.write_sidecar", map[string]any{"entry_id": e.ID, "filename": "small.txt", "data": small}, &struct{}{})
	}
	act("action:vdfs.write_sidecar", map[string]any{"entry_id": e.ID, "filename": "large.bin", "data": large}, &struct{}{})

	archive := filepath.Join(t.TempDir(), "home.tar")
	out := must(t, "library", "export", library.String(), archive, "--json", "--data-dir", dir)
	var told exported
	if err := json.Unmarshal([]byte(out), &told); err != nil || told.Entries != 3 || told.Contents != 2 || told.Bytes != int64(len(large)+len(small)) {
		t.Errorf("export says %s (%v)", out, err)
	}
	files := untar(t, archive)
	if lines := strings.Split(strings.TrimSpace(string(files["entries.jsonl"])), "\n"); len(lines) != 3 || !strings.Contains(lines[2], `"path":"/c"`) || !strings.Contains(lines[2], "large.bin") {
		t.Errorf("entries are\n%s", files["entries.jsonl"])
	}
	if !strings.Contains(string(files["library.json"]), `"name": "Home"`) {
		t.Errorf("library.json is %s", files["library.json"])
	}
	for _, data := range [][]byte{large, small} {
		if got := files["contents/"+strings.TrimPrefix(bus.Digest(data), "sha256:")]; !bytes.Equal(got, data) {
			t.Errorf("a content of %d bytes has %d: %s", len(data), len(got), hex.EncodeToString(got[:min(len(got), 10)]))
		}
	}
	if _, stderr, code := airlock(t, "library", "export", library.String(), archive, "--data-dir", dir); code == 0 || !strings.Contains(stderr, "is there already") {
		t.Errorf("over another file: exit code %d, %s", code, stderr)
	}
	if left, err := os.ReadDir(filepath.Dir(archive)); err != nil || len(left) != 1 {
		t.Errorf("the folder has %v (%v), want the archive alone", left, err)
	}
}

func untar(t *testing.T, path string) map[string][]byte {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	files := map[string][]byte{}
	for archive := tar.NewReader(file); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(archive); err != nil {
			t.Fatal(err)
		}
	}
}
