package credentials

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/store"
)

const (
	// maxID bounds a credential's id, in bytes.
	maxID = 128
	// maxCredential bounds a credential, in bytes of JSON.
	maxCredential = 64 << 10
)

// Operations returns the operations of this domain. They seal with key what they keep in db.
func Operations(db *store.DB, key *Key) []operations.Operation {
	v := &vault{db: db, key: key}
	return []operations.Operation{
		operations.PreparedAction("credentials.store", v.seal, v.store,
			operations.Describe("keeps a credential, in place of what its id had")),
		operations.Query("credentials.get", v.get,
			operations.Describe("returns a credential in clear")),
	}
}

type vault struct {
	db  *store.DB
	key *Key
}

type storeInput struct {
	ID         string          `json:"credential_id"`
	Credential json.RawMessage `json:"credential"`
}

// sealedCredential is what the database gets.
type sealedCredential struct {
	id     string
	sealed []byte
}

func (v *vault) seal(_ context.Context, call *bus.Call, in storeInput) (sealedCredential, error) {
	out := sealedCredential{id: in.ID}
	if err := checkID(in.ID); err != nil {
		return out, err
	}
	parsed, err := parse(in.Credential)
	if err != nil {
		return out, err
	}
	secret, err := json.Marshal(parsed) //nolint:gosec // it is sealed before it goes anywhere
	if err != nil {
		return out, errors.New("encode credential") // the cause could quote it
	}
	if len(secret) > maxCredential {
		return out, bus.Errorf(bus.InvalidArgument, "credential is %d bytes, at most %d are possible", len(secret), maxCredential)
	}
	out.sealed, err = v.key.seal(call.Library, in.ID, secret)
	return out, err
}

func (v *vault) store(ctx context.Context, tx *store.Tx, call *bus.Call, in sealedCredential) (struct{}, error) {
	_, err := tx.Exec(ctx, `INSERT INTO credentials (library_id, credential_id, key_id, sealed, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (library_id, credential_id)
		DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed, updated_at = excluded.updated_at`,
		call.Library.String(), in.id, v.key.ID(), in.sealed, store.Micros(time.Now()))
	if err != nil {
		return struct{}{}, fmt.Errorf("store credential: %w", err)
	}
	return struct{}{}, nil
}

type getInput struct {
	ID string `json:"credential_id"`
}

func (v *vault) get(ctx context.Context, call *bus.Call, in getInput) (json.RawMessage, error) {
	if err := checkID(in.ID); err != nil {
		return nil, err
	}
	var keyID string
	var sealed []byte
	err := v.db.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT key_id, sealed FROM credentials WHERE library_id = $1 AND credential_id = $2`,
			call.Library.String(), in.ID).Scan(&keyID, &sealed)
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, bus.Errorf(bus.NotFound, "the library has no credential %q", in.ID)
	case err != nil:
		return nil, fmt.Errorf("read credential: %w", err)
	case keyID != v.key.ID():
		return nil, bus.Errorf(bus.FailedPrecondition,
			"credential %q was sealed with master key %s, and this service has %s: give it the right one, or store the credential again",
			in.ID, keyID, v.key.ID())
	}
	secret, err := v.key.open(call.Library, in.ID, sealed)
	if err != nil {
		return nil, fmt.Errorf("open credential %q of library %s: %w", in.ID, call.Library, err)
	}
	return secret, nil
}

func checkID(id string) error {
	switch {
	case id == "":
		return bus.Errorf(bus.InvalidArgument, "credential_id is missing")
	case len(id) > maxID:
		return bus.Errorf(bus.InvalidArgument, "credential_id is %d bytes, at most %d are possible", len(id), maxID)
	case strings.ContainsFunc(id, unicode.IsControl):
		return bus.Errorf(bus.InvalidArgument, "credential_id %q has a control character in it", id)
	}
	return nil
}
