package content

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// Part is bytes that were put and are not part of their upload yet. It serves once.
type Part struct {
	key   string
	start int64
	data  []byte
}

// Begin begins an upload of a library, under an id that is not used yet: content that comes in parts.
func (s *Store) Begin(ctx context.Context, tx *store.Tx, library uuid.UUID, id string) error {
	state, err := marshal(sha256.New())
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO uploads (id, library_id, size, hash, updated_at) VALUES ($1, $2, 0, $3, $4)`,
		id, library.String(), state, s.now())
	if err != nil {
		return fmt.Errorf("begin upload: %w", err)
	}
	return nil
}

// PutPart puts the bytes that an upload goes on with from start, or will once it has begun. They become part of it by Append, which must be called before data changes.
//
// # Errors
//
// resource_exhausted for the library's budget; unavailable.
func (s *Store) PutPart(ctx context.Context, library uuid.UUID, upload string, start int64, data []byte) (Part, error) {
	part := Part{key: library.String() + "/" + uuid.NewString(), start: start, data: data}
	ctx, cancel := context.WithTimeout(ctx, putTime)
	defer cancel()
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO objects (key, library_id, upload, start, size, place, remove_after) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			part.key, library.String(), upload, start, len(data), s.backend.Name(), s.in(GraceTime))
		if err != nil {
			return fmt.Errorf("keep content: %w", err)
		}
		return s.Count(ctx, tx, library, int64(len(data)))
	})
	if err != nil {
		return part, err
	}
	if err := s.backend.Put(ctx, part.key, data); err != nil {
		return part, err
	}
	return part, nil
}

// Append makes a part one of an upload, and returns how many bytes the upload has then.
//
// # Errors
//
// not_found for the upload; failed_precondition when it does not end where the part begins; resource_exhausted for more than MaxSize bytes.
func (s *Store) Append(ctx context.Context, tx *store.Tx, library uuid.UUID, upload string, part Part) (int64, error) {
	size, sum, err := s.upload(ctx, tx, library, upload)
	if err != nil {
		return 0, err
	}
	if size != part.start {
		return 0, bus.Errorf(bus.FailedPrecondition, "the upload has %d bytes, and these begin at %d: go on from there", size, part.start)
	}
	if size += int64(len(part.data)); size > MaxSize {
		return 0, bus.Errorf(bus.ResourceExhausted, "content would be %d bytes, at most %d are kept", size, MaxSize)
	}
	sum.Write(part.data)
	state, err := marshal(sum)
	if err != nil {
		return 0, err
	}
	n, err := tx.Exec(ctx, `UPDATE objects SET remove_after = NULL WHERE key = $1 AND remove_after > $2`, part.key, s.now())
	if err != nil {
		return 0, fmt.Errorf("go on with upload: %w", err)
	}
	if n != 1 {
		return 0, bus.Errorf(bus.Unavailable, "the bytes were put too long ago: send them again")
	}
	if _, err := tx.Exec(ctx, `UPDATE uploads SET size = $1, hash = $2, updated_at = $3 WHERE id = $4`, size, state, s.now(), upload); err != nil {
		return 0, fmt.Errorf("go on with upload: %w", err)
	}
	return size, nil
}

// Finish makes an upload content, which stays for HoldTime. Where the library has these bytes, those of the upload go.
//
// # Errors
//
// not_found for the upload.
func (s *Store) Finish(ctx context.Context, tx *store.Tx, library uuid.UUID, upload string) (Reference, error) {
	size, sum, err := s.upload(ctx, tx, library, upload)
	if err != nil {
		return Reference{}, err
	}
	ref := Reference{Digest: "sha256:" + hex.EncodeToString(sum.Sum(nil)), Size: size}
	n, err := tx.Exec(ctx, `INSERT INTO blobs (library_id, digest, size, upload, held_until) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		library.String(), ref.Digest, size, upload, s.in(HoldTime))
	if err != nil {
		return ref, fmt.Errorf("finish upload: %w", err)
	}
	if n == 0 {
		return ref, errors.Join(s.Hold(ctx, tx, library, ref.Digest), s.drop(ctx, tx, library, upload))
	}
	if _, err := tx.Exec(ctx, `DELETE FROM uploads WHERE id = $1`, upload); err != nil {
		return ref, fmt.Errorf("finish upload: %w", err)
	}
	return ref, nil
}

// Uploaded is how many bytes an upload has.
//
// # Errors
//
// not_found.
func (s *Store) Uploaded(ctx context.Context, tx *store.Tx, library uuid.UUID, upload string) (int64, error) {
	size, _, err := s.upload(ctx, tx, library, upload)
	return size, err
}

// upload reads an upload: its size, and the sum of its bytes so far.
func (s *Store) upload(ctx context.Context, tx *store.Tx, library uuid.UUID, id string) (size int64, sum hash.Hash, err error) {
	var state []byte
	err = tx.QueryRow(ctx, `SELECT size, hash FROM uploads WHERE id = $1 AND library_id = $2`, id, library.String()).Scan(&size, &state)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, bus.Errorf(bus.NotFound, "the library has no upload %.64q: it is finished, or nobody went on with it for %v", id, HoldTime)
	}
	if err != nil {
		return 0, nil, fmt.Errorf("read upload: %w", err)
	}
	sum = sha256.New()
	if err := sum.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil { //nolint:forcetypeassert // promised by crypto/sha256
		return 0, nil, fmt.Errorf("read upload %s: %w", id, err)
	}
	return size, sum, nil
}

// abandon ends an upload that comes to nothing.
func (s *Store) abandon(ctx context.Context, library uuid.UUID, upload string) error {
	return s.db.Write(ctx, func(tx *store.Tx) error { return s.drop(ctx, tx, library, upload) })
}

// drop removes an upload that is no content, and what it has.
func (s *Store) drop(ctx context.Context, tx *store.Tx, library uuid.UUID, upload string) error {
	n, err := tx.Exec(ctx, `DELETE FROM uploads WHERE id = $1`, upload)
	if err != nil {
		return fmt.Errorf("remove upload: %w", err)
	}
	if n == 0 {
		return nil
	}
	return s.dropObjects(ctx, tx, library, upload)
}

// dropObjects has the objects of an upload removed after a while. Their bytes are no longer the library's.
func (s *Store) dropObjects(ctx context.Context, tx *store.Tx, library uuid.UUID, upload string) error {
	var size int64
	err := tx.QueryRow(ctx, `SELECT coalesce(sum(size), 0) FROM objects WHERE upload = $1 AND remove_after IS NULL`, upload).Scan(&size)
	if err != nil {
		return fmt.Errorf("remove objects: %w", err)
	}
	_, err = tx.Exec(ctx, `UPDATE objects SET remove_after = $1, counted = 0 WHERE upload = $2 AND remove_after IS NULL`, s.in(GraceTime), upload)
	if err != nil {
		return fmt.Errorf("remove objects: %w", err)
	}
	return s.Count(ctx, tx, library, -size)
}

func marshal(sum hash.Hash) ([]byte, error) {
	state, err := sum.(encoding.BinaryMarshaler).MarshalBinary() //nolint:forcetypeassert // promised by crypto/sha256
	if err != nil {
		return nil, fmt.Errorf("keep the sum of an upload: %w", err)
	}
	return state, nil
}
