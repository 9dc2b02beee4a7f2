// Package store is the SQL database that operations keep their data in: SQLite in a file where one machine is enough,
// PostgreSQL where several share the work.
//
// # Transactions
//
// There are two ways in. Read gives a function a snapshot that does not change while it looks. Write gives it a
// transaction that behaves as though no other ran at the same time; where two got in each other's way one of them is
// rolled back and its function called again. A function given to Write therefore changes nothing outside its
// transaction, and nothing it was given.
//
//	err := db.Write(ctx, func(tx *store.Tx) error {
//		_, err := tx.Exec(ctx, `UPDATE entries SET name = $1 WHERE id = $2`, name, id)
//		return err
//	})
//
// SQLite has one writer at a time anyway: Write takes the lock at its beginning, through one connection, so callers
// queue in this process and not in the file system. Those that wait share a transaction: each runs its function in a
// savepoint of its own, one's error takes back only what it did itself, and all return when the one commit is on the
// disk (synchronous=FULL), with an answer or with an error: either may come of what another did before. Where SQLite ends
// the whole transaction because of one of them, the others' functions are called again. Readers have connections of their
// own and wait for nobody (WAL). PostgreSQL runs Write as SERIALIZABLE and Read as REPEATABLE READ.
//
// Once a statement has failed, nothing more can be done in its transaction, in both.
//
// # The list of jobs
//
// JobList opens the tables of package jobs, which are written for every job there is and can be made again. SQLite keeps
// them in a file of their own, so that nobody waits for them, and without a sync at each commit. In PostgreSQL they are
// beside the others, and Write is READ COMMITTED there: they have one writer at a time by their own means.
//
// # One SQL for both
//
// Statements are written once: placeholders are $1, $2, …; upserts are ON CONFLICT, which both know; rows are locked by
// the isolation, not by FOR UPDATE. What differs is in the migrations, one set a dialect, and it is little: the name of
// the type for bytes, and that a path sorts by its bytes (COLLATE "C"), so that a page of a list ends at the same place
// in both.
//
// # What columns hold
//
// Ids are hyphenated UUIDs as text, and 16 bytes in the list of jobs. Times are integer microseconds since 1970 in UTC (see Micros): they sort and compare
// without anyone parsing them, they are as fine as PostgreSQL's own, and no driver turns them into a local time. JSON
// is text, because the store hands it out and does not look inside.
//
// # Bytes
//
// Blobs are kept by digest, once a library. Up to MaxInline bytes are in the row. Larger ones are content of the bus,
// and the row holds only their size: the content is put before the transaction that adds the row, and is never removed,
// so a row that can be read always has its bytes. What a rolled back transaction leaves behind is content that nothing
// refers to, which the next write of the same bytes uses.
package store
