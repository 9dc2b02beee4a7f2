// Package client is for applications in Go that have Airlock run jobs: it enqueues them, watches them and tells how they ended. It
// carries no engine and no database, and says nothing that docs/protocol.md does not let any NATS client say.
//
// # Connecting
//
// A Client comes from Connect: to the NATS of a cluster by Config.URL, or to the `airlock up` of the same user by its
// Config.DataDir. It is safe for concurrent use, reconnects by itself, and one a process is enough.
//
//	airlock, err := client.Connect(client.Config{URL: "nats://nats.internal:4222"})
//	if err != nil {
//		return err
//	}
//	defer airlock.Close()
//
// # Enqueueing
//
//	id, err := airlock.Enqueue(ctx, client.Job{
//		Name:   "finance:process_receipt",
//		Input:  map[string]any{"path": "/inbox/bill.pdf"},
//		Unique: "/inbox/bill.pdf",
//	})
//
// When Enqueue has returned without an error the job is kept on disk, and it will have exactly one outcome, whatever
// crashes in between. A job may be delayed (In, At), may expire (ExpiresAt), may be the only one of its kind (Unique,
// UniqueFor), and goes before others by Priority. An extension or a job that is not installed is refused here and not
// three attempts later. When the bus did not confirm (ErrUnavailable), nobody knows whether the job is kept: enqueue it again with
// the id that was returned, and it is kept once.
//
// EnqueueMany keeps up to MaxBatch jobs together or not at all, and more than that in as many steps.
//
// # What becomes of a job
//
// Result waits for the outcome. That a job failed is no error of Result: Outcome.Err tells. Watch is a sequence of what the job tells on
// its way there, live: states, progress, log lines, warnings, failed attempts.
//
//	for update, err := range airlock.Watch(ctx, id) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(update.Kind, update.Text)
//	}
//
// Both may be called at any time, by any process, as long as the job's record is kept: by default 7 days after its outcome, or 30
// when it is dead. Each that waits has a consumer of its own on the server. An application that waits for thousands of jobs at a time rather asks Status now and then.
//
// # What people do to jobs
//
// Cancel, Pause, Resume, Retry and Delete are kept with the job, so that they cannot get lost while a worker is away; a worker that runs it is
// told at once. Which of them a state allows is in the table of docs/protocol.md; what it does not allow is ErrState.
//
// # Errors
//
// They are told apart with errors.Is (ErrNotFound, ErrQueueFull, …) and errors.As (*DuplicateError, *Error), and each has a sentence for
// people.
package client
