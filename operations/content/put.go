package content

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// Put reads r to its end and keeps it for a library, without holding more than PartSize of it, and returns how it is referred to. It stays
// for HoldTime; by then something must Refer to it, such as a sidecar. If Put fails nothing stays.
//
// # Errors
//
// r's own; resource_exhausted for more than MaxSize bytes or for the library's budget; unavailable.
func (s *Store) Put(ctx context.Context, library uuid.UUID, r io.Reader) (ref Reference, err error) {
	buffer := make([]byte, store.MaxInline+1, PartSize)
	n, err := io.ReadFull(r, buffer)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = s.db.Write(ctx, func(tx *store.Tx) (err error) {
			if ref, err = s.PutSmall(ctx, tx, library, buffer[:n]); err != nil {
				return err
			}
			return s.Hold(ctx, tx, library, ref.Digest)
		})
		return ref, err
	}
	if err != nil {
		return ref, fmt.Errorf("read content: %w", err)
	}
	id := uuid.NewString()
	if err := s.db.Write(ctx, func(tx *store.Tx) error { return s.Begin(ctx, tx, library, id) }); err != nil {
		return ref, err
	}
	if err := s.putParts(ctx, library, id, io.MultiReader(bytes.NewReader(bytes.Clone(buffer)), r), buffer[:PartSize]); err != nil {
		return ref, errors.Join(err, s.abandon(context.WithoutCancel(ctx), library, id))
	}
	err = s.db.Write(ctx, func(tx *store.Tx) (err error) { ref, err = s.Finish(ctx, tx, library, id); return err })
	return ref, err
}

func (s *Store) putParts(ctx context.Context, library uuid.UUID, id string, r io.Reader, buffer []byte) error {
	for at := int64(0); ; {
		n, err := io.ReadFull(r, buffer)
		ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !ended {
			return fmt.Errorf("read content: %w", err)
		}
		if n > 0 {
			part, err := s.PutPart(ctx, library, id, at, buffer[:n])
			if err != nil {
				return err
			}
			err = s.db.Write(ctx, func(tx *store.Tx) error { _, err := s.Append(ctx, tx, library, id, part); return err })
			if err != nil {
				return err
			}
			at += int64(n)
		}
		if ended {
			return nil
		}
	}
}

// PutBytes is Put of what is in memory. What is there already is only held.
//
// # Errors
//
// As Put's.
func (s *Store) PutBytes(ctx context.Context, library uuid.UUID, data []byte) (Reference, error) {
	ref := Reference{Digest: bus.Digest(data), Size: int64(len(data))}
	if len(data) > store.MaxInline {
		err := s.db.Write(ctx, func(tx *store.Tx) error { return s.Hold(ctx, tx, library, ref.Digest) })
		if bus.CodeOf(err) != bus.NotFound {
			return ref, err
		}
	}
	return s.Put(ctx, library, bytes.NewReader(data))
}

// PutSmall keeps at most store.MaxInline bytes, in the transaction that adds what refers to them.
//
// # Errors
//
// resource_exhausted for the library's budget.
func (s *Store) PutSmall(ctx context.Context, tx *store.Tx, library uuid.UUID, data []byte) (Reference, error) {
	ref := Reference{Digest: bus.Digest(data), Size: int64(len(data))}
	if len(data) > store.MaxInline {
		return ref, fmt.Errorf("keep %d bytes in the database: at most %d are", len(data), store.MaxInline)
	}
	n, err := tx.Exec(ctx, `INSERT INTO blobs (library_id, digest, size, data) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		library.String(), ref.Digest, len(data), data)
	if err != nil {
		return ref, fmt.Errorf("keep content: %w", err)
	}
	if n == 0 {
		return ref, nil
	}
	return ref, s.Count(ctx, tx, library, ref.Size)
}
