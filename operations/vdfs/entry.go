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
	"github.com/airlock-run/airlock/operations/store"
)

// entry is what an entry is in JSON.
type entry struct {
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Path      string          `json:"path"`
	EntryType string          `json:"entry_type"`
	Metadata  json.RawMessage `json:"metadata"`
	CreatedAt time.Time       `json:"created_at"`
	// UpdatedAt is when the metadata or a sidecar was last written.
	UpdatedAt time.Time `json:"updated_at"`
	Sidecars  []sidecar `json:"sidecars"`
}

type sidecar struct {
	Filename string `json:"filename"`
	Size     int64  `json:"size"`
	Digest   string `json:"digest"`
}

const entryColumns = `id, name, path, entry_type, metadata, created_at, updated_at`

func scanEntry(scan func(...any) error) (*entry, error) {
	e := &entry{Sidecars: []sidecar{}}
	var metadata string
	var created, updated int64
	if err := scan(&e.ID, &e.Name, &e.Path, &e.EntryType, &metadata, &created, &updated); err != nil {
		return nil, err
	}
	e.Metadata = json.RawMessage(metadata)
	e.CreatedAt, e.UpdatedAt = store.Time(created), store.Time(updated)
	return e, nil
}

type createInput struct {
	Name      string          `json:"name"`
	Path      string          `json:"path"`
	EntryType string          `json:"entry_type"`
	Metadata  json.RawMessage `json:"metadata"`
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

func (c *catalogue) createEntry(ctx context.Context, tx *store.Tx, call *bus.Call, in createInput) (*entry, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make id: %w", err)
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	n, err := tx.Exec(ctx, `INSERT INTO entries (library_id, `+entryColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
		ON CONFLICT (library_id, path) DO NOTHING`,
		call.Library.String(), id.String(), in.Name, in.Path, in.EntryType, string(in.Metadata), store.Micros(now))
	if err != nil {
		return nil, fmt.Errorf("create entry: %w", err)
	}
	if n == 0 {
		return nil, bus.Errorf(bus.AlreadyExists, "there is an entry at %s; vdfs.get_entry with this path returns it", in.Path)
	}
	return &entry{
		ID: id.String(), Name: in.Name, Path: in.Path, EntryType: in.EntryType, Metadata: in.Metadata,
		CreatedAt: now, UpdatedAt: now, Sidecars: []sidecar{},
	}, nil
}

type getInput struct {
	ID   string `json:"entry_id"`
	Path string `json:"path"`
}

func (c *catalogue) getEntry(ctx context.Context, call *bus.Call, in getInput) (found *entry, err error) {
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
		row := tx.QueryRow(ctx, `SELECT `+entryColumns+` FROM entries WHERE library_id = $1 AND `+column+` = $2`,
			call.Library.String(), value)
		if found, err = scanEntry(row.Scan); errors.Is(err, sql.ErrNoRows) {
			return noEntry(value)
		}
		if err != nil {
			return fmt.Errorf("read entry: %w", err)
		}
		return addSidecars(ctx, tx, call.Library, []*entry{found})
	})
	return found, err
}

// addSidecars adds their sidecars to entries, which are in the order of their paths.
func addSidecars(ctx context.Context, tx *store.Tx, library uuid.UUID, entries []*entry) error {
	if len(entries) == 0 {
		return nil
	}
	byID := make(map[string]*entry, len(entries))
	for _, e := range entries {
		byID[e.ID] = e
	}
	err := tx.Query(ctx, func(scan func(...any) error) error {
		var id string
		var s sidecar
		if err := scan(&id, &s.Filename, &s.Size, &s.Digest); err != nil {
			return err
		}
		if e := byID[id]; e != nil {
			e.Sidecars = append(e.Sidecars, s)
		}
		return nil
	}, `SELECT s.entry_id, s.filename, s.size, s.digest FROM entries e JOIN sidecars s ON s.entry_id = e.id
		WHERE e.library_id = $1 AND e.path >= $2 AND e.path <= $3 ORDER BY s.entry_id, s.filename`,
		library.String(), entries[0].Path, entries[len(entries)-1].Path)
	if err != nil {
		return fmt.Errorf("read sidecars: %w", err)
	}
	return nil
}

func noEntry(name string) error {
	return bus.Errorf(bus.NotFound, "the library has no entry %s", name)
}
