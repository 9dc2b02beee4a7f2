// Package jobs keeps the list of jobs that people ask for: by state, extension, library and time, newest first.
//
// The truth about jobs is in two streams, JOBS and RUNS, which know a job by its id alone. This package follows both and
// writes what they say into a table. The table is a projection: it decides nothing, may be some milliseconds behind, and
// can be made again from the streams (Rebuild).
//
// # Order
//
// The streams are followed separately, and a message may come twice or late. A job's message says who it is; its run
// record says how it stands, and of two versions the one with the greater revision holds. So the order in which they
// arrive does not matter. A job without a run record is available, or in its first attempt, which writes none: its
// activity tells, to those who watch.
//
// # Which consumer
//
// How far the streams have been followed is kept on the bus, by the name of a consumer, and the name is kept in the
// database. So processes that share a database share the work, and a database that is new or was restored from an old
// copy without the name starts from the beginning.
//
// # How long
//
// A job stays in the list for 30 days after it has ended, the longest time its run record stays on the bus. The records
// of calls, by which an action's effect happens once, go with it.
package jobs
