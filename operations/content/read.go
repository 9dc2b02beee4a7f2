package content

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// ErrOnBus says that content was kept as content of the bus, by a version before there were objects: it is read there.
var ErrOnBus = errors.New("content is on the bus")

// object is a part of content that is outside.
type object struct {
	key, place  string
	start, size int64
}

// Read reads at most length bytes of a library's content from offset, fewer at its end, and tells its whole size.
//
// # Errors
//
// invalid_argument for what is no reference; not_found; unavailable; ErrOnBus.
func (s *Store) Read(ctx context.Context, library uuid.UUID, digest string, offset, length int64) (data []byte, size int64, err error) {
	var objects []object
	err = s.db.Read(ctx, func(tx *store.Tx) (err error) {
		data, objects = nil, nil
		if size, err = s.Refer(ctx, tx, library, digest); err != nil {
			return err
		}
		var inline []byte
		var isInline bool
		var upload sql.NullString
		err = tx.QueryRow(ctx, `SELECT data, data IS NOT NULL, upload FROM blobs WHERE library_id = $1 AND digest = $2`,
			library.String(), digest).Scan(&inline, &isInline, &upload)
		if err != nil {
			return fmt.Errorf("read content: %w", err)
		}
		from, to := min(offset, size), min(offset+min(length, size), size)
		switch {
		case isInline:
			data = inline[from:to]
			return nil
		case !upload.Valid:
			return ErrOnBus
		}
		objects, err = parts(ctx, tx, upload.String, from, to)
		return err
	})
	if err != nil || objects == nil {
		return data, size, err
	}
	data = make([]byte, 0, min(length, max(size-offset, 0)))
	for _, o := range objects {
		part, err := s.object(ctx, o)
		if err != nil {
			return nil, size, err
		}
		from, to := max(offset-o.start, 0), min(offset+length-o.start, o.size)
		data = append(data, part[from:to]...)
	}
	return data, size, nil
}

// parts are the objects that have the bytes from one up to another.
func parts(ctx context.Context, tx *store.Tx, upload string, from, to int64) (all []object, err error) {
	err = tx.Query(ctx, func(scan func(...any) error) error {
		var o object
		err := scan(&o.key, &o.place, &o.start, &o.size)
		all = append(all, o)
		return err
	}, `SELECT key, place, start, size FROM objects WHERE upload = $1 AND remove_after IS NULL AND start < $2 AND start + size > $3 ORDER BY start`,
		upload, to, from)
	if err != nil {
		return nil, fmt.Errorf("read content: %w", err)
	}
	return all, nil
}

func (s *Store) object(ctx context.Context, o object) ([]byte, error) {
	place, err := s.place(o.place)
	if err != nil {
		return nil, err
	}
	data, err := place.Read(ctx, o.key, o.size)
	if bus.CodeOf(err) == bus.NotFound { // not the caller's mistake, so it is not told as one
		return nil, fmt.Errorf("read content: its bytes are gone from %s: %s", o.place, bus.AsError(err).Message)
	}
	if err != nil {
		return nil, fmt.Errorf("read content: %w", err)
	}
	if int64(len(data)) != o.size {
		return nil, fmt.Errorf("read content: object %s in %s has %d bytes, not %d", o.key, o.place, len(data), o.size)
	}
	return data, nil
}

// Reader reads content from its beginning, a part at a time. Its Read fails as Store.Read does, or when ctx ends.
func (s *Store) Reader(ctx context.Context, library uuid.UUID, digest string) io.Reader {
	return &reader{ctx: ctx, store: s, library: library, digest: digest}
}

// reader has the context of the one call it was made for: io.Reader has no place for it.
type reader struct {
	ctx     context.Context //nolint:containedctx // see above
	store   *Store
	library uuid.UUID
	digest  string
	at      int64
	part    []byte
}

func (r *reader) Read(p []byte) (int, error) {
	if len(r.part) == 0 {
		data, size, err := r.store.Read(r.ctx, r.library, r.digest, r.at, PartSize-r.at%PartSize)
		if err != nil {
			return 0, err
		}
		if len(data) == 0 && r.at >= size {
			return 0, io.EOF
		}
		r.part, r.at = data, r.at+int64(len(data))
	}
	n := copy(p, r.part)
	r.part = r.part[n:]
	return n, nil
}
