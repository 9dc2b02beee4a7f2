// Package runner runs the jobs of extensions. A Worker takes a job from the bus, runs it in a sandbox (package sandbox), and
// records how it ended. One job goes this way:
//
//	Worker      deals with one delivery in a free slot
//	roster      which extension it is of, and what that may do
//	modules     the prepared module, compiled once for all jobs
//	execution   the attempt: a sandbox, a deadline, an outcome
//	session     what the guest reaches: log, progress, checkpoint, and the bridge
//	bridge      the door: every call is authorised, rated, keyed and sent to an operation
//	verdict     from exit code or failure to completed, retry, hand-back or dead
//
// Triggers, beside it, turn events into jobs.
//
// runner and operations never meet but on the bus.
package runner
