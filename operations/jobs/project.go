package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// maxText bounds the texts of a line of the list, in bytes. The whole texts are in the run.
const maxText = 1024

// keptRun is what is kept of a run record: all but the state of its checkpoint, which is the guest's.
type keptRun struct {
	Worker     string          `json:"worker,omitempty"`
	Version    string          `json:"version,omitempty"`
	Digest     string          `json:"digest,omitempty"`
	ExitCode   *int32          `json:"exit_code,omitempty"`
	Checkpoint *keptCheckpoint `json:"checkpoint,omitempty"`
	Errors     []bus.Failure   `json:"errors,omitempty"`
	Report     *bus.Report     `json:"report,omitempty"`
}

type keptCheckpoint struct {
	Size int       `json:"size"`
	At   time.Time `json:"at"`
}

// keepJob writes what a job's message says: who the job is, and for a new one that it is available.
func (j *Jobs) keepJob(ctx context.Context, job *bus.Job) error {
	kept := *job
	if job.Event != nil {
		event := *job.Event
		event.Data, event.DataBase64 = nil, ""
		kept.Event = &event
	}
	data, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("encode job: %w", err)
	}
	err = j.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO jobs (id, extension, name, library_id, priority, created_at, job,
				state, attempt, failures, due, started_at, finished_at, error, progress, message, run, revision)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0, 0, 0, '', 0, '', '{}', 0)
			ON CONFLICT (id) DO UPDATE SET extension = excluded.extension, name = excluded.name, library_id = excluded.library_id,
				priority = excluded.priority, created_at = excluded.created_at, job = excluded.job`,
			job.ID.String(), plain(job.Extension), plain(job.Name), job.Library.String(), string(job.Priority),
			store.Micros(job.CreatedAt), string(data), string(bus.StateAvailable))
		return err
	})
	if err != nil {
		return fmt.Errorf("keep job %s: %w", job.ID, err)
	}
	return nil
}

// keepRun writes what a run record says, unless a newer version of it is there.
func (j *Jobs) keepRun(ctx context.Context, run *bus.Run) error {
	kept := keptRun{
		Worker: run.Worker, Version: run.Version, Digest: run.Digest, ExitCode: run.ExitCode, Errors: run.Errors, Report: &run.Report,
	}
	if run.Checkpoint != nil {
		kept.Checkpoint = &keptCheckpoint{Size: len(run.Checkpoint.State), At: run.Checkpoint.At}
	}
	data, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("encode run: %w", err)
	}
	failure := ""
	if n := len(run.Errors); n > 0 && run.State != bus.StateCompleted {
		failure = run.Errors[n-1].Error
	}
	err = j.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO jobs (id, extension, name, library_id, priority, created_at, job,
				state, attempt, failures, due, started_at, finished_at, error, progress, message, run, revision)
			VALUES ($1, $2, $3, $4, $5, $6, '{}', $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
			ON CONFLICT (id) DO UPDATE SET state = excluded.state, attempt = excluded.attempt, failures = excluded.failures,
				due = excluded.due, started_at = excluded.started_at, finished_at = excluded.finished_at, error = excluded.error,
				progress = excluded.progress, message = excluded.message, run = excluded.run, revision = excluded.revision
			WHERE jobs.revision < excluded.revision`,
			run.Job.String(), plain(run.Extension), plain(run.Name), run.Library.String(), string(run.Priority), store.Micros(madeAt(run)),
			string(run.State), int64(run.Attempt), run.Failures, //nolint:gosec // counts of what happened stay far below 1<<63
			micros(run.Due), micros(run.StartedAt), micros(run.FinishedAt), plain(failure),
			float64(run.Report.Progress), plain(run.Report.Message), string(data), int64(run.Revision())) //nolint:gosec // as above
		return err
	})
	if err != nil {
		return fmt.Errorf("keep run of job %s: %w", run.Job, err)
	}
	return nil
}

// madeAt is when a job was made, as far as its run record tells. That of a message that was no job does not.
func madeAt(run *bus.Run) time.Time {
	if !run.CreatedAt.IsZero() {
		return run.CreatedAt
	}
	if run.Job.Version() == 7 {
		return timeOf(run.Job)
	}
	for _, at := range []*time.Time{run.StartedAt, run.FinishedAt} {
		if at != nil {
			return *at
		}
	}
	return time.Now()
}

// timeOf is the time in a UUIDv7.
func timeOf(id uuid.UUID) time.Time {
	sec, nsec := id.Time().UnixTime()
	return time.Unix(sec, nsec)
}

func micros(at *time.Time) int64 {
	if at == nil {
		return 0
	}
	return store.Micros(*at)
}

// plain is text as both databases take it. A text that one of them refused would come again for ever.
func plain(text string) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\ufffd")
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return text
}
