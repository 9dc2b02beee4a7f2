package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Priority orders jobs that wait.
type Priority string

// The priorities.
const (
	High   Priority = "high"
	Normal Priority = "normal"
	Low    Priority = "low"
)

// MaxInput is the largest input a job can have, in bytes.
const MaxInput = 1 << 20

// Job is a piece of work for an extension, as it is published on JOBS.
type Job struct {
	ID        uuid.UUID `json:"id"`
	Extension string    `json:"extension"`
	Name      string    `json:"job"`
	Library   uuid.UUID `json:"library"`
	Priority  Priority  `json:"priority"`
	// Input is the JSON the job starts with; empty for none, which is not the same as {}.
	Input json.RawMessage `json:"input,omitempty"`
	// Event is what started the job, if an event did.
	Event *Event `json:"event,omitempty"`
	// MaxAttempts and TimeoutMS override the manifest's; 0 leaves its.
	MaxAttempts int       `json:"max_attempts,omitempty"`
	TimeoutMS   int64     `json:"timeout_ms,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
}

// FullName is the job's name with its extension's, "finance:process_receipt".
func (j *Job) FullName() string { return j.Extension + ":" + j.Name }

// Timeout is the override of the manifest's timeout, or 0.
func (j *Job) Timeout() time.Duration { return time.Duration(j.TimeoutMS) * time.Millisecond }

// Validate reports what would keep the job from being published or run by anyone.
//
// # Errors
//
// invalid_argument, with what is wrong.
func (j *Job) Validate() error {
	switch {
	case j.ID == uuid.Nil:
		return Errorf(InvalidArgument, "job has no id")
	case j.Extension == "" || strings.ContainsAny(j.Extension, "_*> \t\r\n"):
		return Errorf(InvalidArgument, "job %s: extension %q is no extension id", j.ID, j.Extension)
	case j.Name == "":
		return Errorf(InvalidArgument, "job %s: no job name", j.ID)
	case j.Priority != High && j.Priority != Normal && j.Priority != Low:
		return Errorf(InvalidArgument, "job %s: priority is %q, want high, normal or low", j.ID, j.Priority)
	case len(j.Input) > MaxInput:
		return Errorf(InvalidArgument, "job %s: input is %d bytes, at most %d are possible", j.ID, len(j.Input), MaxInput)
	case len(j.Input) > 0 && !json.Valid(j.Input):
		return Errorf(InvalidArgument, "job %s: input is not JSON", j.ID)
	case j.MaxAttempts < 0 || j.TimeoutMS < 0:
		return Errorf(InvalidArgument, "job %s: max_attempts and timeout_ms must not be negative", j.ID)
	}
	return nil
}

// Enqueue publishes a job and returns when it is kept. An empty ID, Priority and CreatedAt are filled in. Enqueueing a
// job again whose id is already there changes nothing and is no error, so a caller who is not sure may repeat it.
//
// # Errors
//
// invalid_argument for a job that cannot be; unavailable when the bus did not confirm it.
func (c *Conn) Enqueue(ctx context.Context, job *Job) error {
	job.fill()
	if err := job.Validate(); err != nil {
		return err
	}
	data, err := json.Marshal(job)
	if err != nil {
		return fmt.Errorf("encode job: %w", err)
	}
	msg := nats.NewMsg(JobSubject(job.Extension, job.Priority, job.Library, job.ID))
	msg.Data = data
	job.setHeaders(ctx, msg.Header)
	_, err = c.js.PublishMsg(ctx, msg, jetstream.WithMsgID(job.ID.String()), jetstream.WithExpectLastSequencePerSubject(0))
	if err != nil && !isConflict(err) {
		return Errorf(Unavailable, "enqueue job %s: the bus did not confirm it (%v); repeat with the same id", job.ID, err)
	}
	return nil
}

func (j *Job) fill() {
	if j.ID == uuid.Nil {
		j.ID = uuid.Must(uuid.NewV7())
	}
	if j.Priority == "" {
		j.Priority = Normal
	}
	if j.CreatedAt.IsZero() {
		j.CreatedAt = time.Now().UTC()
	}
}

func (j *Job) setHeaders(ctx context.Context, header nats.Header) {
	header.Set(headerJob, j.ID.String())
	header.Set(headerExtension, j.Extension)
	header.Set(headerLibrary, j.Library.String())
	injectTrace(ctx, header)
}

// decodeJob reads a message of JOBS. Anyone may publish there, so nothing in it is believed.
func decodeJob(subject string, data []byte) (*Job, error) {
	job := &Job{}
	if err := json.Unmarshal(data, job); err != nil {
		return nil, fmt.Errorf("decode job: %w", err)
	}
	if err := job.Validate(); err != nil {
		return nil, err
	}
	if want := JobSubject(job.Extension, job.Priority, job.Library, job.ID); want != subject {
		return nil, fmt.Errorf("decode job: it says it belongs on %s but was published on %s", want, subject)
	}
	return job, nil
}

// Job returns a job that has no outcome yet, or had its outcome a moment ago.
//
// # Errors
//
// not_found.
func (c *Conn) Job(ctx context.Context, id uuid.UUID) (*Job, error) {
	stream, err := c.stream(ctx, jobsStream)
	if err != nil {
		return nil, err
	}
	msg, err := stream.GetLastMsgForSubject(ctx, "airlock.job.*.*.*."+id.String())
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, Errorf(NotFound, "no job %s waits or runs", id)
	}
	if err != nil {
		return nil, fmt.Errorf("read job %s: %w", id, err)
	}
	return decodeJob(msg.Subject, msg.Data)
}

// isConflict tells that a publish was refused because the subject is not in the state it expected.
func isConflict(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence
}
