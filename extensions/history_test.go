package extensions_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/extensions"
)

func TestVersionNamesManifestAndModule(t *testing.T) {
	t.Parallel()
	version := func(manifest, wasm string) extensions.Version {
		t.Helper()
		p, err := extensions.NewPackage([]byte(manifest), []byte(header+wasm))
		if err != nil {
			t.Fatal(err)
		}
		return p.Version()
	}
	base := version(minimal(`"author": "me"`), "1")
	if again := version(strings.ReplaceAll(minimal(`"author": "me"`), `: `, ` :   `), "1"); again != base {
		t.Error("space in the manifest makes another version")
	}
	if version(minimal(`"author": "you"`), "1") == base || version(minimal(`"author": "me"`), "2") == base {
		t.Error("another manifest or module is the same version")
	}
	if digits := base.Short(); len(digits) != 12 || !strings.HasPrefix(string(base), "sha256:"+digits) {
		t.Errorf("%s is %q in short", base, digits)
	}
	if got := extensions.Version("x").Short(); got != "x" {
		t.Errorf("what is no version is %q in short", got)
	}
}

// clocked is a bundle whose clock can be put forward.
func clocked(t *testing.T) (b bundle, forward func(time.Duration)) {
	t.Helper()
	b, now := setup(t), noon
	var err error
	b.catalogue, err = extensions.NewCatalogue(b.store, extensions.CatalogueConfig{
		Now: func() time.Time { return now }, Logger: slog.New(slog.NewTextHandler(b.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return b, func(d time.Duration) { now = now.Add(d) }
}

// wantKept compares the versions of an extension that are kept, newest first.
func (b bundle) wantKept(t *testing.T, id extensions.ID, want ...extensions.Installed) {
	t.Helper()
	kept, err := b.catalogue.Versions(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	names := func(all []extensions.Installed) (versions []extensions.Version) {
		for _, i := range all {
			versions = append(versions, i.Version)
		}
		return versions
	}
	if diff := cmp.Diff(names(want), names(kept)); diff != "" {
		t.Errorf("versions of %s (-want +got):\n%s", id, diff)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	t.Run("replaced: kept as it was", func(t *testing.T) {
		t.Parallel()
		b, forward := clocked(t)
		first := b.install(t, "finance", "1", `, "limits": {"fuel": 7}`)
		forward(time.Hour)
		second := b.install(t, "finance", "2", "")
		b.install(t, "counter", "2", "")
		got, err := b.catalogue.Version(t.Context(), first.Version)
		if err != nil {
			t.Fatal(err)
		}
		want := first
		want.Revision, want.ReplacedAt = 0, noon.Add(time.Hour)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if got.Manifest.Limits.Fuel != 7 {
			t.Error("it has not its own manifest")
		}
		current, err := b.catalogue.Version(t.Context(), second.Version)
		if err != nil || !current.ReplacedAt.IsZero() {
			t.Errorf("the current version: %+v (%v)", current, err)
		}
		b.wantKept(t, "finance", second, first)
	})
	t.Run("of one module: each with its manifest", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		first, second := b.install(t, "finance", "1", ""), b.install(t, "finance", "1", `, "icon": "x"`)
		if first.Version == second.Version || first.Digest != second.Digest {
			t.Fatalf("versions %s and %s, modules %s and %s", first.Version, second.Version, first.Digest, second.Digest)
		}
		if got, err := b.catalogue.Version(t.Context(), first.Version); err != nil || !got.Manifest.Equal(first.Manifest) {
			t.Errorf("got %+v (%v)", got, err)
		}
	})
	t.Run("removed: kept", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		installed := b.install(t, "finance", "1", "")
		if err := b.catalogue.Remove(t.Context(), "finance"); err != nil {
			t.Fatal(err)
		}
		if got, err := b.catalogue.Version(t.Context(), installed.Version); err != nil || !got.ReplacedAt.Equal(noon) {
			t.Errorf("got %+v (%v)", got, err)
		}
	})
	t.Run("not there", func(t *testing.T) {
		t.Parallel()
		if _, err := setup(t).catalogue.Version(t.Context(), extensions.Version(extensions.Digest(nil))); !errors.Is(err, extensions.ErrNoVersion) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("installed by an earlier release: kept when it is replaced", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		first := b.install(t, "finance", "1", "")
		if err := b.store.DeleteVersion(t.Context(), string(first.Version)); err != nil {
			t.Fatal(err)
		}
		b.put(t, "finance", `{"manifest": `+string(first.Manifest.Raw())+`, "digest": "`+first.Digest+`"}`)
		if got, err := b.catalogue.Installed(t.Context(), "finance"); err != nil || got.Version != first.Version {
			t.Errorf("its version is %s (%v), want %s", got.Version, err, first.Version)
		}
		b.install(t, "finance", "2", "")
		if got, err := b.catalogue.Version(t.Context(), first.Version); err != nil || got.Digest != first.Digest {
			t.Errorf("got %+v (%v)", got, err)
		}
	})
	t.Run("damaged: an error, and no harm to others", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		first := b.install(t, "finance", "1", "")
		second := b.install(t, "finance", "2", "")
		record, err := json.Marshal(second)
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"empty": "", "no manifest": "{}", "another version": string(record)} {
			if err := b.store.PutVersion(t.Context(), string(first.Version), []byte(text)); err != nil {
				t.Fatal(err)
			}
			if _, err := b.catalogue.Version(t.Context(), first.Version); err == nil || errors.Is(err, extensions.ErrNoVersion) {
				t.Errorf("%s: got %v", name, err)
			}
			b.wantKept(t, "finance", second)
		}
	})
	t.Run("the store does not answer: nothing is installed", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		first := b.install(t, "finance", "1", "")
		p, err := extensions.NewPackage([]byte(minimal(`"author": "me"`)), []byte(header+"2"))
		if err != nil {
			t.Fatal(err)
		}
		ended, end := context.WithCancel(t.Context())
		end()
		if _, err := b.catalogue.Install(ended, p, counter); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if got, err := b.catalogue.Installed(t.Context(), "finance"); err != nil || got.Version != first.Version {
			t.Errorf("%s is installed (%v)", got.Version, err)
		}
	})
}

func TestOldVersionsAreRemoved(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	gone := func(t *testing.T, b bundle, i extensions.Installed, version, module bool) {
		t.Helper()
		if _, err := b.catalogue.Version(t.Context(), i.Version); errors.Is(err, extensions.ErrNoVersion) != version {
			t.Errorf("version %s: %v, want it gone: %v", i.Version.Short(), err, version)
		}
		if _, err := b.catalogue.Module(t.Context(), i.Digest); errors.Is(err, extensions.ErrNotInstalled) != module {
			t.Errorf("module of %s: %v, want it gone: %v", i.Version.Short(), err, module)
		}
	}
	t.Run("30 days after they were replaced, at the next install", func(t *testing.T) {
		t.Parallel()
		b, forward := clocked(t)
		first := b.install(t, "finance", "1", "")
		forward(100 * day) // as a current version it has no age
		second := b.install(t, "finance", "2", "")
		forward(30 * day)
		third := b.install(t, "finance", "3", "")
		gone(t, b, first, false, false)
		forward(time.Second)
		b.install(t, "counter", "x", "") // of whatever extension
		gone(t, b, first, true, true)
		gone(t, b, second, false, false)
		gone(t, b, third, false, false)
	})
	t.Run("of an extension that was removed", func(t *testing.T) {
		t.Parallel()
		b, forward := clocked(t)
		first := b.install(t, "finance", "1", "")
		if err := b.catalogue.Remove(t.Context(), "finance"); err != nil {
			t.Fatal(err)
		}
		forward(31 * day)
		b.install(t, "counter", "x", "")
		gone(t, b, first, true, true)
	})
	t.Run("but not a module that another version has", func(t *testing.T) {
		t.Parallel()
		b, forward := clocked(t)
		first := b.install(t, "finance", "1", "")
		b.install(t, "finance", "1", `, "icon": "x"`)
		forward(31 * day)
		b.install(t, "counter", "x", "")
		gone(t, b, first, true, false)
	})
	t.Run("but not one that is installed again", func(t *testing.T) {
		t.Parallel()
		b, forward := clocked(t)
		first := b.install(t, "finance", "1", "")
		second := b.install(t, "finance", "2", "")
		forward(31 * day)
		again := b.install(t, "finance", "1", "")
		if again.Version != first.Version {
			t.Fatal("the same again is another version")
		}
		gone(t, b, first, false, false)
		forward(31 * day)
		b.install(t, "counter", "x", "")
		gone(t, b, first, false, false)
		gone(t, b, second, true, true)
	})
	t.Run("one that nobody noted as replaced counts from when it is found", func(t *testing.T) {
		t.Parallel()
		b, forward := clocked(t)
		first := b.install(t, "finance", "1", "")
		record, err := b.store.Version(t.Context(), string(first.Version))
		if err != nil {
			t.Fatal(err)
		}
		b.install(t, "finance", "2", "")
		// As if the other install had read the list before this one wrote to it.
		if err := b.store.PutVersion(t.Context(), string(first.Version), record); err != nil {
			t.Fatal(err)
		}
		forward(31 * day)
		b.install(t, "finance", "3", "")
		gone(t, b, first, false, false)
		forward(31 * day)
		b.install(t, "finance", "4", "")
		gone(t, b, first, true, true)
	})
}

func TestJobLimits(t *testing.T) {
	t.Parallel()
	m, err := extensions.ParseManifest([]byte(minimal(`"limits": {"fuel": 5}, "jobs": {"a": {"limits": {"fuel": 9}}, "b": {"limits": {}}}`)))
	if err != nil {
		t.Fatal(err)
	}
	for job, want := range map[string]int{"a": 9, "b": 5, "not listed": 5} {
		if got := m.JobLimits(job).Fuel; got != want {
			t.Errorf("job %s may burn %d, want %d", job, got, want)
		}
	}
}
