package extensions

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
)

// ErrNoVersion is returned for a version that the catalogue does not keep, or not any more.
var ErrNoVersion = errors.New("version is not kept")

// Version returns a version of an extension, whether it is the current one, was replaced or was removed.
//
// # Errors
//
// ErrNoVersion; the store's errors; a record that cannot be read.
func (c *Catalogue) Version(ctx context.Context, version Version) (Installed, error) {
	record, err := c.store.Version(ctx, string(version))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Installed{}, fmt.Errorf("%w: %s", ErrNoVersion, version.Short())
	case err != nil:
		return Installed{}, fmt.Errorf("look up version %s: %w", version.Short(), err)
	}
	return decodeVersion(version, record)
}

// Versions returns the versions of an extension that are kept, the one installed last first.
func (c *Catalogue) Versions(ctx context.Context, id ID) ([]Installed, error) {
	kept, err := c.versions(ctx)
	if err != nil {
		return nil, fmt.Errorf("list versions of extension %s: %w", id, err)
	}
	kept = slices.DeleteFunc(kept, func(i Installed) bool { return i.Manifest.ID != id })
	slices.SortFunc(kept, func(a, b Installed) int {
		return cmp.Or(b.InstalledAt.Compare(a.InstalledAt), cmp.Compare(a.Version, b.Version))
	})
	return kept, nil
}

// versions returns all that are kept. A record that cannot be read is logged and passed over.
func (c *Catalogue) versions(ctx context.Context) ([]Installed, error) {
	records, err := c.store.Versions(ctx)
	if err != nil {
		return nil, err //nolint:wrapcheck // its callers say what they wanted
	}
	kept := make([]Installed, 0, len(records))
	for version, record := range records {
		i, err := decodeVersion(Version(version), record)
		if err != nil {
			c.config.Logger.ErrorContext(ctx, "version cannot be read", slog.Any("error", err))
			continue
		}
		kept = append(kept, i)
	}
	return kept, nil
}

func (c *Catalogue) putVersion(ctx context.Context, i Installed) error {
	i.Revision = 0 // of the record by id
	record, err := json.Marshal(i)
	if err != nil {
		return fmt.Errorf("encode record of version: %w", err)
	}
	if err := c.store.PutVersion(ctx, string(i.Version), record); err != nil {
		return fmt.Errorf("put record of version: %w", err)
	}
	return nil
}

// retire notes that an extension's current version is replaced by another one, or by none. It is found as a version from
// then on, even if it was installed before versions were kept.
func (c *Catalogue) retire(ctx context.Context, id ID, by Version) error {
	record, revision, err := c.store.Record(ctx, string(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up the version before: %w", err)
	}
	current, err := decodeInstalled(string(id), record, revision)
	if err != nil {
		// Nothing runs by a record that cannot be read, and installing over it is how to repair it.
		c.config.Logger.WarnContext(ctx, "version before cannot be kept", slog.String("extension", string(id)), slog.Any("error", err))
		return nil
	}
	if current.Version == by {
		return nil
	}
	current.ReplacedAt = c.config.Now().UTC()
	return c.putVersion(ctx, current)
}

// prune removes versions that were replaced long ago, and modules that only they had. A version that nobody noted as
// replaced, as two were installed at the same time, counts as replaced from now on.
func (c *Catalogue) prune(ctx context.Context) error {
	current, err := c.All(ctx)
	if err != nil {
		return err
	}
	kept, err := c.versions(ctx)
	if err != nil {
		return fmt.Errorf("list versions: %w", err)
	}
	now := c.config.Now().UTC()
	used, obsolete := map[string]bool{}, []Installed{}
	for _, i := range current {
		used[i.Digest] = true
	}
	for _, i := range kept {
		isCurrent := slices.ContainsFunc(current, func(other Installed) bool { return other.Version == i.Version })
		switch {
		case isCurrent:
		case i.ReplacedAt.IsZero():
			i.ReplacedAt = now
			if err := c.putVersion(ctx, i); err != nil {
				return err
			}
		case now.Sub(i.ReplacedAt) > keepReplaced:
			obsolete = append(obsolete, i)
			continue
		}
		used[i.Digest] = true
	}
	for _, i := range obsolete {
		// The module last: a record must never name one that is not there.
		if err := c.store.DeleteVersion(ctx, string(i.Version)); err != nil {
			return fmt.Errorf("delete version %s: %w", i.Version.Short(), err)
		}
		if used[i.Digest] {
			continue
		}
		if err := c.store.DeleteModule(ctx, i.Digest); err != nil {
			return fmt.Errorf("delete module %s: %w", i.Digest, err)
		}
	}
	return nil
}
