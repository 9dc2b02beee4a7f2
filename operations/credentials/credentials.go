package credentials

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	nethttp "net/http"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"

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

// Config is what a Vault may be told.
type Config struct {
	// Previous are master keys that still open what they sealed, until it is sealed with the one in force. Default: none.
	Previous []*Key
	// Transport reaches the servers that give access tokens. Default: none, no access token is renewed.
	Transport nethttp.RoundTripper
	// Now tells the time; nil means time.Now.
	Now func() time.Time
	// Logger defaults to one that discards.
	Logger *slog.Logger
}

// Vault keeps credentials. It is safe for concurrent use. Close it with Close.
type Vault struct {
	db     *store.DB
	key    *Key
	keys   map[string]*Key
	config Config
	// renewals are those under way in this process.
	renewals singleflight.Group
	running  sync.WaitGroup
}

// New makes a Vault, which seals with key what it keeps in db.
func New(db *store.DB, key *Key, config Config) *Vault {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	v := &Vault{db: db, key: key, keys: map[string]*Key{}, config: config}
	for _, k := range append(config.Previous, key) {
		v.keys[k.ID()] = k
	}
	return v
}

// Close waits for what is under way at servers that give access tokens: a refresh token they have replaced must be kept.
func (v *Vault) Close() { v.running.Wait() }

// Operations returns the operations of this domain.
func (v *Vault) Operations() []operations.Operation {
	return []operations.Operation{
		operations.PreparedAction("credentials.store", v.seal, v.store,
			operations.Describe("keeps a credential, in place of what its id had"),
			operations.Sample(`{"credential_id": "mail", "credential": {"type": "basic", "username": "kim", "password": "…"}}`),
			operations.Fails(bus.PermissionDenied, "an extension says where access tokens come from (token_url), which only people do")),
		operations.Query("credentials.get", v.get,
			operations.Describe("returns a credential in clear, one of OAuth2 with an access token that is good"),
			operations.Sample(`{"credential_id": "mail"}`),
			operations.Fails(bus.NotFound, "the library has no such credential"),
			operations.Fails(bus.FailedPrecondition, "it was sealed with another master key")),
		operations.Query("credentials.list", v.list, operations.Describe("lists the credentials of the library, without their secrets"),
			operations.Sample(`{"limit": 20}`)),
		operations.Action("credentials.delete", v.delete, operations.Describe("removes a credential"),
			operations.Sample(`{"credential_id": "mail"}`)),
	}
}

type storeInput struct {
	ID         string          `json:"credential_id" jsonschema:"name of the credential in the library, at most 128 bytes"`
	Credential json.RawMessage `json:"credential" jsonschema:"object of type api_key (key), basic (username, password) or oauth2 (access_token, refresh_token?, expires_at?, scopes?); at most 64 KiB"`
}

// sealedCredential is what the database gets.
type sealedCredential struct {
	id, kind string
	sealed   []byte
}

func (v *Vault) seal(_ context.Context, call *bus.Call, in storeInput) (sealedCredential, error) {
	if err := checkID(in.ID); err != nil {
		return sealedCredential{}, err
	}
	parsed, err := parse(in.Credential)
	if err != nil {
		return sealedCredential{}, err
	}
	if parsed.renewable() && call.Extension != bus.Operator {
		return sealedCredential{}, bus.Errorf(bus.PermissionDenied,
			"credential %q has a token_url, and only people say where Airlock gets access tokens: `airlock credentials add %s`", in.ID, in.ID)
	}
	return v.sealed(call.Library, in.ID, parsed)
}

func (v *Vault) sealed(library uuid.UUID, id string, c *Credential) (out sealedCredential, err error) {
	secret, err := json.Marshal(c) //nolint:gosec // it is sealed before it goes anywhere
	if err != nil {
		return out, errors.New("encode credential") // the cause could quote it
	}
	if len(secret) > maxCredential {
		return out, bus.Errorf(bus.InvalidArgument, "credential is %d bytes, at most %d are possible", len(secret), maxCredential)
	}
	out.id, out.kind = id, c.Type
	out.sealed, err = v.key.seal(library, id, secret)
	return out, err
}

func (v *Vault) store(ctx context.Context, tx *store.Tx, call *bus.Call, in sealedCredential) (struct{}, error) {
	return struct{}{}, v.put(ctx, tx, call.Library, in)
}

func (v *Vault) put(ctx context.Context, tx *store.Tx, library uuid.UUID, in sealedCredential) error {
	_, err := tx.Exec(ctx, `INSERT INTO credentials (library_id, credential_id, type, key_id, sealed, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (library_id, credential_id)
		DO UPDATE SET type = excluded.type, key_id = excluded.key_id, sealed = excluded.sealed, updated_at = excluded.updated_at,
			refresher = '', refresher_until = 0`,
		library.String(), in.id, in.kind, v.key.ID(), in.sealed, store.Micros(v.config.Now()))
	if err != nil {
		return fmt.Errorf("store credential: %w", err)
	}
	return nil
}

type getInput struct {
	ID string `json:"credential_id" jsonschema:"name of the credential in the library, at most 128 bytes"`
}

func (v *Vault) get(ctx context.Context, call *bus.Call, in getInput) (json.RawMessage, error) {
	c, err := v.Use(ctx, call.Library, in.ID)
	if err != nil {
		return nil, err
	}
	secret, err := json.Marshal(c) //nolint:gosec // this is what the guest asks for
	if err != nil {
		return nil, errors.New("encode credential")
	}
	return secret, nil
}

// Use returns a credential for a request: one of OAuth2 with an access token that is good, which is renewed if need be. What only the
// renewal takes is not in it.
//
// # Errors
//
// Those of credentials.get: not_found; failed_precondition when the master key is not the one it was sealed with, and when it can be renewed no
// more; unavailable when the server that renews it does not answer.
func (v *Vault) Use(ctx context.Context, library uuid.UUID, id string) (Credential, error) {
	if err := checkID(id); err != nil {
		return Credential{}, err
	}
	r, err := v.read(ctx, library, id)
	if err == nil && r.renewable() && v.old(r) {
		r, err = v.renewed(ctx, r)
	}
	if err != nil {
		return Credential{}, err
	}
	return r.shown(), nil
}

// row is a credential as the database has it.
type row struct {
	Credential
	library uuid.UUID
	id      string
	sealed  []byte
	// until is until when somebody else renews it.
	until time.Time
}

func (v *Vault) read(ctx context.Context, library uuid.UUID, id string) (*row, error) {
	r := &row{library: library, id: id}
	var keyID string
	var until int64
	err := v.db.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT key_id, sealed, refresher_until FROM credentials WHERE library_id = $1 AND credential_id = $2`,
			library.String(), id).Scan(&keyID, &r.sealed, &until)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, bus.Errorf(bus.NotFound, "the library has no credential %q", id)
	}
	if err != nil {
		return nil, fmt.Errorf("read credential: %w", err)
	}
	key := v.keys[keyID]
	if key == nil {
		return nil, bus.Errorf(bus.FailedPrecondition,
			"credential %q was sealed with master key %s, and this service has %s: give it the right one, or store the credential again",
			id, keyID, v.key.ID())
	}
	r.until = store.Time(until)
	secret, err := key.open(library, id, r.sealed)
	if err != nil {
		return nil, fmt.Errorf("open credential %q of library %s: %w", id, library, err)
	}
	if json.Unmarshal(secret, &r.Credential) != nil {
		return nil, fmt.Errorf("decode credential %q of library %s", id, library) // the cause could quote it
	}
	return r, nil
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
