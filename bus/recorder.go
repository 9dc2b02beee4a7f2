package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nats.go/micro"
)

// The workers of a pool have no access to RUNS, where the records of all jobs are. Who deals reads and writes them on their behalf: the
// subject says for which extension, and NATS who may publish there.

// recorderPoll is how often who needs a record looks whether somebody keeps them.
const recorderPoll = 20 * time.Millisecond

// recordBytes bounds the records of one answer.
const recordBytes = 4 << 20

// recordAnswer is the answer to a request for records.
type recordAnswer struct {
	Runs    []storedRecord `json:"runs,omitempty"`
	Deleted []uuid.UUID    `json:"deleted,omitempty"`
	// Rest are those that the answer had no room for.
	Rest []uuid.UUID `json:"rest,omitempty"`
}

type storedRecord struct {
	Revision uint64          `json:"revision"`
	Record   json.RawMessage `json:"record"`
}

// recordWrite is a request to write a record that follows another, and recordWritten the answer.
type recordWrite struct {
	Follows uint64          `json:"follows"`
	Record  json.RawMessage `json:"record"`
}

type recordWritten struct {
	Revision uint64 `json:"revision,omitempty"`
	// Conflict says that the record has moved on.
	Conflict bool `json:"conflict,omitempty"`
}

// subJobRequest names a sub-job of a job, and subJobState is how one stands.
type subJobRequest struct {
	Parent uuid.UUID `json:"parent"`
	Job    uuid.UUID `json:"job"`
}

type subJobState struct {
	State State `json:"state"`
}

// family is how many sub-jobs a job has, and how many of them have no outcome.
type family struct {
	Children int `json:"children"`
	Pending  int `json:"pending"`
}

// recorder serves the run records of pools, and cancels sub-jobs for the service that guests ask to.
func (c *Conn) recorder(logger *slog.Logger) ServiceConfig {
	return ServiceConfig{
		Name: "records", Description: "reads and writes run records for workers of pools, and cancels sub-jobs", Logger: logger,
		Endpoints: []Endpoint{
			recordEndpoint("read", func(ctx context.Context, extension string, in struct{ Jobs []uuid.UUID }) (any, error) {
				return c.readRecords(ctx, extension, in.Jobs)
			}),
			recordEndpoint("write", func(ctx context.Context, extension string, in recordWrite) (any, error) {
				return c.writeRecord(ctx, extension, in)
			}),
			recordEndpoint("family", func(ctx context.Context, extension string, in struct{ Job uuid.UUID }) (any, error) {
				return c.familyOf(ctx, extension, in.Job)
			}),
			recordEndpoint("cancel", func(ctx context.Context, extension string, in subJobRequest) (any, error) {
				return c.cancelSubJob(ctx, extension, in)
			}),
		},
	}
}

func recordEndpoint[In any](verb string, serve func(ctx context.Context, extension string, in In) (any, error)) Endpoint {
	return Endpoint{
		name: "records-" + verb, subject: recordSubject("*", verb),
		serve: func(ctx context.Context, _ *Service, req micro.Request, _ nats.Header) (json.RawMessage, error) {
			if err := checkReply(req.Reply()); err != nil {
				return nil, err
			}
			parts := strings.Split(req.Subject(), ".")
			var in In
			if err := json.Unmarshal(req.Data(), &in); err != nil {
				return nil, Errorf(InvalidArgument, "request for records: %v", err)
			}
			answer, err := serve(ctx, extensionID(parts[2]), in)
			if err != nil {
				return nil, err
			}
			return json.Marshal(answer)
		},
	}
}

// readRecords returns the records of those of the jobs that are the extension's.
func (c *Conn) readRecords(ctx context.Context, extension string, jobs []uuid.UUID) (*recordAnswer, error) {
	if len(jobs) > maxLookup {
		return nil, Errorf(InvalidArgument, "%d records at once, at most %d are possible", len(jobs), maxLookup)
	}
	answer := &recordAnswer{}
	runs, err := c.runsOf(ctx, jobs, func(id uuid.UUID) { answer.Deleted = append(answer.Deleted, id) })
	if err != nil {
		return nil, err
	}
	size := 0
	for id, run := range runs {
		if run.Extension != extension {
			continue
		}
		record, err := json.Marshal(run)
		if err != nil {
			return nil, fmt.Errorf("encode run record: %w", err)
		}
		if size > 0 && size+len(record) > recordBytes {
			answer.Rest = append(answer.Rest, id)
			continue
		}
		size += len(record)
		answer.Runs = append(answer.Runs, storedRecord{Revision: run.revision, Record: record})
	}
	return answer, nil
}

