package content

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// Refer tells how large content is, to a transaction that adds something that refers to it.
//
// # Errors
//
// invalid_argument for what is no reference; not_found.
func (s *Store) Refer(ctx context.Context, tx *store.Tx, library uuid.UUID, digest string) (size int64, err error) {
	if !bus.ValidContent(digest) {
		return 0, bus.Errorf(bus.InvalidArgument, "%.80q is no content reference, want sha256:<64 hex digits>", digest)
	}
	err = tx.QueryRow(ctx, `SELECT size FROM blobs WHERE library_id = $1 AND digest = $2`, library.String(), digest).Scan(&size)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, bus.Errorf(bus.NotFound, "the library has no content %s; vdfs.write_content makes content of bytes", digest)
	}
	if err != nil {
		return 0, fmt.Errorf("look for content: %w", err)
	}
	return size, nil
}

// Hold has content stay for HoldTime from now.
//
// # Errors
//
// As Refer's.
func (s *Store) Hold(ctx context.Context, tx *store.Tx, library uuid.UUID, digest string) error {
	if _, err := s.Refer(ctx, tx, library, digest); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE blobs SET held_until = $1 WHERE library_id = $2 AND digest = $3`, s.in(HoldTime), library.String(), digest)
	if err != nil {
		return fmt.Errorf("hold content: %w", err)
	}
	return nil
}

// Release removes content, in the transaction that has removed what referred to it, if nothing else refers to it and it is not held.
func (s *Store) Release(ctx context.Context, tx *store.Tx, library uuid.UUID, digest string) error {
	var size int64
	var upload sql.NullString
	err := tx.QueryRow(ctx, `DELETE FROM blobs WHERE library_id = $1 AND digest = $2 AND held_until <= $3
		AND NOT EXISTS (SELECT 1 FROM sidecars WHERE library_id = $1 AND digest = $2)
		AND NOT EXISTS (SELECT 1 FROM entries WHERE library_id = $1 AND content = $2 AND content <> '')
		RETURNING size, upload`, library.String(), digest, s.now()).Scan(&size, &upload)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove content: %w", err)
	}
	if upload.Valid {
		return s.dropObjects(ctx, tx, library, upload.String)
	}
	return s.Count(ctx, tx, library, -size)
}
