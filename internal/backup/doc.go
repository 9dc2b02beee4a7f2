// Package backup takes backups of a running Airlock, and restores them.
//
// A backup is a folder:
//
//	manifest.json           what it is, and the digest of each other file; written last
//	streams/<stream>/…      the streams, in the format of `nats stream backup`
//	database.sqlite         the database, or database.pgdump, as pg_dump writes it
//
// Streams and database are not of one moment. Package bus says in which order they are copied, and why what is restored then is as
// if each job that was running had been cut off by a crash: it runs again from its newest checkpoint that was copied, and actions that the
// database has answer from their records.
//
// The master key that seals credentials is not in a backup. A sealed credential is, so that a restore can refuse a key that does not open it.
package backup
