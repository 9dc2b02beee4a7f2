package extensions_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/extensions"
)

func asking(t *testing.T, version, permissions string) *extensions.Package {
	t.Helper()
	p, err := extensions.NewPackage([]byte(`{"id":"x","name":"X","version":"`+version+`","wasm_file":"x.wasm","permissions":`+permissions+`}`),
		[]byte("\x00asm\x01\x00\x00\x00"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAnUpdateThatAsksForMoreIsHeld(t *testing.T) {
	t.Parallel()
	catalogue := setup(t).catalogue
	install := func(p *extensions.Package) extensions.Installed {
		installed, err := catalogue.Install(t.Context(), p, nil)
		if err != nil {
			t.Fatal(err)
		}
		return installed
	}
	current := func() extensions.Version {
		installed, err := catalogue.Installed(t.Context(), "x")
		if err != nil {
			t.Fatal(err)
		}
		return installed.Version
	}
	first, second := asking(t, "1", `{"methods":["query:ai."]}`), asking(t, "2", `{"methods":["query:ai.", "query:credentials.get"], "credentials": {"read": ["mail"]}}`)
	if got := install(first); got.Held != nil {
		t.Errorf("the first version is held: %+v", got.Held)
	}
	held := install(second)
	want := &extensions.Held{Over: first.Version(), Asks: []string{"method query:credentials.get", "credential to read mail"}}
	if diff := cmp.Diff(want, held.Held); diff != "" {
		t.Errorf("held (-want +got):\n%s", diff)
	}
	if current() != first.Version() {
		t.Error("it is in force, and nobody has approved it")
	}
	approved, err := catalogue.Approve(t.Context(), "x", second.Version(), "kim")
	if err != nil || current() != second.Version() {
		t.Fatalf("approved, and not in force: %v", err)
	}
	if a := approved.Approval; a == nil || a.By != "kim" || a.Version != second.Version() || a.At.IsZero() || len(a.Asks) != 2 {
		t.Errorf("the approval says %+v", a)
	}
	if _, err := catalogue.Approve(t.Context(), "x", second.Version(), "kim"); !errors.Is(err, extensions.ErrNotHeld) {
		t.Errorf("approved twice: %v", err)
	}
	if _, err := catalogue.Install(t.Context(), first, nil); !errors.Is(err, extensions.ErrDowngrade) {
		t.Errorf("back to an older version, and nobody asked for that: %v", err)
	}
	if err := catalogue.LowerFloor(t.Context(), "x", "1"); err != nil {
		t.Fatal(err)
	}
	if got := install(first); got.Held != nil || current() != first.Version() {
		t.Errorf("the way back is held: %+v", got.Held)
	}
	if got := install(second); got.Held != nil || got.Approval == nil || current() != second.Version() {
		t.Errorf("what was approved is held again: %+v", got)
	}
}

// A version that waits to be approved is none that others may not go below, and approving one that is too old by then changes nothing.
func TestHeldVersionsAndTheFloor(t *testing.T) {
	t.Parallel()
	catalogue := setup(t).catalogue
	install := func(p *extensions.Package) extensions.Installed {
		t.Helper()
		installed, err := catalogue.Install(t.Context(), p, nil)
		if err != nil {
			t.Fatal(err)
		}
		return installed
	}
	install(asking(t, "1", `{"methods":["query:ai."]}`))
	held := install(asking(t, "3", `{"methods":["query:ai.", "action:vdfs."]}`))
	if floor, err := catalogue.Floor(t.Context(), "x"); held.Held == nil || err != nil || floor != "1" {
		t.Errorf("held %v, and the floor is %q, %v", held.Held, floor, err)
	}
	if newer := install(asking(t, "4", `{"methods":["query:ai."]}`)); newer.Held != nil {
		t.Fatalf("a version that asks for no more is held: %+v", newer.Held)
	}
	if _, err := catalogue.Approve(t.Context(), "x", held.Version, "kim"); !errors.Is(err, extensions.ErrDowngrade) {
		t.Errorf("approved below the floor: %v", err)
	}
	if again, err := catalogue.Version(t.Context(), held.Version); err != nil || again.Held == nil || again.Approval != nil {
		t.Errorf("what could not be approved is %+v, %v", again, err)
	}
}

func TestWider(t *testing.T) {
	t.Parallel()
	for now, want := range map[string]string{
		`{"methods":["query:ai.ocr", "vdfs."], "http": [{"hosts": ["a.example", "b.example"]}], "sidecars": ["a"]}`: "",
		`{"methods":["query:ai.ocr.v2", "query:vdfs.", "action:vdfs.x."], "sidecars": []}`:                          "",
		`{"methods":["ai.ocr"], "sidecars": []}`:                                                                    "method ai.ocr",
		`{"methods":["query:ai."], "sidecars": []}`:                                                                 "method query:ai.",
		`{"methods":["vdfs.get"], "sidecars": []}`:                                                                  "method vdfs.get",
		`{"sidecars": ["ab"]}`: "sidecar ab",
		`{"sidecars": ["a*"]}`: "sidecar a*",
		`{}`:                   "any sidecar",
		`{"sidecars": [], "http": [{"hosts": ["a.example"], "ports": [80]}]}`:          "requests to a.example port 80",
		`{"sidecars": [], "http": [{"hosts": ["*.a.example"]}]}`:                       "requests to *.a.example",
		`{"sidecars": [], "network_access": ["c.example"]}`:                            "requests to c.example",
		`{"sidecars": [], "credentials": {"use": ["c"]}}`:                              "credential to use c",
		`{"sidecars": [], "dispatch": ["other"]}`:                                      "extension whose jobs to dispatch other",
		`{"sidecars": [], "libraries": ["*", "0b6f0f3e-4a8e-4f0e-9d8c-1f6f4f0f7a01"]}`: "library 0b6f0f3e-4a8e-4f0e-9d8c-1f6f4f0f7a01",
		`{"sidecars": [], "rate_limits": {"requests_per_minute": 1001}}`:               "1001 requests a minute instead of 1000",
	} {
		before := asking(t, "1", `{"methods":["query:ai.ocr", "vdfs."], "http": [{"hosts": ["a.example", "b.example"]}], "sidecars": ["a"]}`).Manifest
		if got := strings.Join(asking(t, "2", now).Manifest.Wider(before), "; "); got != want {
			t.Errorf("%s: got %q, want %q", now, got, want)
		}
	}
}
