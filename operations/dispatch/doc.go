// Package dispatch is what a job can do about other jobs: start sub-jobs, ask how they stand and cancel them.
//
//	action:jobs.dispatch {"job": "resize", "input": {"n": 1}}  →  {"job_id": "…"}
//	action:jobs.dispatch {"jobs": [{"job": "resize"}, …]}      →  {"job_ids": ["…", …]}, at most 1000, together or not at all
//	query:jobs.status    {"job_id": "…"}                       →  state, progress and outcome of a sub-job
//	action:jobs.cancel   {"job_id": "…"}                       →  its state; one that runs is asked to stop
//
// A job that has dispatched others can go on, or save a checkpoint and answer exit code 4: then it waits, without a slot and without
// memory, and runs again when each of its sub-jobs has an outcome.
//
// # Once
//
// The id of a sub-job is made of the key and the hash of the call that dispatched it, so that an attempt that repeats the call of the one
// before starts nothing anew. That a job has a sub-job is noted before the sub-job is enqueued: a job that waits never misses one.
//
// # Whose
//
// A job starts jobs of its own extension, by name or by full name, in the library that the call is for, which is its own unless it has a
// grant for another. It sees its own sub-jobs only. Jobs can be bus.MaxDepth deep. A person may start jobs of any extension, by full name.
//
// Another method, action:jobs.snooze, is answered by the worker itself: it is about the attempt that calls.
package dispatch
