package airlock

import (
	"encoding/json"
	"time"
)

// VDFS is a library's catalogue: entries with metadata, and files beside them, called sidecars.
type VDFS struct{ job *JobContext }

// VDFS returns the client of the vdfs operations.
func (j *JobContext) VDFS() VDFS { return VDFS{j} }

// NewEntry is an entry to be created. Metadata is any value that is a JSON object.
type NewEntry struct {
	Name      string `json:"name"`
	Path      string `json:"path"`
	EntryType string `json:"entry_type"`
	Metadata  any    `json:"metadata,omitempty"`
	// Content is the reference of content of the library that is the entry's, see [VDFS.WriteContent]; empty for none.
	Content string `json:"content,omitempty"`
}

// Entry is one thing in a library. Its path is unique there.
type Entry struct {
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Path      string          `json:"path"`
	EntryType string          `json:"entry_type"`
	Metadata  json.RawMessage `json:"metadata"`
	// Content is the reference of its content, for [VDFS.ReadContent]; empty for none.
	Content   string    `json:"content"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Sidecars  []Sidecar `json:"sidecars"`
}

// Sidecar is a file beside an entry.
type Sidecar struct {
	Filename string `json:"filename"`
	Size     int64  `json:"size"`
	Digest   string `json:"digest"`
}

// CreateEntry adds an entry. It calls action:vdfs.create_entry.
//
// # Errors
//
// [AlreadyExists] if the path is taken.
func (v VDFS) CreateEntry(entry NewEntry) (Entry, error) {
	var out Entry
	err := v.job.Call("action:vdfs.create_entry", "", entry, &out)
	return out, err
}

// Entry returns the entry of an id. It calls query:vdfs.get_entry.
func (v VDFS) Entry(id string) (Entry, error) {
	return v.entry(map[string]string{"entry_id": id})
}

// EntryAt returns the entry at a path. It calls query:vdfs.get_entry.
func (v VDFS) EntryAt(path string) (Entry, error) {
	return v.entry(map[string]string{"path": path})
}

func (v VDFS) entry(by map[string]string) (Entry, error) {
	var out Entry
	err := v.job.Call("query:vdfs.get_entry", "", by, &out)
	return out, err
}

// EntryFilter says which entries [VDFS.ListEntries] returns. The zero value is the first page of all.
type EntryFilter struct {
	PathPrefix string `json:"path_prefix,omitempty"`
	EntryType  string `json:"entry_type,omitempty"`
	// Filters are what the metadata has to fit, all of them.
	Filters []Filter `json:"filters,omitempty"`
	// Sort is path, created_at, updated_at or metadata. and an indexed field, with - in front for the last first. Empty means path.
	Sort string `json:"sort,omitempty"`
	// After is the Next of the page before.
	After string `json:"after,omitempty"`
	// Limit is the size of a page, 1 to 500. Zero means 50.
	Limit int `json:"limit,omitempty"`
}

// Filter compares a field of the metadata, total or vendor.name, with a value: a number, text, true or false. Op is eq, gt, gte, lt, lte,
// prefix, or in, of which the value is a list.
type Filter struct {
	Field string `json:"field"`
	Op    string `json:"op"`
	Value any    `json:"value"`
}

// EntryPage is some of the entries, fewer than asked for where many had to be looked at. An empty Next means there are no more.
type EntryPage struct {
	Entries []Entry `json:"entries"`
	Next    string  `json:"next"`
}

// ListEntries returns one page of entries. It calls query:vdfs.list_entries.
func (v VDFS) ListEntries(filter EntryFilter) (EntryPage, error) {
	var out EntryPage
	err := v.job.Call("query:vdfs.list_entries", "", filter, &out)
	return out, err
}

// UpdateMetadata merges a JSON object into an entry's metadata; a null takes its key away (RFC 7396). It calls
// action:vdfs.update_metadata.
func (v VDFS) UpdateMetadata(entryID string, patch any) error {
	input := struct {
		ID       string `json:"entry_id"`
		Metadata any    `json:"metadata"`
	}{entryID, patch}
	return v.job.Call("action:vdfs.update_metadata", "", input, nil)
}

// DeleteEntry removes an entry with the files beside it. It calls action:vdfs.delete_entry.
//
// # Errors
//
// [NotFound].
func (v VDFS) DeleteEntry(entryID string) error {
	return v.job.Call("action:vdfs.delete_entry", "", map[string]string{"entry_id": entryID}, nil)
}
