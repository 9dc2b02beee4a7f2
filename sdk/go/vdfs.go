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
}

// Entry is one thing in a library. Its path is unique there.
type Entry struct {
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Path      string          `json:"path"`
	EntryType string          `json:"entry_type"`
	Metadata  json.RawMessage `json:"metadata"`
	CreatedAt time.Time       `json:"created_at"`
	UpdatedAt time.Time       `json:"updated_at"`
	Sidecars  []Sidecar       `json:"sidecars"`
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
	// After is the Next of the page before.
	After string `json:"after,omitempty"`
	// Limit is the size of a page, 1 to 500. Zero means 50.
	Limit int `json:"limit,omitempty"`
}

// EntryPage is some of the entries. An empty Next means there are no more.
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

// WriteSidecar writes a file beside an entry, in place of one of that name. It calls action:vdfs.write_sidecar.
func (v VDFS) WriteSidecar(entryID, filename string, data []byte) error {
	input := struct {
		ID       string `json:"entry_id"`
		Filename string `json:"filename"`
		Data     []byte `json:"data"`
	}{entryID, filename, bytesOrEmpty(data)}
	return v.job.Call("action:vdfs.write_sidecar", "", input, nil)
}

// SidecarContent is a sidecar's bytes.
type SidecarContent struct {
	Data   []byte `json:"data"`
	Size   int64  `json:"size"`
	Digest string `json:"digest"`
}

func (c *SidecarContent) data() *[]byte { return &c.Data }

// ReadSidecar returns a file beside an entry. It calls query:vdfs.read_sidecar.
func (v VDFS) ReadSidecar(entryID, filename string) (SidecarContent, error) {
	input := struct {
		ID       string `json:"entry_id"`
		Filename string `json:"filename"`
	}{entryID, filename}
	var out SidecarContent
	err := v.job.Call("query:vdfs.read_sidecar", "", input, &out)
	return out, err
}

// ContentRange is part of what a content reference names. Size is that of the whole.
type ContentRange struct {
	Data []byte `json:"data"`
	Size int64  `json:"size"`
	EOF  bool   `json:"eof"`
}

func (c *ContentRange) data() *[]byte { return &c.Data }

// ReadContent returns up to length bytes, from offset, of what a content reference names. A length of 0 means 1 MiB. It calls
// query:vdfs.read_content.
func (v VDFS) ReadContent(content string, offset, length int64) (ContentRange, error) {
	input := struct {
		Content string `json:"content"`
		Offset  int64  `json:"offset"`
		Length  int64  `json:"length,omitempty"`
	}{content, offset, length}
	var out ContentRange
	err := v.job.Call("query:vdfs.read_content", "", input, &out)
	return out, err
}

// bytesOrEmpty keeps JSON from turning a file without content into a null.
func bytesOrEmpty(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}
