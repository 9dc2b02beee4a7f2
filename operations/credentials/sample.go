package credentials

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/operations/store"
)

// Sample is a sealed credential. It gives nothing away, and tells whether a master key is the one that seals here.
type Sample struct {
	Library uuid.UUID `json:"library"`
	ID      string    `json:"credential_id"`
	// KeyID is that of the key which sealed it.
	KeyID  string `json:"key_id"`
	Sealed []byte `json:"sealed"`
}

// ErrOtherKey is returned by Opens for a key that did not seal the sample.
var ErrOtherKey = errors.New("it is sealed with another master key")

// TakeSample returns a credential of the store as it is kept; nil when there is none.
func TakeSample(ctx context.Context, db *store.DB) (*Sample, error) {
	s := &Sample{}
	err := db.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT library_id, credential_id, key_id, sealed FROM credentials ORDER BY updated_at DESC LIMIT 1`).
			Scan(&s.Library, &s.ID, &s.KeyID, &s.Sealed)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // there is none
	}
	if err != nil {
		return nil, fmt.Errorf("read credential: %w", err)
	}
	return s, nil
}

// Opens tells whether a key opens the sample.
//
// # Errors
//
// ErrOtherKey.
func (s *Sample) Opens(key *Key) error {
	if _, err := key.open(s.Library, s.ID, s.Sealed); err != nil {
		return fmt.Errorf("%w: %s, not %s", ErrOtherKey, s.KeyID, key.ID())
	}
	return nil
}
