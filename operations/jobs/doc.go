// Package jobs keeps the list of jobs that people ask for: by state, extension, library, parent and time, newest first.
//
// The truth about jobs is in two streams, JOBS and RUNS, which know a job by its id alone. This package follows both and
// writes what they say into tables. The tables are a projection: they decide nothing, may be behind, and can be made again
// from the streams (Rebuild).
//
// # Order
//
// The streams are followed separately, and a message may come twice or late. Everything that is told of a job has a
// version (bus.Change), and the greater one holds, so the order in which they arrive does not matter. A job without a run
// record is available, or in its first attempt, which writes none: its activity tells, to those who watch.
//
// # Batches
//
// What came since the last batch is folded, so that of each job the newest is left, and written in one transaction with
// the position up to which the streams have been followed. So nothing is written twice or left out, whatever is killed when,
// and a database that was restored from a copy goes on from the copy's position. Of several processes with the same database
// one writes: whoever finds that the position has moved lets the other go on, and takes over when it no longer moves.
//
// Writing a batch is followed by a pause, in which jobs have the processor and changes collect. Under load the list is
// behind by as much as makes batches large, and it says by how many messages.
//
// # A file of its own
//
// On SQLite the tables are in a file beside the store's. A file has one writer at a time, and there actions would wait for
// batches. A projection also need not be on the disk at each commit: what the power takes away is read from the streams again.
//
// # Pages
//
// A page is found by walking an index from the newest job on: that of one or several kinds (extension, name and library),
// of a state, of a parent, or all jobs. Where no index has all that is asked for, jobs are looked at and left out; of two
// indexes both are tried. There is a bound to how many are looked at for one page. A page that reaches it ends early, and its Next goes on.
//
// # How long
//
// A job stays in the list as long as its run record on the bus. The records of calls, by which an action's effect happens
// once, stay for 30 days, and longer while the job is in the list or has a run record.
package jobs
