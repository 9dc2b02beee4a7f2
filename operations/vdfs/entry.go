package vdfs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/entries"
	"github.com/airlock-run/airlock/operations/store"
)

type createInput struct {
	Name      string          `json:"name" jsonschema:"what people call it"`
	Path      string          `json:"path" jsonschema:"where it is; unique in its library"`
	EntryType string          `json:"entry_type" jsonschema:"kind of entry, such as receipt"`
	Metadata  json.RawMessage `json:"metadata,omitempty" jsonschema:"object, at most 64 KiB; default {}"`
	Content   string          `json:"content,omitempty" jsonschema:"reference of content of the library that is the entry's, see vdfs.write_content; default none"`
}

func (c *catalogue) checkNewEntry(_ context.Context, _ *bus.Call, in createInput) (createInput, error) {
	if err := checkPath(in.Path); err != nil {
		return in, err
	}
	if err := checkName("name", in.Name, maxName); err != nil {
		return in, err
	}
	if err := checkName("entry_type", in.EntryType, maxEntryType); err != nil {
		return in, err
	}
	if len(in.Metadata) == 0 || string(in.Metadata) == "null" {
		in.Metadata = json.RawMessage("{}")
	}
	var err error
	in.Metadata, err = checkMetadata(in.Metadata)
	return in, err
}

func (c *catalogue) createEntry(ctx context.Context, tx *store.Tx, call *bus.Call, in createInput) (*entries.Entry, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make id: %w", err)
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	if in.Content != "" {
		if _, err := c.contents.Refer(ctx, tx, call.Library, in.Content); err != nil {
			return nil, err
		}
	}
	n, err := tx.Exec(ctx, `INSERT INTO entries (library_id, id, name, path, entry_type, metadata, content, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT (library_id, path) DO NOTHING`,
		call.Library.String(), id.String(), in.Name, in.Path, in.EntryType, string(in.Metadata), in.Content, store.Micros(now))
	if err != nil {
		return nil, fmt.Errorf("create entry: %w", err)
	}
	if n == 0 {
		return nil, bus.Errorf(bus.AlreadyExists, "there is an entry at %s; vdfs.get_entry with this path returns it", in.Path)
	}
	e := &entries.Entry{
		ID: id.String(), Name: in.Name, Path: in.Path, EntryType: in.EntryType, Metadata: in.Metadata, Content: in.Content,
		CreatedAt: now, UpdatedAt: now, Sidecars: []entries.Sidecar{},
	}
	return e, c.index(ctx, tx, call, e, len(in.Metadata))
}

// index writes what an entry is found by, and counts what its metadata has grown by, in bytes.
func (c *catalogue) index(ctx context.Context, tx *store.Tx, call *bus.Call, e *entries.Entry, grown int) error {
	if err := entries.SetFields(ctx, tx, call.Library, e.EntryType, e.Path, e.Metadata); err != nil {
		return err
	}
	if err := entries.SetWords(ctx, tx, c.db.Dialect(), call.Library, e); err != nil {
		return err
	}
	return c.contents.Count(ctx, tx, call.Library, int64(grown))
}

type getInput struct {
	ID   string `json:"entry_id,omitempty" jsonschema:"id of the entry; either this or path"`
	Path string `json:"path,omitempty" jsonschema:"path of the entry"`
}

func (c *catalogue) getEntry(ctx context.Context, call *bus.Call, in getInput) (found *entries.Entry, err error) {
	column, value := "path", in.Path
	switch {
	case (in.ID == "") == (in.Path == ""):
		return nil, bus.Errorf(bus.InvalidArgument, "want one of entry_id and path")
	case in.ID != "":
		column = "id"
		if value, err = checkID(in.ID); err != nil {
			return nil, err
		}
	default:
		if err := checkPath(in.Path); err != nil {
			return nil, err
		}
	}
	err = c.db.Read(ctx, func(tx *store.Tx) error {
		if found, err = readEntry(ctx, tx, call.Library, column, value); err != nil {
			return err
		}
		return entries.AddSidecars(ctx, tx, []*entries.Entry{found})
	})
	return found, err
}

// readEntry reads an entry of a library, without its sidecars.
func readEntry(ctx context.Context, tx *store.Tx, library uuid.UUID, column, value string) (*entries.Entry, error) {
	row := tx.QueryRow(ctx, `SELECT `+entries.Columns+` FROM entries e WHERE e.library_id = $1 AND e.`+column+` = $2`, library.String(), value)
	e, err := entries.Scan(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, entries.NotFound(value)
	}
	if err != nil {
		return nil, fmt.Errorf("read entry: %w", err)
	}
	return e, nil
}
