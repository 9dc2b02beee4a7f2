package entries

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// Entry is what an entry is in JSON.
type Entry struct {
	ID        string          `json:"id" jsonschema:"UUID"`
	Name      string          `json:"name" jsonschema:"what people call it"`
	Path      string          `json:"path" jsonschema:"where it is; unique in its library"`
	EntryType string          `json:"entry_type" jsonschema:"kind of entry, such as receipt"`
	Metadata  json.RawMessage `json:"metadata" jsonschema:"object"`
	Content   string          `json:"content,omitempty" jsonschema:"content reference, sha256: and 64 hex digits; left out when it has none"`
	CreatedAt time.Time       `json:"created_at" jsonschema:"when it was made"`
	// UpdatedAt is when the metadata or a sidecar was last written.
	UpdatedAt time.Time `json:"updated_at" jsonschema:"when metadata or a file beside it was last written"`
	Sidecars  []Sidecar `json:"sidecars" jsonschema:"the files beside it"`
}

// Sidecar is a file beside an entry.
type Sidecar struct {
	Filename string `json:"filename" jsonschema:"name of the file"`
	Size     int64  `json:"size" jsonschema:"how many bytes"`
	Digest   string `json:"digest" jsonschema:"sha256: and 64 hex digits; its content reference"`
}

// Columns are those of the table entries that Scan reads, of the alias e.
const Columns = `e.id, e.name, e.path, e.entry_type, e.metadata, e.content, e.created_at, e.updated_at`

// Scan reads the Columns of a row, and others behind them. The sidecars are not there yet, see AddSidecars.
func Scan(scan func(...any) error, more ...any) (*Entry, error) {
	e := &Entry{Sidecars: []Sidecar{}}
	var metadata string
	var created, updated int64
	dest := append([]any{&e.ID, &e.Name, &e.Path, &e.EntryType, &metadata, &e.Content, &created, &updated}, more...)
	if err := scan(dest...); err != nil {
		return nil, err
	}
	e.Metadata = json.RawMessage(metadata)
	e.CreatedAt, e.UpdatedAt = store.Time(created), store.Time(updated)
	return e, nil
}

// AddSidecars adds to entries the sidecars they have, ordered by name.
func AddSidecars(ctx context.Context, tx *store.Tx, list []*Entry) error {
	for some := range slices.Chunk(list, len(idMarks)) {
		byID := make(map[string]*Entry, len(some))
		ids := make([]any, 0, len(some))
		for _, e := range some {
			byID[e.ID] = e
			ids = append(ids, e.ID)
		}
		marks := 1
		for marks < len(ids) { // few lengths are few statements
			marks = min(8*marks, len(idMarks))
		}
		for len(ids) < marks {
			ids = append(ids, "")
		}
		err := tx.Query(ctx, func(scan func(...any) error) error {
			var id string
			var s Sidecar
			if err := scan(&id, &s.Filename, &s.Size, &s.Digest); err != nil {
				return err
			}
			byID[id].Sidecars = append(byID[id].Sidecars, s)
			return nil
		}, `SELECT entry_id, filename, size, digest FROM sidecars WHERE entry_id IN (`+strings.Join(idMarks[:marks], ", ")+
			`) ORDER BY entry_id, filename`, ids...)
		if err != nil {
			return fmt.Errorf("read sidecars: %w", err)
		}
	}
	return nil
}

// idMarks are placeholders.
var idMarks = func() (marks [512]string) {
	for i := range marks {
		marks[i] = "$" + strconv.Itoa(i+1)
	}
	return marks
}()

// NotFound is the error of an entry that is not there.
func NotFound(name string) error {
	return bus.Errorf(bus.NotFound, "the library has no entry %s", name)
}
