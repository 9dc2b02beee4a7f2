package vdfs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// maxSidecar bounds a sidecar, in bytes: as base64 in JSON it still fits a message.
const maxSidecar = 5 << 20

type sidecarInput struct {
	ID       string `json:"entry_id"`
	Filename string `json:"filename"`
	Data     []byte `json:"data"`
}

// checkSidecar returns the entry's id as it is kept.
func checkSidecar(id, filename string) (string, error) {
	id, err := checkID(id)
	if err != nil {
		return "", err
	}
	return id, checkFilename(filename)
}

// keptSidecar is a sidecar whose bytes can be read once its row is there.
type keptSidecar struct {
	sidecarInput
	digest string
}

// keepSidecar makes large bytes content. It looks for the entry first, so that a wrong id leaves nothing behind.
func (c *catalogue) keepSidecar(ctx context.Context, call *bus.Call, in sidecarInput) (keptSidecar, error) {
	kept := keptSidecar{sidecarInput: in, digest: bus.Digest(in.Data)}
	var err error
	if kept.ID, err = checkSidecar(in.ID, in.Filename); err != nil {
		return kept, err
	}
	switch {
	case in.Data == nil:
		return kept, bus.Errorf(bus.InvalidArgument, "data is missing")
	case len(in.Data) > maxSidecar:
		return kept, bus.Errorf(bus.InvalidArgument, "data is %d bytes, at most %d are possible", len(in.Data), maxSidecar)
	case len(in.Data) <= store.MaxInline:
		return kept, nil
	}
	err = c.db.Read(ctx, func(tx *store.Tx) error {
		var one int
		row := tx.QueryRow(ctx, `SELECT 1 FROM entries WHERE library_id = $1 AND id = $2`, call.Library.String(), kept.ID)
		if err := row.Scan(&one); errors.Is(err, sql.ErrNoRows) {
			return noEntry(kept.ID)
		} else if err != nil {
			return fmt.Errorf("look for entry: %w", err)
		}
		return nil
	})
	if err != nil {
		return kept, err
	}
	if _, err := c.conn.PutContent(ctx, call.Library, in.Data); err != nil {
		return kept, fmt.Errorf("keep sidecar: %w", err)
	}
	return kept, nil
}

func (c *catalogue) writeSidecar(ctx context.Context, tx *store.Tx, call *bus.Call, in keptSidecar) (struct{}, error) {
	var none struct{}
	library := call.Library.String()
	n, err := tx.Exec(ctx, `UPDATE entries SET updated_at = $1 WHERE library_id = $2 AND id = $3`,
		store.Micros(time.Now()), library, in.ID)
	if err != nil {
		return none, fmt.Errorf("write sidecar: %w", err)
	}
	if n == 0 {
		return none, noEntry(in.ID)
	}
	var old string
	err = tx.QueryRow(ctx, `SELECT digest FROM sidecars WHERE entry_id = $1 AND filename = $2`, in.ID, in.Filename).Scan(&old)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return none, fmt.Errorf("read old sidecar: %w", err)
	}
	if err := putBlob(ctx, tx, library, in.digest, in.Data); err != nil {
		return none, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO sidecars (entry_id, filename, library_id, digest, size) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (entry_id, filename) DO UPDATE SET digest = excluded.digest, size = excluded.size`,
		in.ID, in.Filename, library, in.digest, len(in.Data))
	if err != nil {
		return none, fmt.Errorf("write sidecar: %w", err)
	}
	if old == "" || old == in.digest {
		return none, nil
	}
	return none, dropBlob(ctx, tx, library, old)
}

// putBlob adds bytes to the library's blobs, unless they are there. Large ones are content already.
func putBlob(ctx context.Context, tx *store.Tx, library, digest string, data []byte) error {
	var inline any
	if len(data) <= store.MaxInline {
		inline = data
	}
	_, err := tx.Exec(ctx, `INSERT INTO blobs (library_id, digest, size, data) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		library, digest, len(data), inline)
	if err != nil {
		return fmt.Errorf("write blob: %w", err)
	}
	return nil
}

// dropBlob removes a blob that no sidecar has any more. Content of the bus stays: an event may refer to it as well.
func dropBlob(ctx context.Context, tx *store.Tx, library, digest string) error {
	_, err := tx.Exec(ctx, `DELETE FROM blobs WHERE library_id = $1 AND digest = $2
		AND NOT EXISTS (SELECT 1 FROM sidecars WHERE library_id = $1 AND digest = $2)`, library, digest)
	if err != nil {
		return fmt.Errorf("remove old blob: %w", err)
	}
	return nil
}

type readInput struct {
	ID       string `json:"entry_id"`
	Filename string `json:"filename"`
}

type sidecarOutput struct {
	Data   []byte `json:"data"`
	Size   int64  `json:"size"`
	Digest string `json:"digest"`
}

func (c *catalogue) readSidecar(ctx context.Context, call *bus.Call, in readInput) (out sidecarOutput, err error) {
	if in.ID, err = checkSidecar(in.ID, in.Filename); err != nil {
		return out, err
	}
	var inline bool
	err = c.db.Read(ctx, func(tx *store.Tx) error {
		err := tx.QueryRow(ctx, `SELECT b.size, b.digest, b.data, b.data IS NOT NULL
			FROM entries e
			JOIN sidecars s ON s.entry_id = e.id
			JOIN blobs b ON b.library_id = s.library_id AND b.digest = s.digest
			WHERE e.library_id = $1 AND e.id = $2 AND s.filename = $3`,
			call.Library.String(), in.ID, in.Filename).Scan(&out.Size, &out.Digest, &out.Data, &inline)
		if errors.Is(err, sql.ErrNoRows) {
			return bus.Errorf(bus.NotFound, "the library has no sidecar %s of an entry %s", in.Filename, in.ID)
		}
		if err != nil {
			return fmt.Errorf("read sidecar: %w", err)
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	if !inline {
		out.Data, err = c.content(ctx, call.Library, out.Digest, out.Size)
	}
	if out.Data == nil {
		out.Data = []byte{} // "" in JSON, not null
	}
	return out, err
}

// content reads the bytes of a large blob. That they are missing is not the guest's mistake, so it is not told.
func (c *catalogue) content(ctx context.Context, library uuid.UUID, digest string, size int64) ([]byte, error) {
	data, _, err := c.conn.Content(ctx, library, digest, 0, size)
	if bus.CodeOf(err) == bus.NotFound {
		return nil, fmt.Errorf("read sidecar: its bytes are gone from the bus: %s", bus.AsError(err).Message)
	}
	if err != nil {
		return nil, fmt.Errorf("read sidecar: %w", err)
	}
	return data, nil
}
