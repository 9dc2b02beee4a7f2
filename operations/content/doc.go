// Package content keeps bytes for libraries by their digest: the same bytes are kept once in a library, and what one library has is not
// found from another.
//
// # Where bytes are
//
// Up to store.MaxInline bytes are in the database. Larger content is a row there and, outside, objects of at most PartSize bytes that follow
// each other: a part of it is read without the rest, and nobody holds it whole, neither who puts it nor who reads it. The objects are on
// the bus (Bus), or in a bucket that speaks S3 (package s3).
//
// # Nothing left behind, nothing taken away too early
//
// The database and the objects have no common transaction. So each object has a row before it is put, which goes only after the object
// is gone, and the row says when that may be:
//
//	row of the object (may be removed in GraceTime) → object → row belongs to its upload → upload becomes content
//
// Whoever dies between two of these leaves an object whose row says when it may go; Sweep removes the object, and then the row. What belongs
// to content is not touched. Content goes in a transaction that sees that nothing refers to it, at the earliest when it is no longer held:
// Put, Hold and a finished upload hold it for HoldTime, in which the caller makes something refer to it (Refer). Its objects stay for
// GraceTime more, for those who read it, and so that a backup that has the row has the bytes.
//
// # Storage
//
// The bytes of a library's content, of its uploads and of what others count (Count) are summed in the transactions that change them. With
// a budget, a transaction that would exceed it is refused, and what is near it is told once.
package content
