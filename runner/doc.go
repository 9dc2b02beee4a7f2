// Package runner runs the jobs of extensions. A Worker takes a job from the bus, runs it in a sandbox (package sandbox), and
// records how it ended. One job goes this way:
//
//	Worker      deals with one delivery in a free slot
//	roster      which extension it is of, in which version, and what that may do
//	modules     the prepared module, compiled once for all jobs, freed when none needs it
//	admission   room in memory, for which jobs wait in order
//	execution   the attempt: a sandbox, a deadline, an outcome
//	session     what the guest reaches: log, progress, checkpoint, and the bridge
//	bridge      the door: every call is authorised, rated, keyed and sent to an operation
//	reporter    what the guest says: kept for the record, told live, at no cost to the guest
//	verdict     from exit code or failure to completed, retry, hand-back or dead
//
// Triggers, beside it, turn events into jobs.
//
// # Versions
//
// A job runs one version of its extension, manifest and module, in all its attempts: the one that was current when it
// began. Its run record names it, and the catalogue keeps it. So an extension can be replaced at any time: the roster
// hears of it, modules prepares the new module while jobs still run the old one, and jobs that are dealt meanwhile wait. A
// module that is not current is freed with its last job; an attempt that comes after has it prepared again.
//
// runner and operations never meet but on the bus.
package runner
