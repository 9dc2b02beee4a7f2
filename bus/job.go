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

// MaxDepth is how many jobs there can be above one.
const MaxDepth = 16

// Job is a piece of work for an extension, as it is published on JOBS.
type Job struct {
	ID        uuid.UUID `json:"id"`
	Extension string    `json:"extension"`
	Name      string    `json:"job"`
	Library   uuid.UUID `json:"library"`
	Priority  Priority  `json:"priority"`
	// Input is the JSON the job starts with; empty for none, which is not the same as {}.
	Input json.RawMessage `json:"input,omitempty"`
	// InputRef stands for an input that is too large for the job's message; see [Conn.Input].
	InputRef *InputRef `json:"input_ref,omitempty"`
	// Event is what started the job, if an event did.
	Event *Event `json:"event,omitempty"`
	// Hops is how many events, each caused by a job that the one before had started, led to this job; see MaxHops.
	Hops int `json:"hops,omitempty"`
	// MaxAttempts and TimeoutMS override the manifest's; 0 leaves its.
	MaxAttempts int       `json:"max_attempts,omitempty"`
	TimeoutMS   int64     `json:"timeout_ms,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
	// Parent is the job that dispatched this one, and Depth how many jobs are above it.
	Parent *uuid.UUID `json:"parent,omitempty"`
	Depth  int        `json:"depth,omitempty"`
	// Due is when the job may begin, ExpiresAt until when; nil for at once and for ever.
	Due       *time.Time `json:"due,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// Unique keeps others with the same key out.
	Unique *Unique `json:"unique,omitempty"`
	// Schedule is the name of the recurring schedule that started it, if one did.
	Schedule string `json:"schedule,omitempty"`
	// Retry is the revision of the record that has ended and that this message overrides; Anew says that it begins without the
	// checkpoint of what was before.
	Retry uint64 `json:"retry,omitempty"`
	Anew  bool   `json:"anew,omitempty"`
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
	case j.InputRef != nil && (len(j.Input) > 0 || !j.InputRef.valid()):
		return Errorf(InvalidArgument, "job %s: input_ref is no reference to an input of 1 to %d bytes, or there is an input beside it", j.ID, MaxInput)
	case j.MaxAttempts < 0 || j.TimeoutMS < 0:
		return Errorf(InvalidArgument, "job %s: max_attempts and timeout_ms must not be negative", j.ID)
	case j.ExpiresAt != nil && j.Due != nil && !j.ExpiresAt.After(*j.Due):
		return Errorf(InvalidArgument, "job %s: it expires at %s, before it is due", j.ID, j.ExpiresAt.Format(time.RFC3339))
	case j.Depth < 0 || j.Depth > MaxDepth:
		return Errorf(InvalidArgument, "job %s: it is %d jobs deep, and at most %d are possible", j.ID, j.Depth, MaxDepth)
	case j.Hops < 0:
		return Errorf(InvalidArgument, "job %s: hops is %d, want 0 or more", j.ID, j.Hops)
	case j.Unique != nil && (j.Unique.Key == "" || len(j.Unique.Key) > MaxUniqueKey):
		return Errorf(InvalidArgument, "job %s: its unique key is %d bytes, want 1 to %d", j.ID, len(j.Unique.Key), MaxUniqueKey)
	case j.Unique != nil && (j.Unique.ForMS < 0 || j.Unique.ForMS > 0 && j.Unique.ForMS < 1000):
		return Errorf(InvalidArgument, "job %s: unique.for_ms is %d, want 0 or at least 1000", j.ID, j.Unique.ForMS)
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
	if j.Due != nil {
		header.Set(headerDue, j.Due.UTC().Format(time.RFC3339Nano))
	}
	if j.ExpiresAt != nil {
		header.Set(headerExpires, j.ExpiresAt.UTC().Format(time.RFC3339Nano))
	}
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
	if len(job.Input) > maxMessageInput {
		return nil, Errorf(InvalidArgument, "job %s: its message holds an input of %d bytes, at most %d are possible: keep it aside and refer to it by input_ref",
			job.ID, len(job.Input), maxMessageInput)
	}
	if want := JobSubject(job.Extension, job.Priority, job.Library, job.ID); want != subject {
		return nil, fmt.Errorf("decode job: it says it belongs on %s but was published on %s", want, subject)
	}
	return job, nil
}

// isConflict tells that a publish was refused because the subject is not in the state it expected.
func isConflict(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence
}
