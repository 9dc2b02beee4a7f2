package vdfs

import (
	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/store"
)

// catalogue is what the operations work on.
type catalogue struct {
	conn *bus.Conn
	db   *store.DB
}

// Operations returns the operations of this domain. Large sidecars are kept on conn, everything else in db.
func Operations(conn *bus.Conn, db *store.DB) []operations.Operation {
	c := &catalogue{conn: conn, db: db}
	return []operations.Operation{
		operations.PreparedAction("vdfs.create_entry", c.checkNewEntry, c.createEntry,
			operations.Describe("adds an entry to the library")),
		operations.Query("vdfs.get_entry", c.getEntry,
			operations.Describe("returns the entry of an id or at a path")),
		operations.Query("vdfs.list_entries", c.listEntries,
			operations.Describe("returns entries by path, a page at a time")),
		operations.PreparedAction("vdfs.update_metadata", c.checkPatch, c.updateMetadata,
			operations.Describe("merges an object into an entry's metadata (RFC 7396)")),
		operations.PreparedAction("vdfs.write_sidecar", c.keepSidecar, c.writeSidecar,
			operations.Describe("writes a file beside an entry, in place of one of that name")),
		operations.Query("vdfs.read_sidecar", c.readSidecar,
			operations.Describe("returns a file beside an entry")),
		operations.Query("vdfs.read_content", c.readContent,
			operations.Describe("returns a part of what a content reference names")),
	}
}
