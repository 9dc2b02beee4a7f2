// Package airlock is what an extension written in Go imports.
//
// An extension is a WebAssembly module that runs as durable jobs. It has no network, no files and no other way out than the
// calls of this package, and each of them passes the host's door, which asks the extension's manifest whether it may. A whole
// extension is:
//
//	package main
//
//	import airlock "github.com/airlock-run/airlock/sdk/go"
//
//	func init() {
//		airlock.Register(airlock.Job{Name: "greet", Run: func(job *airlock.JobContext) error {
//			var input struct{ Name string }
//			if err := job.Input(&input); err != nil {
//				return airlock.Permanent(err)
//			}
//			job.Log(airlock.LevelInfo, "hello, %s", input.Name)
//			return nil
//		}})
//	}
//
//	func main() {}
//
// built with
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -ldflags='-s -w' -trimpath -o greet.wasm .
//
// beside a manifest.json that names the file. main stays empty: the host calls exports, it never starts a program.
//
// # How a job ends
//
// What Run returns decides what becomes of the job:
//
//	nil             completed
//	ErrInterrupted  stopped because the host asked to; runs again from the last checkpoint, unless it was cancelled
//	Permanent(err)  failed for good; a retry would fail in the same way
//	ErrWaiting      waits for its sub-jobs and is called again when they have ended
//	any other error failed; retried from the last checkpoint until its attempts are used up
//
// A panic fails the attempt too; its text, which Go prints on stderr, goes to the extension's log.
//
// # Being run more than once
//
// A job runs at least once: a worker may be lost at any moment, and another attempt starts on another machine with nothing but
// the last checkpoint. So save one with [JobContext.Checkpoint] after what is expensive, and ask [JobContext.Interrupted] in loops. The effect of
// an `action:` call happens once all the same as long as the calls of an attempt are those of the attempt before.
//
// # Sub-jobs, and later
//
// A job starts others of its extension with [JobContext.Dispatch]. To wait for them it saves a checkpoint and returns
// [JobContext.WaitForSubJobs]; it is called again when all have ended, and asks how with [JobContext.SubJob]. A job that has nothing to do
// yet returns [JobContext.Snooze].
//
// # Testing
//
// Compiled natively the package is the same, without a host. Package airlocktest has a fake one, so that jobs are tested by
// plain `go test`.
package airlock
