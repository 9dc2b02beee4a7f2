package capabilities

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/google/uuid"
)

// Reader reads what operator and owners have said as it is at this moment, of which a [Store] tells a little later. Where there is nothing
// the error is fs.ErrNotExist.
type Reader interface {
	ReadPolicy(ctx context.Context) (text []byte, revision uint64, err error)
	Library(ctx context.Context, id uuid.UUID) (record []byte, revision uint64, err error)
}

// Refresh reads the policy and one library anew, so that what is refused for good is not refused because a grant that was made just now is
// still on its way here. It only goes ahead of what [Authority.Follow] has brought, never back; what cannot be read changes nothing, as there.
//
// # Errors
//
// The reader's: then what is known may be of the past.
func (a *Authority) Refresh(ctx context.Context, reader Reader, library uuid.UUID) error {
	text, revision, err := reader.ReadPolicy(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("refresh policy: %w", err)
	case a.behind(revision):
		if policy, err := ParsePolicy(text); err == nil {
			a.SetPolicy(policy, revision)
		}
	}
	record, revision, err := reader.Library(ctx, library)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("refresh library: %w", err)
	}
	l, err := ParseLibraryRecord(record)
	if err != nil || l.ID != library {
		return nil // it grants nothing, and Follow says so to people
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	// Revisions are those of all libraries together: one that is not ahead was brought already, or what came after it.
	if a.libraries != nil && revision > a.newest {
		a.libraries[library] = l
	}
	return nil
}

func (a *Authority) behind(revision uint64) bool {
	_, known := a.Policy()
	return known < revision
}
