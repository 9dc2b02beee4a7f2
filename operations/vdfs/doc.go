// Package vdfs is the catalogue of a library: entries with metadata, each at a path, and files beside them, called sidecars. It serves the
// operations vdfs.*.
//
// Everything belongs to the library of the call. What another library has is not found, whatever its id: one cannot even learn that it is
// there.
//
// # Names
//
// A path is absolute and in the form path.Clean leaves it in, such as /mail/2026/receipt-17: it starts with a slash, does not end in one, and
// has no empty, "." or ".." part. A sidecar's filename is one such part. Neither has control characters. Paths are a name space of the
// catalogue and of nothing else: no file system has them.
//
// # Finding
//
// Package entries has how lists are filtered and sorted, and the words that package search finds. What an operation writes is in its
// indexes in the same transaction.
//
// # Bytes
//
// Sidecars, and entries that have content, refer to content of the library (package content), which is there before the transaction begins that
// makes them refer to it: no reader sees a sidecar without its bytes. Small files come with their sidecar, in its transaction. Those beyond
// a message are written in parts by vdfs.write_content, up to 100 MiB, and read in parts, so that neither guest nor bus holds them whole:
//
//	write_content {data, more: true}                     → {upload, size}
//	write_content {data, upload, offset: size}           → {content}
//	write_sidecar {entry_id, filename, content}
//	read_sidecar  {entry_id, filename, offset, length}   → {data, size, eof}
//
// Content that nothing refers to stays for a day. What an entry or a file referred to goes with it, unless something else refers to it, or it is
// younger than that.
package vdfs
