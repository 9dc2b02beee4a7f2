package node

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/internal/guests"
	"github.com/airlock-run/airlock/operations/entries"
	"github.com/airlock-run/airlock/operations/store"
)

// What a manifest declares as an index is one once the extension is installed, of the entries that were there as well.
func TestIndexesOfAManifestAreBuilt(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "airlock.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	conn := bustest.Connect(t, bustest.Start(t))
	catalogue, err := Catalogue(t.Context(), conn, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	library := uuid.New()
	err = db.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO entries (library_id, id, name, path, entry_type, metadata, content, created_at, updated_at)
			VALUES ($1, $2, 'a', '/a', 'receipt', '{"total": 1}', '', 1, 1)`, library.String(), uuid.NewString())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		if err := entries.Maintain(ctx, db, catalogue, slog.New(slog.DiscardHandler)); err != nil {
			t.Error(err)
		}
	})
	defer group.Wait()
	defer cancel()
	find := func() (page entries.Page, err error) {
		err = db.Read(t.Context(), func(tx *store.Tx) error {
			page, err = entries.Find(t.Context(), tx, db.Dialect(), entries.Query{Library: library, EntryType: "receipt", Sort: "-metadata.total", Limit: 1})
			return err
		})
		return page, err
	}
	if _, err := find(); bus.CodeOf(err) != bus.InvalidArgument {
		t.Errorf("sorted by what is no index: %v", err)
	}
	wasm, err := os.ReadFile(filepath.Join(guests.Root(t), "runner", "sandbox", "testdata", "guest.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := extensions.NewPackage([]byte(`{"id":"test-extension","name":"Test","version":"1.0.0","wasm_file":"guest.wasm",
		"indexes":[{"entry_type":"receipt","field":"total","type":"number"}]}`), wasm)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := catalogue.Install(t.Context(), p, nil); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); ; <-tick.C {
		page, err := find()
		if err == nil {
			if len(page.Entries) != 1 || page.Entries[0].Path != "/a" {
				t.Errorf("found %v", page.Entries)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
