package vdfs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/content"
	"github.com/airlock-run/airlock/operations/entries"
	"github.com/airlock-run/airlock/operations/store"
)

// maxData bounds the bytes in one message: as base64 in JSON they still fit it.
const maxData = 5 << 20

type sidecarInput struct {
	ID       string `json:"entry_id" jsonschema:"id of the entry"`
	Filename string `json:"filename" jsonschema:"name of the file beside the entry"`
	Data     []byte `json:"data,omitempty" jsonschema:"the bytes, at most 5 MiB; either these or content"`
	Content  string `json:"content,omitempty" jsonschema:"reference of content of the library, of up to 100 MiB, that the file has; see vdfs.write_content"`
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

	// small says that Data goes into the database with the row; otherwise content has it.
	small bool
	// head is the beginning of the bytes.
	head []byte
}

// keepSidecar makes large bytes content. It looks for the entry first, so that a wrong id keeps nothing.
func (c *catalogue) keepSidecar(ctx context.Context, call *bus.Call, in sidecarInput) (keptSidecar, error) {
	kept := keptSidecar{sidecarInput: in, small: in.Content == "" && len(in.Data) <= store.MaxInline, head: in.Data}
	var err error
	if kept.ID, err = checkSidecar(in.ID, in.Filename); err != nil {
		return kept, err
	}
	switch {
	case (in.Data == nil) == (in.Content == ""):
		return kept, bus.Errorf(bus.InvalidArgument, "want one of data and content")
	case in.Content != "" && !bus.ValidContent(in.Content):
		return kept, bus.Errorf(bus.InvalidArgument, "content %.80q is no content reference, want sha256:<64 hex digits>", in.Content)
	case len(in.Data) > maxData:
		return kept, bus.Errorf(bus.InvalidArgument, "data is %d bytes, at most %d are possible; vdfs.write_content takes more in parts", len(in.Data), maxData)
	case kept.small:
		return kept, nil
	}
	err = c.db.Read(ctx, func(tx *store.Tx) error {
		_, err := readEntry(ctx, tx, call.Library, "id", kept.ID)
		return err
	})
	if err != nil {
		return kept, err
	}
	if in.Content != "" {
		kept.head, _, err = c.read(ctx, call.Library, in.Content, 0, entries.MaxText)
		return kept, err
	}
	ref, err := c.contents.PutBytes(ctx, call.Library, in.Data)
	kept.Content = ref.Digest
	return kept, err
}

func (c *catalogue) writeSidecar(ctx context.Context, tx *store.Tx, call *bus.Call, in keptSidecar) (none struct{}, err error) {
	e, err := readEntry(ctx, tx, call.Library, "id", in.ID)
	if err != nil {
		return none, err
	}
	var old string
	err = tx.QueryRow(ctx, `SELECT digest FROM sidecars WHERE entry_id = $1 AND filename = $2`, in.ID, in.Filename).Scan(&old)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return none, fmt.Errorf("read old sidecar: %w", err)
	}
	ref := content.Reference{Digest: in.Content}
	if in.small {
		ref, err = c.contents.PutSmall(ctx, tx, call.Library, in.Data)
	} else {
		ref.Size, err = c.contents.Refer(ctx, tx, call.Library, in.Content)
	}
	if err != nil {
		return none, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO sidecars (entry_id, filename, library_id, digest, size) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (entry_id, filename) DO UPDATE SET digest = excluded.digest, size = excluded.size`,
		in.ID, in.Filename, call.Library.String(), ref.Digest, ref.Size)
	if err != nil {
		return none, fmt.Errorf("write sidecar: %w", err)
	}
	if err := c.changed(ctx, tx, call, e, in.Filename, in.head); err != nil || old == "" || old == ref.Digest {
		return none, err
	}
	return none, c.contents.Release(ctx, tx, call.Library, old)
}

// changed notes that a sidecar of an entry was written, with the beginning of its bytes, or removed.
func (c *catalogue) changed(ctx context.Context, tx *store.Tx, call *bus.Call, e *entries.Entry, filename string, head []byte) error {
	if _, err := tx.Exec(ctx, `UPDATE entries SET updated_at = $1 WHERE id = $2`, store.Micros(time.Now()), e.ID); err != nil {
		return fmt.Errorf("write entry: %w", err)
	}
	text, err := entries.SetText(ctx, tx, e.ID, filename, head)
	if err != nil || !text {
		return err
	}
	return entries.SetWords(ctx, tx, c.db.Dialect(), call.Library, e)
}
