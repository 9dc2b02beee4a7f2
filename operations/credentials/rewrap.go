package credentials

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// Rewrapped is what came of a change of the master key.
type Rewrapped struct {
	// KeyID is the key in force.
	KeyID string `json:"key_id"`
	// Rewrapped are the credentials that are sealed with it now and were not before, Left those of keys that this service does not have.
	Rewrapped int `json:"rewrapped"`
	Left      int `json:"left"`
}

// Rewrap seals with the key in force the keys of all credentials that a previous one sealed. No secret is read for that. Interrupted, it
// can be begun again.
func (v *Vault) Rewrap(ctx context.Context) (Rewrapped, error) {
	out := Rewrapped{KeyID: v.key.ID()}
	type other struct{ library, id, keyID string }
	var others []other
	err := v.db.Read(ctx, func(tx *store.Tx) error {
		others = nil
		return tx.Query(ctx, func(scan func(...any) error) error {
			var o other
			err := scan(&o.library, &o.id, &o.keyID)
			others = append(others, o)
			return err
		}, `SELECT library_id, credential_id, key_id FROM credentials WHERE key_id <> $1`, v.key.ID())
	})
	if err != nil {
		return out, fmt.Errorf("look for credentials of other keys: %w", err)
	}
	for _, o := range others {
		key := v.keys[o.keyID]
		if key == nil {
			out.Left++
			continue
		}
		changed, err := v.rewrap(ctx, key, o.library, o.id)
		if err != nil {
			return out, fmt.Errorf("seal credential %q of library %s: %w", o.id, o.library, err)
		}
		if changed {
			out.Rewrapped++
		}
	}
	return out, nil
}

func (v *Vault) rewrap(ctx context.Context, key *Key, libraryText, id string) (changed bool, err error) {
	library, err := uuid.Parse(libraryText)
	if err != nil {
		return false, err
	}
	err = v.db.Write(ctx, func(tx *store.Tx) error {
		changed = false
		var keyID string
		var sealed []byte
		err := tx.QueryRow(ctx, `SELECT key_id, sealed FROM credentials WHERE library_id = $1 AND credential_id = $2`,
			libraryText, id).Scan(&keyID, &sealed)
		if errors.Is(err, sql.ErrNoRows) || err == nil && keyID != key.ID() { // it was deleted, or stored again, meanwhile
			return nil
		}
		if err != nil {
			return err
		}
		again, err := key.rewrap(v.key, library, id, sealed)
		if err != nil {
			return err
		}
		// The refresher stays: what it keeps it seals with the key that it has.
		n, err := tx.Exec(ctx, `UPDATE credentials SET key_id = $1, sealed = $2 WHERE library_id = $3 AND credential_id = $4`,
			v.key.ID(), again, libraryText, id)
		changed = n == 1
		return err
	})
	return changed, err
}

// RewrapEndpoint answers airlock.api.credentials.rewrap with what came of Rewrap. Put it into operations.Config.Endpoints.
func (v *Vault) RewrapEndpoint() bus.Endpoint {
	return bus.APIEndpoint("credentials", "rewrap", func(ctx context.Context, _ json.RawMessage) (any, error) { return v.Rewrap(ctx) })
}
