package vdfs

import (
	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/content"
	"github.com/airlock-run/airlock/operations/store"
)

// catalogue is what the operations work on.
type catalogue struct {
	conn     *bus.Conn
	db       *store.DB
	contents *content.Store
}

// Operations returns the operations of this domain. Bytes are kept in contents, everything else in db. Content of events is read from conn.
func Operations(conn *bus.Conn, db *store.DB, contents *content.Store) []operations.Operation {
	c := &catalogue{conn: conn, db: db, contents: contents}
	noEntry := operations.Fails(bus.NotFound, "the library has no such entry")
	noFile := operations.Fails(bus.NotFound, "the library has no such entry, or the entry no such file")
	noContent := operations.Fails(bus.NotFound, "the library has no such content")
	full := operations.Fails(bus.ResourceExhausted, "the library's storage is used up")
	return []operations.Operation{
		operations.PreparedAction("vdfs.create_entry", c.checkNewEntry, c.createEntry,
			operations.Describe("adds an entry to the library"),
			operations.Sample(`{"name": "bill.pdf", "path": "/inbox/bill.pdf", "entry_type": "receipt"}`),
			operations.Fails(bus.AlreadyExists, "the path is taken"), noContent, full),
		operations.Query("vdfs.get_entry", c.getEntry,
			operations.Describe("returns the entry of an id or at a path"),
			operations.Sample(`{"path": "/inbox/bill.pdf"}`), noEntry),
		operations.Query("vdfs.list_entries", c.listEntries,
			operations.Describe("returns entries that fit filters on their metadata, a page at a time"),
			operations.Sample(`{"entry_type": "receipt", "filters": [{"field": "total", "op": "gt", "value": 50}], "limit": 20}`)),
		operations.PreparedAction("vdfs.update_metadata", c.checkPatch, c.updateMetadata,
			operations.Describe("merges an object into an entry's metadata (RFC 7396)"),
			operations.Sample(`{"entry_id": "a1510c00-0000-4000-8000-000000000001", "metadata": {"total": 36.47}}`), noEntry, full),
		operations.PreparedAction("vdfs.delete_entry", c.checkDelete, c.deleteEntry,
			operations.Describe("removes an entry with the files beside it"),
			operations.Sample(`{"entry_id": "a1510c00-0000-4000-8000-000000000001"}`), noEntry),
		operations.PreparedAction("vdfs.write_sidecar", c.keepSidecar, c.writeSidecar,
			operations.Describe("writes a file beside an entry, in place of one of that name"),
			operations.Sample(`{"entry_id": "a1510c00-0000-4000-8000-000000000001", "filename": "note.txt", "data": "aGVsbG8="}`), noEntry, noContent, full),
		operations.Query("vdfs.read_sidecar", c.readSidecar,
			operations.Describe("returns a file beside an entry, or a part of it"),
			operations.Sample(`{"entry_id": "a1510c00-0000-4000-8000-000000000001", "filename": "note.txt"}`), noFile),
		operations.Query("vdfs.list_sidecars", c.listSidecars,
			operations.Describe("returns the files beside an entry, without their bytes"),
			operations.Sample(`{"entry_id": "a1510c00-0000-4000-8000-000000000001"}`), noEntry),
		operations.PreparedAction("vdfs.delete_sidecar", c.checkFile, c.deleteSidecar,
			operations.Describe("removes a file beside an entry"),
			operations.Sample(`{"entry_id": "a1510c00-0000-4000-8000-000000000001", "filename": "note.txt"}`), noFile),
		operations.PreparedAction("vdfs.write_content", c.keepContent, c.writeContent,
			operations.Describe("keeps bytes, at once or in parts, and returns how they are referred to; within 24 hours an entry or a file must refer to them"),
			operations.Sample(`{"data": "aGVsbG8="}`),
			operations.Fails(bus.NotFound, "the library has no such upload"),
			operations.Fails(bus.FailedPrecondition, "the upload does not end at offset"), full),
		operations.Query("vdfs.read_content", c.readContent,
			operations.Describe("returns a part of what a content reference names"), noContent),
	}
}
