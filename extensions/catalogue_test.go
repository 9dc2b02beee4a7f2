package extensions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/extensions/storetest"
)

var (
	noon    = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	counter = []extensions.JobInfo{{Name: "count", Export: "execute_count", Resumable: true}}
)

type bundle struct {
	store     *storetest.Memory
	catalogue *extensions.Catalogue
	log       *bytes.Buffer
}

func setup(t *testing.T) bundle {
	t.Helper()
	b := bundle{store: storetest.NewMemory(), log: &bytes.Buffer{}}
	var err error
	b.catalogue, err = extensions.NewCatalogue(b.store, extensions.CatalogueConfig{
		Now: func() time.Time { return noon }, Logger: slog.New(slog.NewTextHandler(b.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b bundle) install(t *testing.T, id, wasm, members string) extensions.Installed {
	t.Helper()
	text := strings.Replace(minimal(`"author": "me"`+members), `"finance"`, `"`+id+`"`, 1)
	p, err := extensions.NewPackage([]byte(text), []byte(header+wasm))
	if err != nil {
		t.Fatal(err)
	}
	i, err := b.catalogue.Install(t.Context(), p, counter)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestInstall(t *testing.T) {
	t.Parallel()
	t.Run("ok", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		want := b.install(t, "finance", "1", `, "triggers": [{"event": "mail.*", "job": "count"}], "icon": "x"`)
		got, err := b.catalogue.Installed(t.Context(), "finance")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if got.Size != 9 || !got.InstalledAt.Equal(noon) || got.Revision == 0 || !strings.Contains(string(got.Manifest.Raw()), `"icon":"x"`) {
			t.Errorf("got %+v", got)
		}
		if job, ok := got.Job("count"); !ok || job != counter[0] {
			t.Errorf("job count: got %+v, %v", job, ok)
		}
		if _, ok := got.Job("other"); ok {
			t.Error("it has a job that it has not")
		}
		wasm, err := b.catalogue.Module(t.Context(), got.Digest)
		if err != nil || string(wasm) != header+"1" {
			t.Errorf("module: got %q (%v)", wasm, err)
		}
	})
	t.Run("replaces, and keeps the module before", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		before, after := b.install(t, "finance", "1", ""), b.install(t, "finance", "2", "")
		got, err := b.catalogue.Installed(t.Context(), "finance")
		if err != nil || got.Digest != after.Digest || got.Revision <= before.Revision {
			t.Errorf("got %+v (%v)", got, err)
		}
		if _, err := b.catalogue.Module(t.Context(), before.Digest); err != nil {
			t.Errorf("module before: %v", err)
		}
	})
	t.Run("refused: a job the module lacks", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		p, err := extensions.NewPackage([]byte(minimal(`"triggers": [{"event": "a", "job": "count"}, {"event": "a", "job": "cuont"}], "jobs": {"z": {}, "b": {}}`)), []byte(header))
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.catalogue.Install(t.Context(), p, counter)
		var invalid *extensions.InvalidError
		if !errors.As(err, &invalid) {
			t.Fatalf("got %v", err)
		}
		want := strings.Join([]string{
			`manifest.json: triggers[1].job: the module registers no job "cuont", it registers count`,
			`manifest.json: jobs.b: the module registers no job "b", it registers count`,
			`manifest.json: jobs.z: the module registers no job "z", it registers count`,
		}, "\n")
		if diff := cmp.Diff(want, invalid.Error()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if _, err := b.catalogue.Installed(t.Context(), "finance"); !errors.Is(err, extensions.ErrNotInstalled) {
			t.Errorf("it was installed all the same: %v", err)
		}
	})
}

func TestInstalledAsJSON(t *testing.T) {
	t.Parallel()
	want := setup(t).install(t, "finance", "1", `, "homepage": "https://example.com/?a=1&b=2"`)
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got extensions.Installed
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	b := setup(t)
	installed := b.install(t, "finance", "1", "")
	if err := b.catalogue.Remove(t.Context(), "finance"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.catalogue.Installed(t.Context(), "finance"); !errors.Is(err, extensions.ErrNotInstalled) || !strings.Contains(err.Error(), "finance") {
		t.Errorf("got %v", err)
	}
	if err := b.catalogue.Remove(t.Context(), "finance"); !errors.Is(err, extensions.ErrNotInstalled) {
		t.Errorf("removing again: %v", err)
	}
	if _, err := b.catalogue.Module(t.Context(), installed.Digest); err != nil {
		t.Errorf("the module of running jobs is gone: %v", err)
	}
}

func TestModule(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if _, err := b.catalogue.Module(t.Context(), extensions.Digest([]byte("x"))); !errors.Is(err, extensions.ErrNotInstalled) {
		t.Errorf("not there: %v", err)
	}
	if err := b.store.PutModule(t.Context(), extensions.Digest([]byte("x")), []byte("y")); err != nil {
		t.Fatal(err)
	}
	if wasm, err := b.catalogue.Module(t.Context(), extensions.Digest([]byte("x"))); err == nil || wasm != nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("damaged: got %q (%v)", wasm, err)
	}
}

func TestAll(t *testing.T) {
	t.Parallel()
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		if all, err := setup(t).catalogue.All(t.Context()); err != nil || len(all) != 0 {
			t.Errorf("got %v (%v)", all, err)
		}
	})
	t.Run("ordered, with those that cannot be read as an error", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		for _, id := range []string{"c", "a", "gone", "b"} {
			b.install(t, id, "", "")
		}
		if err := b.catalogue.Remove(t.Context(), "gone"); err != nil {
			t.Fatal(err)
		}
		b.put(t, "d", "{}")
		all, err := b.catalogue.All(t.Context())
		var ids []string
		for _, i := range all {
			ids = append(ids, string(i.Manifest.ID))
		}
		if diff := cmp.Diff([]string{"a", "b", "c"}, ids); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if err == nil || !strings.Contains(err.Error(), "record of extension d") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("the context ended", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := setup(t).catalogue.All(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestUnreadableRecords(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.install(t, "finance", "", "")
	record, _, err := b.store.Record(t.Context(), "finance")
	if err != nil {
		t.Fatal(err)
	}
	for id, text := range map[string]string{"a": "", "b": "{}", "c": `{"manifest": {"id": "c"}}`, "not-finance": string(record)} {
		b.put(t, id, text)
		if _, err := b.catalogue.Installed(t.Context(), extensions.ID(id)); err == nil || errors.Is(err, extensions.ErrNotInstalled) {
			t.Errorf("%s: got %v", id, err)
		}
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.install(t, "finance", "1", "")
	ctx, stop := context.WithCancel(t.Context())
	seen, ended := make(chan string, 10), make(chan error, 1)
	go func() {
		ended <- b.catalogue.Watch(ctx, func() { seen <- "caught up" }, func(c extensions.Change) {
			if c.Installed == nil {
				seen <- fmt.Sprintf("%s gone", c.ID)
				return
			}
			seen <- fmt.Sprintf("%s of %d bytes", c.Installed.Manifest.ID, c.Installed.Size)
		})
	}()
	expect := func(want string) {
		t.Helper()
		select {
		case got := <-seen:
			if got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
		case err := <-ended:
			t.Fatalf("ended with %v before %q", err, want)
		}
	}
	expect("finance of 9 bytes")
	expect("caught up")
	b.install(t, "finance", "22", "")
	expect("finance of 10 bytes")
	b.put(t, "finance", "{}")
	expect("finance gone")
	b.install(t, "finance", "", "")
	expect("finance of 8 bytes")
	if err := b.catalogue.Remove(t.Context(), "finance"); err != nil {
		t.Fatal(err)
	}
	expect("finance gone")
	stop()
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
	if got := b.log.String(); strings.Count(got, "is treated as removed\" extension=finance") != 1 {
		t.Errorf("the log is %s", got)
	}
}

func TestNewCatalogueRefuses(t *testing.T) {
	t.Parallel()
	if _, err := extensions.NewCatalogue(nil, extensions.CatalogueConfig{}); err == nil {
		t.Error("a catalogue without a store was made")
	}
}

func (b bundle) put(t *testing.T, id, record string) {
	t.Helper()
	if _, err := b.store.PutRecord(t.Context(), id, []byte(record)); err != nil {
		t.Fatal(err)
	}
}
