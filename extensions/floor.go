package extensions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"golang.org/x/mod/semver"
)

// ErrDowngrade is returned for an extension that is older than one that was installed before.
var ErrDowngrade = errors.New("extension is older than one that was installed before")

// floor is the greatest version of an extension that was ever installed. It outlives the extension, so that removing one is no way to
// bring back an old version with its known holes.
type floor struct {
	Version string    `json:"version"`
	At      time.Time `json:"at"`
}

// Floor is the version that an extension may not go below, in the order of semantic versions; empty when there is none.
func (c *Catalogue) Floor(ctx context.Context, id ID) (string, error) {
	f, _, err := c.floor(ctx, id)
	return f.Version, err
}

// LowerFloor lets an extension go down to a version from now on.
func (c *Catalogue) LowerFloor(ctx context.Context, id ID, version string) error {
	for {
		f, revision, err := c.floor(ctx, id)
		if err != nil || below(f.Version, version) || f.Version == "" {
			return err
		}
		if err := c.putFloor(ctx, id, version, revision); !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
}

// checkFloor refuses a version that is below the floor.
func (c *Catalogue) checkFloor(ctx context.Context, m *Manifest) (revision uint64, raise bool, err error) {
	f, revision, err := c.floor(ctx, m.ID)
	switch {
	case err != nil:
		return 0, false, err
	case f.Version == "":
		return revision, canonical(m.Version) != "", nil
	case canonical(m.Version) == "":
		return 0, false, fmt.Errorf("%w: %s %s was, and %s is no semantic version, so nobody can tell which is newer: write one such as 1.2.3, or allow a downgrade",
			ErrDowngrade, m.ID, f.Version, quote(m.Version))
	case below(m.Version, f.Version):
		return 0, false, fmt.Errorf("%w: %s %s was, this is %s: allow a downgrade if that is meant", ErrDowngrade, m.ID, f.Version, m.Version)
	}
	return revision, below(f.Version, m.Version), nil
}

// raiseFloor notes that a version is about to be installed. Who has installed a greater one meanwhile wins.
func (c *Catalogue) raiseFloor(ctx context.Context, m *Manifest) error {
	for {
		revision, raise, err := c.checkFloor(ctx, m)
		if err != nil || !raise {
			return err
		}
		if err := c.putFloor(ctx, m.ID, m.Version, revision); !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
}

func (c *Catalogue) floor(ctx context.Context, id ID) (f floor, revision uint64, err error) {
	record, revision, err := c.store.Floor(ctx, string(id))
	if errors.Is(err, fs.ErrNotExist) {
		return floor{}, 0, nil
	}
	if err != nil {
		return floor{}, 0, fmt.Errorf("look up the floor of extension %s: %w", id, err)
	}
	if err := json.Unmarshal(record, &f); err != nil || f.Version != "" && canonical(f.Version) == "" {
		return floor{}, 0, fmt.Errorf("look up the floor of extension %s: the record %s cannot be read", id, quote(string(record)))
	}
	return f, revision, nil
}

func (c *Catalogue) putFloor(ctx context.Context, id ID, version string, revision uint64) error {
	f := floor{At: c.config.Now().UTC()}
	if canonical(version) != "" {
		f.Version = version
	}
	record, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("encode floor: %w", err)
	}
	if err := c.store.PutFloor(ctx, string(id), record, revision); err != nil {
		return fmt.Errorf("put the floor of extension %s: %w", id, err)
	}
	return nil
}

// canonical is a version as package semver wants it; empty when it is none.
func canonical(version string) string {
	return semver.Canonical("v" + strings.TrimPrefix(version, "v"))
}

func below(a, b string) bool { return semver.Compare(canonical(a), canonical(b)) < 0 }
