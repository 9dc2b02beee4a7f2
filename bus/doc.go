// Package bus is Airlock on NATS: everything its parts say to one another goes through here, and nothing else imports a
// NATS client. docs/protocol.md is the specification, for those who speak it in another language.
//
// A process has a Conn. It comes from Connect, to a cluster, to the socket of a running `airlock up`, or to a Server
// embedded in the same process. What one finds on it, in the order a job meets it:
//
//   - Publish keeps an Event; FollowEvents hands events to those who start jobs for them.
//   - Enqueue keeps a Job, and Dispatch the sub-jobs of one; a Queue deals jobs to workers. A large input is kept aside, see Input.
//   - Delivery.Begin makes an Attempt of a delivered job, and Attempt.End, Retry and HandBack record how it went.
//   - Call asks an operation on behalf of a guest; Serve answers. What is too large for a message goes by reference.
//   - Tell and Watch carry what a running job says about itself to those who look on.
//   - Run, WatchRun and FollowRuns read run records, which in the end hold the outcome.
//   - Extensions keeps what is installed, and was, PutContent and Content large data.
//
// # What holds
//
// An event starts a job once: the job's id is made from the event. A job is never lost: its message stays until its outcome, or the
// schedule of its next attempt, is on disk. It has one outcome: there is one run record a job, and each write of it names
// the revision it follows, so that of two writers one is refused with ErrFenced. An attempt is at most delivered twice at
// the same time, after a crash or a stall; the newer one writes the record first, and from then on the older one changes
// nothing, neither here nor at an operation that asks CheckCaller.
//
// Messages that are published by others are checked before they are believed. What is no job ends as dead, with the reason.
package bus