// writeRecord writes a record if the job is the extension's and what it says of the job is so.
func (c *Conn) writeRecord(ctx context.Context, extension string, in recordWrite) (*recordWritten, error) {
	run, err := decodeRun(in.Record, in.Follows)
	if err != nil {
		return nil, Errorf(InvalidArgument, "%v", err)
	}
	if run.Extension != extension {
		return nil, Errorf(PermissionDenied, "the record says that job %s is one of %q, and it was sent as %s", run.Job, run.Extension, extension)
	}
	stored, err := c.Run(ctx, run.Job)
	if err != nil && CodeOf(err) != NotFound {
		return nil, err
	}
	letter, err := c.letterFor(ctx, run)
	if err != nil {
		return nil, err
	}
	switch {
	case stored == nil && letter == nil:
		return nil, Errorf(PermissionDenied, "there is no job %s of %s on %s", run.Job, extension,
			JobSubject(run.Extension, run.Priority, run.Library, run.Job))
	case stored != nil && !sameJob(stored, run):
		return nil, Errorf(PermissionDenied, "job %s is another's, or another than the record says", run.Job)
	case stored == nil && run.revision != 0, stored != nil && stored.revision != run.revision:
		return &recordWritten{Conflict: true}, nil
	case stored != nil && stored.State.Ended() && !letter.retries(stored.revision):
		return nil, Errorf(FailedPrecondition, "job %s has ended (%s)", run.Job, stored.State)
	case stored != nil && run.Attempt < stored.Attempt:
		return nil, Errorf(FailedPrecondition, "attempt %d of job %s is over: attempt %d runs", run.Attempt, run.Job, stored.Attempt)
	}
	// A person may run it again: what that is, JOBS says, and not who ran it.
	run.DeadLetter = nil
	if letter != nil && run.State.Ended() && run.State != StateCompleted {
		run.DeadLetter = &letter.DeadLetter
	}
	err = c.saveRunOnce(ctx, run)
	if isConflict(err) {
		return &recordWritten{Conflict: true}, nil
	}
	if err != nil {
		return nil, err
	}
	return &recordWritten{Revision: run.revision}, nil
}

// sameJob tells whether two records are of the same job.
func sameJob(a, b *Run) bool {
	sameParent := a.Parent == nil && b.Parent == nil || a.Parent != nil && b.Parent != nil && *a.Parent == *b.Parent
	return a.Extension == b.Extension && a.Name == b.Name && a.Library == b.Library && a.Priority == b.Priority &&
		a.CreatedAt.Equal(b.CreatedAt) && sameParent
}

// letter is the message of a job as it is in JOBS.
type letter struct {
	DeadLetter
	// retry is the outcome that it overrides.
	retry uint64
}

func (l *letter) retries(revision uint64) bool { return l != nil && l.retry == revision }

// letterFor is the message of the job a record is of; nil when JOBS has none on the subject that the record makes. Of one whose message is a
// job, the record says the same.
func (c *Conn) letterFor(ctx context.Context, run *Run) (*letter, error) {
	stream, err := c.stream(ctx, jobsStream)
	if err != nil {
		return nil, err
	}
	if run.Priority != High && run.Priority != Normal && run.Priority != Low {
		return nil, Errorf(InvalidArgument, "the record of job %s has the priority %q", run.Job, run.Priority)
	}
	msg, err := stream.GetLastMsgForSubject(ctx, JobSubject(run.Extension, run.Priority, run.Library, run.Job))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil //nolint:nilnil // there is none
	}
	if err != nil {
		return nil, fmt.Errorf("read job %s: %w", run.Job, err)
	}
	job, err := decodeJob(msg.Subject, msg.Data)
	if err != nil {
		return &letter{DeadLetter: DeadLetter{Subject: msg.Subject, Raw: msg.Data}}, nil //nolint:nilerr // what is no job is buried as it is
	}
	if !sameJob(newRun(job), run) {
		return nil, Errorf(PermissionDenied, "job %s is another than the record says", run.Job)
	}
	return &letter{DeadLetter: DeadLetter{Subject: msg.Subject, Job: msg.Data}, retry: job.Retry}, nil
}

