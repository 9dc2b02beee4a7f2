package storetest

import (
	"bytes"
	"errors"
	"io/fs"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/extensions"
)

// Names of versions have the form of digests.
var first, second = extensions.Digest([]byte("first")), extensions.Digest([]byte("second"))

func versionReadsWhatWasPut(t trial) {
	record := []byte("0")
	t.putVersion(first, record)
	record[0] = 'x' // the store must not have kept it
	t.putVersion(second, []byte("2"))
	t.wantVersions(map[string]string{first: "0", second: "2"})
	t.putVersion(first, []byte("1"))
	t.wantVersions(map[string]string{first: "1", second: "2"})
}

func versionNotThere(t trial) {
	t.wantVersions(map[string]string{})
	if got, err := t.store.Version(t.Context(), first); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %s (%v), want fs.ErrNotExist", got, err)
	}
	if err := t.store.DeleteVersion(t.Context(), first); err != nil {
		t.Errorf("delete what is not there: %v", err)
	}
}

func versionDeleted(t trial) {
	t.putVersion(first, []byte("1"))
	t.putVersion(second, []byte("2"))
	for range 2 {
		if err := t.store.DeleteVersion(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		t.wantVersions(map[string]string{second: "2"})
		if got, err := t.store.Version(t.Context(), first); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %s (%v), want fs.ErrNotExist", got, err)
		}
	}
	t.putVersion(first, []byte("3"))
	t.wantVersions(map[string]string{first: "3", second: "2"})
}

// versionIsNoRecord makes sure that who watches extensions hears nothing of versions.
func versionIsNoRecord(t trial) {
	t.putVersion(first, []byte("1"))
	w := t.watch(t.Context())
	w.want(t, "caught up")
	t.putVersion(second, []byte("2"))
	t.put("finance", []byte("3"))
	w.want(t, "finance=3")
}

func moduleDeleted(t trial) {
	wasm := bytes.Repeat([]byte("\x00asm"), 100_000)
	digest := extensions.Digest(wasm)
	for range 2 {
		if err := t.store.PutModule(t.Context(), digest, wasm); err != nil {
			t.Fatal(err)
		}
		if got, err := t.store.Module(t.Context(), digest); err != nil || !bytes.Equal(got, wasm) {
			t.Fatalf("got %d bytes (%v), want %d", len(got), err, len(wasm))
		}
		for range 2 {
			if err := t.store.DeleteModule(t.Context(), digest); err != nil {
				t.Fatalf("delete: %v", err)
			}
			if _, err := t.store.Module(t.Context(), digest); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got %v, want fs.ErrNotExist", err)
			}
		}
	}
}

func (t trial) putVersion(version string, record []byte) {
	t.Helper()
	if err := t.store.PutVersion(t.Context(), version, record); err != nil {
		t.Fatal(err)
	}
}

func (t trial) wantVersions(want map[string]string) {
	t.Helper()
	records, err := t.store.Versions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for version, record := range records {
		got[version] = string(record)
		one, err := t.store.Version(t.Context(), version)
		if err != nil || !bytes.Equal(one, record) {
			t.Errorf("alone, version %s is %s (%v), among all it is %s", version, one, err, record)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
}
