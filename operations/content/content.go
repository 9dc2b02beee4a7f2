package content

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

const (
	// MaxSize is the largest content, in bytes.
	MaxSize = 100 << 20
	// PartSize is how much of content is in one object, and in memory.
	PartSize = 2 << 20
	// HoldTime is how long content stays though nothing refers to it, and an upload that nobody goes on with.
	HoldTime = 24 * time.Hour
	// GraceTime is how long an object stays whose bytes are nobody's any more. Putting one takes less.
	GraceTime = time.Hour
	// putTime bounds putting one object.
	putTime = GraceTime / 4
	// Unbounded is the budget of a library that may have any number of bytes.
	Unbounded = -1
)

// Backend keeps objects outside of the database. Its methods may be called concurrently.
type Backend interface {
	// Name tells it from other backends. It is noted of each object, so it stays the same.
	Name() string
	// Put keeps an object, in place of one of that key; when it returns nil it is on a disk. data is not retained.
	Put(ctx context.Context, key string, data []byte) error
	// Read returns an object of which the size is known. One that is not there is not_found.
	Read(ctx context.Context, key string, size int64) ([]byte, error)
	// Remove removes an object. One that is not there is no error.
	Remove(ctx context.Context, key string) error
}

// Reference names content of a library.
type Reference struct {
	// Digest is sha256: and 64 hex digits.
	Digest string `json:"content"`
	Size   int64  `json:"size"`
}

// Config has what is not required.
type Config struct {
	// Budget tells how many bytes a library may have, or Unbounded. It is called in transactions, and answers at once. Default: Unbounded.
	Budget func(library uuid.UUID) int64
	// Warn is told once when a library has used 80 % of its budget, and again after it was below that. Without it nobody is told.
	Warn func(ctx context.Context, usage Usage) error
	// Others are backends that have objects of before, which are read and removed there.
	Others []Backend
	// Now defaults to time.Now.
	Now func() time.Time
	// Logger defaults to one that discards.
	Logger *slog.Logger
}

// Store keeps content. It is safe for concurrent use, and so are several on the same database.
type Store struct {
	db      *store.DB
	backend Backend
	places  map[string]Backend
	config  Config
	// near is sent to when a library may have come near its budget.
	near chan struct{}
}

// New makes a store that puts large content into backend.
//
// # Errors
//
// Two backends of one name.
func New(db *store.DB, backend Backend, config Config) (*Store, error) {
	if config.Budget == nil {
		config.Budget = func(uuid.UUID) int64 { return Unbounded }
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Store{db: db, backend: backend, places: map[string]Backend{}, config: config, near: make(chan struct{}, 1)}
	for _, b := range append([]Backend{backend}, config.Others...) {
		if s.places[b.Name()] != nil {
			return nil, errors.New("two places for content are both called " + b.Name())
		}
		s.places[b.Name()] = b
	}
	return s, nil
}

func (s *Store) now() int64 { return store.Micros(s.config.Now()) }

func (s *Store) in(after time.Duration) int64 { return store.Micros(s.config.Now().Add(after)) }

// place is the backend that has an object.
func (s *Store) place(name string) (Backend, error) {
	if b := s.places[name]; b != nil {
		return b, nil
	}
	return nil, bus.Errorf(bus.Unavailable, "content is in %s, which this service does not know: start it with the setting of before, or move it", name)
}

// Bus is the backend that keeps objects on the bus.
func Bus(conn *bus.Conn) Backend { return onBus{conn} }

type onBus struct{ conn *bus.Conn }

func (onBus) Name() string { return "bus" }

func (b onBus) Put(ctx context.Context, key string, data []byte) error {
	return b.conn.PutBlob(ctx, key, data)
}

func (b onBus) Read(ctx context.Context, key string, size int64) ([]byte, error) {
	return b.conn.Blob(ctx, key, size)
}

func (b onBus) Remove(ctx context.Context, key string) error { return b.conn.RemoveBlob(ctx, key) }
