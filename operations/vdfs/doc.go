// Package vdfs is the catalogue of a library: entries with metadata, each at a path, and files beside them, called
// sidecars. It serves vdfs.create_entry, get_entry, list_entries, update_metadata, write_sidecar, read_sidecar and
// read_content.
//
// Everything belongs to the library of the call. What another library has is not found, whatever its id: one cannot
// even learn that it is there.
//
// # Names
//
// A path is absolute and in the form path.Clean leaves it in, such as /mail/2026/receipt-17: it starts with a slash,
// does not end in one, and has no empty, "." or ".." part. A sidecar's filename is one such part. Neither has control
// characters. Paths are a name space of the catalogue and of nothing else: no file system has them.
//
// # Bytes
//
// A sidecar's bytes are kept once a library by their digest: inline when small, as content of the bus when large. They
// are content before the transaction begins that makes them a sidecar, so no reader sees a sidecar without its bytes.
// Package store says what becomes of them.
package vdfs
