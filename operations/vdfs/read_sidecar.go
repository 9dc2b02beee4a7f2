package vdfs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/content"
	"github.com/airlock-run/airlock/operations/entries"
	"github.com/airlock-run/airlock/operations/store"
)

type fileInput struct {
	ID       string `json:"entry_id" jsonschema:"id of the entry"`
	Filename string `json:"filename" jsonschema:"name of the file beside the entry"`
}

type readInput struct {
	ID       string `json:"entry_id" jsonschema:"id of the entry"`
	Filename string `json:"filename" jsonschema:"name of the file beside the entry"`
	Offset   int64  `json:"offset,omitempty" jsonschema:"first byte; default 0" schema:"default=0"`
	Length   int64  `json:"length,omitempty" jsonschema:"how many bytes, at most 5 MiB; default 5 MiB" schema:"default=5242880"`
}

type sidecarOutput struct {
	Data   []byte `json:"data" jsonschema:"the bytes"`
	Size   int64  `json:"size" jsonschema:"bytes of the whole"`
	Digest string `json:"digest" jsonschema:"sha256: and 64 hex digits; of the whole"`
	EOF    bool   `json:"eof" jsonschema:"whether this is the end"`
}

func (c *catalogue) readSidecar(ctx context.Context, call *bus.Call, in readInput) (out sidecarOutput, err error) {
	if in.ID, err = checkSidecar(in.ID, in.Filename); err != nil {
		return out, err
	}
	if in.Length == 0 {
		in.Length = maxData
	}
	if err := checkRange(in.Offset, in.Length, maxData); err != nil {
		return out, err
	}
	err = c.db.Read(ctx, func(tx *store.Tx) error {
		out.Digest, err = sidecarDigest(ctx, tx, call.Library, in.ID, in.Filename)
		return err
	})
	if err != nil {
		return out, err
	}
	out.Data, out.Size, err = c.read(ctx, call.Library, out.Digest, in.Offset, in.Length)
	if bus.CodeOf(err) == bus.NotFound { // not the caller's mistake, so it is not told as one
		err = fmt.Errorf("read sidecar: its bytes are gone: %s", bus.AsError(err).Message)
	}
	out.EOF = in.Offset >= out.Size-int64(len(out.Data))
	return out, err
}

// sidecarDigest is that of an entry's sidecar.
func sidecarDigest(ctx context.Context, tx *store.Tx, library uuid.UUID, id, filename string) (digest string, err error) {
	err = tx.QueryRow(ctx, `SELECT s.digest FROM entries e JOIN sidecars s ON s.entry_id = e.id
		WHERE e.library_id = $1 AND e.id = $2 AND s.filename = $3`, library.String(), id, filename).Scan(&digest)
	if errors.Is(err, sql.ErrNoRows) {
		return "", bus.Errorf(bus.NotFound, "the library has no sidecar %s of an entry %s", filename, id)
	}
	if err != nil {
		return "", fmt.Errorf("read sidecar: %w", err)
	}
	return digest, nil
}

// read reads content, also what events have and what was kept before there were objects, which the bus has. The data is never nil.
func (c *catalogue) read(ctx context.Context, library uuid.UUID, digest string, offset, length int64) (data []byte, size int64, err error) {
	data, size, err = c.contents.Read(ctx, library, digest, offset, length)
	if errors.Is(err, content.ErrOnBus) || bus.CodeOf(err) == bus.NotFound {
		data, size, err = c.conn.Content(ctx, library, digest, offset, length)
	}
	if data == nil {
		data = []byte{} // "" in JSON, not null
	}
	return data, size, err
}

type listSidecarsInput struct {
	ID string `json:"entry_id" jsonschema:"id of the entry"`
}

type listSidecarsOutput struct {
	Sidecars []entries.Sidecar `json:"sidecars" jsonschema:"ordered by name"`
}

func (c *catalogue) listSidecars(ctx context.Context, call *bus.Call, in listSidecarsInput) (out listSidecarsOutput, err error) {
	if in.ID, err = checkID(in.ID); err != nil {
		return out, err
	}
	err = c.db.Read(ctx, func(tx *store.Tx) error {
		e, err := readEntry(ctx, tx, call.Library, "id", in.ID)
		if err != nil {
			return err
		}
		err = entries.AddSidecars(ctx, tx, []*entries.Entry{e})
		out.Sidecars = e.Sidecars
		return err
	})
	return out, err
}

func (c *catalogue) checkFile(_ context.Context, _ *bus.Call, in fileInput) (_ fileInput, err error) {
	in.ID, err = checkSidecar(in.ID, in.Filename)
	return in, err
}

func (c *catalogue) deleteSidecar(ctx context.Context, tx *store.Tx, call *bus.Call, in fileInput) (none struct{}, err error) {
	digest, err := sidecarDigest(ctx, tx, call.Library, in.ID, in.Filename)
	if err != nil {
		return none, err
	}
	e, err := readEntry(ctx, tx, call.Library, "id", in.ID)
	if err != nil {
		return none, err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM sidecars WHERE entry_id = $1 AND filename = $2`, in.ID, in.Filename); err != nil {
		return none, fmt.Errorf("delete sidecar: %w", err)
	}
	if err := c.changed(ctx, tx, call, e, in.Filename, nil); err != nil {
		return none, err
	}
	return none, c.contents.Release(ctx, tx, call.Library, digest)
}
