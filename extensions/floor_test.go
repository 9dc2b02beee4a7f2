package extensions_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/airlock-run/airlock/extensions"
)

func atVersion(t *testing.T, version string) *extensions.Package {
	t.Helper()
	p, err := extensions.NewPackage([]byte(`{"id":"aged","name":"A","version":"`+version+`","wasm_file":"a.wasm"}`), []byte(header+version))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNoDowngrade(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, then string
		refused      bool
	}{
		"ok: newer":                      {"1.9.0", "1.10.0", false},
		"ok: the same":                   {"1.2.3", "1.2.3", false},
		"ok: release after candidate":    {"2.0.0-rc.1", "2.0.0", false},
		"ok: the first was no version":   {"tuesday", "0.1.0", false},
		"ok: both are none":              {"tuesday", "monday", false},
		"refused: older":                 {"1.10.0", "1.9.0", true},
		"refused: candidate of the same": {"2.0.0", "2.0.0-rc.1", true},
		"refused: short":                 {"2.1.0", "2", true},
		"refused: no version":            {"1.2.3", "tuesday", true},
		"refused: leading zeros":         {"1.2.3", "01.9.9", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			if _, err := b.catalogue.Install(t.Context(), atVersion(t, c.before), nil); err != nil {
				t.Fatal(err)
			}
			// Removing it is no way around.
			if err := b.catalogue.Remove(t.Context(), "aged"); err != nil {
				t.Fatal(err)
			}
			_, err := b.catalogue.Install(t.Context(), atVersion(t, c.then), nil)
			if errors.Is(err, extensions.ErrDowngrade) != c.refused || !c.refused && err != nil {
				t.Fatalf("got %v", err)
			}
			if err != nil && !strings.Contains(err.Error(), c.before) {
				t.Errorf("it does not name the version: %v", err)
			}
			if err := b.catalogue.LowerFloor(t.Context(), "aged", c.then); err != nil {
				t.Fatal(err)
			}
			if _, err := b.catalogue.Install(t.Context(), atVersion(t, c.then), nil); err != nil {
				t.Errorf("allowed, and then: %v", err)
			}
		})
	}
}

func TestLowerFloorRaisesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if _, err := b.catalogue.Install(t.Context(), atVersion(t, "1.0.0"), nil); err != nil {
		t.Fatal(err)
	}
	if err := b.catalogue.LowerFloor(t.Context(), "aged", "2.0.0"); err != nil {
		t.Fatal(err)
	}
	if floor, err := b.catalogue.Floor(t.Context(), "aged"); err != nil || floor != "1.0.0" {
		t.Errorf("the floor is %q, %v", floor, err)
	}
}

// Of many that install at once, the floor is that of the newest.
func TestFloorOfMany(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var group sync.WaitGroup
	for _, version := range []string{"1.0.0", "1.3.0", "1.1.0", "1.2.0", "1.0.5", "1.2.9"} {
		p := atVersion(t, version)
		group.Go(func() {
			if _, err := b.catalogue.Install(t.Context(), p, nil); err != nil && !errors.Is(err, extensions.ErrDowngrade) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if floor, err := b.catalogue.Floor(t.Context(), "aged"); err != nil || floor != "1.3.0" {
		t.Errorf("the floor is %q, %v", floor, err)
	}
}