// familyOf counts the sub-jobs of a job of an extension.
func (c *Conn) familyOf(ctx context.Context, extension string, job uuid.UUID) (*family, error) {
	run, err := c.Run(ctx, job)
	if CodeOf(err) == NotFound {
		var waiting *Job
		if waiting, err = c.Job(ctx, job); err == nil {
			run = newRun(waiting)
		}
	}
	if err != nil {
		return nil, err
	}
	if run.Extension != extension {
		return nil, Errorf(PermissionDenied, "job %s is another's", job)
	}
	children, err := c.children(ctx, job)
	if err != nil {
		return nil, err
	}
	pending, err := c.pendingChildren(ctx, job)
	return &family{Children: len(children), Pending: pending}, err
}

// writeThrough writes the record in a message as writeRecord does.
func (c *Conn) writeThrough(ctx context.Context, msg *nats.Msg) (uint64, error) {
	var job struct{ Extension string }
	if err := json.Unmarshal(msg.Data, &job); err != nil {
		return 0, fmt.Errorf("decode run record: %w", err)
	}
	in := recordWrite{Follows: parseUint(msg.Header.Get(jetstream.ExpectedLastSubjSeqHeader)), Record: msg.Data}
	var written recordWritten
	if err := c.askRecorder(ctx, job.Extension, "write", in, &written); err != nil {
		return 0, err
	}
	if written.Conflict {
		return 0, &jetstream.APIError{Code: 400, ErrorCode: jetstream.JSErrCodeStreamWrongLastSequence, Description: "the record has moved on"}
	}
	return written.Revision, nil
}

// runThrough is Run of a worker of a pool.
func (c *Conn) runThrough(ctx context.Context, job uuid.UUID) (*Run, error) {
	runs, err := c.runsThrough(ctx, []uuid.UUID{job}, func(uuid.UUID) {})
	if err != nil {
		return nil, err
	}
	if runs[job] == nil {
		return nil, Errorf(NotFound, "job %s has no run record", job)
	}
	return runs[job], nil
}

// runsThrough is runsOf of a worker of a pool: of the jobs of its extensions.
func (c *Conn) runsThrough(ctx context.Context, jobs []uuid.UUID, deleted func(uuid.UUID)) (map[uuid.UUID]*Run, error) {
	runs := make(map[uuid.UUID]*Run)
	for _, extension := range c.config.Pool.Extensions {
		for rest := jobs; len(rest) > 0; {
			n := min(len(rest), maxLookup)
			var answer recordAnswer
			if err := c.askRecorder(ctx, extension, "read", map[string]any{"jobs": rest[:n]}, &answer); err != nil {
				return nil, fmt.Errorf("read run records: %w", err)
			}
			rest = append(answer.Rest, rest[n:]...)
			for _, id := range answer.Deleted {
				deleted(id)
			}
			for _, stored := range answer.Runs {
				run, err := decodeRun(stored.Record, stored.Revision)
				if err != nil {
					return nil, err
				}
				runs[run.Job] = run
			}
		}
	}
	return runs, nil
}

// familyThrough counts the sub-jobs of a job for a worker of a pool.
func (c *Conn) familyThrough(ctx context.Context, job uuid.UUID) (family, error) {
	var last error
	for _, extension := range c.config.Pool.Extensions {
		var f family
		err := c.askRecorder(ctx, extension, "family", map[string]any{"job": job}, &f)
		if err == nil {
			return f, nil
		}
		if last = err; CodeOf(err) != PermissionDenied {
			break
		}
	}
	return family{}, last
}

// askRecorder asks who keeps the records, and waits for one while there is none: one process may have left before the next came.
func (c *Conn) askRecorder(ctx context.Context, extension, verb string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, confirmTime)
	defer cancel()
	for found := true; ; {
		err := c.askOnce(ctx, recordSubject(extension, verb), in, out)
		if errors.Is(err, nats.ErrNoResponders) {
			found = false
			select {
			case <-time.After(recorderPoll):
				continue
			case <-ctx.Done():
			}
		}
		if err != nil && !found && ctx.Err() != nil {
			return Errorf(Unavailable, "no process keeps the records of %s; start a worker that is bound to no pool, which does", extension)
		}
		return err
	}
}
