package extensions

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// Held is why a version waits to be approved: it asks for more than the one in force.
type Held struct {
	// Over is the version in force when it was installed.
	Over Version `json:"over"`
	// Asks is what it asks for and that one does not, in words.
	Asks []string `json:"asks"`
}

// Approval is the record of who let a version into force that asked for more than the one before.
type Approval struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
	// Version is the version that was approved, manifest and module; what it asked for is in Asks.
	Version Version  `json:"version"`
	Asks    []string `json:"asks"`
}

// ErrNotHeld is returned when a version is approved that does not wait for it.
var ErrNotHeld = errors.New("version is not held")

// hold says that a version is to wait when it asks for more than the current one, unless it was in force before.
func (c *Catalogue) hold(ctx context.Context, i *Installed) error {
	record, revision, err := c.store.Record(ctx, string(i.Manifest.ID))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up the version before: %w", err)
	}
	current, err := decodeInstalled(string(i.Manifest.ID), record, revision)
	if err != nil {
		return nil //nolint:nilerr // nothing runs by a record that cannot be read, and installing over it is how to repair it
	}
	if current.Version == i.Version {
		i.Approval = current.Approval
		return nil
	}
	if known, err := c.Version(ctx, i.Version); err == nil && known.Held == nil {
		i.Approval = known.Approval // it was in force before: this is the way back
		return nil
	}
	if asks := i.Manifest.Wider(current.Manifest); len(asks) > 0 {
		i.Held = &Held{Over: current.Version, Asks: asks}
	}
	return nil
}

// Approve lets a version into force that was held, and notes who did.
//
// # Errors
//
// ErrNoVersion; ErrNotHeld; ErrDowngrade when a newer version came into force meanwhile, and nothing changes then; those of Install.
func (c *Catalogue) Approve(ctx context.Context, id ID, version Version, by string) (Installed, error) {
	i, err := c.Version(ctx, version)
	if err != nil {
		return Installed{}, fmt.Errorf("approve extension %s: %w", id, err)
	}
	if i.Manifest.ID != id || i.Held == nil {
		return Installed{}, fmt.Errorf("approve extension %s: %w: %s", id, ErrNotHeld, version.Short())
	}
	i.Approval = &Approval{By: by, At: c.config.Now().UTC(), Version: version, Asks: i.Held.Asks}
	i.Held, i.ReplacedAt = nil, time.Time{}
	return c.activate(ctx, i)
}
