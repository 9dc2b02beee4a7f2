package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// State is where a job stands; docs/protocol.md has the table of what leads where.
type State string

// The states of a job.
const (
	StateScheduled State = "scheduled"
	StateAvailable State = "available"
	StateRunning   State = "running"
	StateWaiting   State = "waiting"
	StateCompleted State = "completed"
	StateCancelled State = "cancelled"
	StateExpired   State = "expired"
	StateDead      State = "dead"
)

// Ended tells whether the state is an outcome.
func (s State) Ended() bool {
	switch s {
	case StateCompleted, StateCancelled, StateExpired, StateDead:
		return true
	default:
		return false
	}
}

// Run is the run record of a job: what is known of its attempts, then its outcome. There is one a job, and each write
// names the revision it follows, so of two writers one is refused. A job whose first attempt runs without a checkpoint
// so far has none.
type Run struct {
	Job       uuid.UUID `json:"job"`
	Extension string    `json:"extension"`
	Name      string    `json:"name"`
	Library   uuid.UUID `json:"library"`
	Priority  Priority  `json:"priority,omitempty"`
	CreatedAt time.Time `json:"created_at,omitzero"`
	State     State     `json:"state"`
	// Attempt is the token of the newest attempt.
	Attempt uint64 `json:"attempt"`
	// Failures counts the attempts that failed, which is what max_attempts limits.
	Failures int `json:"failures,omitempty"`
	// Worker is the process that runs or ran the newest attempt.
	Worker string `json:"worker,omitempty"`
	// Version is that of the extension the job began with, which it keeps until its outcome, and Digest that version's
	// module. Records of earlier releases have a Digest alone.
	Version string `json:"version,omitempty"`
	Digest  string `json:"digest,omitempty"`
	// Due is when a scheduled job runs again.
	Due        *time.Time  `json:"due,omitempty"`
	StartedAt  *time.Time  `json:"started_at,omitempty"`
	FinishedAt *time.Time  `json:"finished_at,omitempty"`
	Checkpoint *Checkpoint `json:"checkpoint,omitempty"`
	ExitCode   *int32      `json:"exit_code,omitempty"`
	Errors     []Failure   `json:"errors,omitempty"`
	Report     Report      `json:"report"`

	// Message is the sequence in JOBS that carries the job now; other copies are dropped.
	Message uint64 `json:"message,omitempty"`
	// Holder names the one attempt that writes, and Write counts its writes: with them a writer knows its own record
	// when the confirmation of a write was lost.
	Holder string `json:"holder,omitempty"`
	Write  uint64 `json:"write,omitempty"`

	revision uint64
}

// Checkpoint is what a guest saved to go on from.
type Checkpoint struct {
	State []byte    `json:"state"`
	At    time.Time `json:"at"`
	// Calls are the counters of call keys at that moment, by call hash.
	Calls map[string]uint32 `json:"calls,omitempty"`
}

// Failure is one failed attempt.
type Failure struct {
	Attempt uint64    `json:"attempt"`
	At      time.Time `json:"at"`
	Code    Code      `json:"code,omitempty"`
	Error   string    `json:"error"`
	// Limit names the limit that ended the attempt, such as "fuel"; empty when it was none.
	Limit string `json:"limit,omitempty"`
}

// maxFailures bounds the failures a record keeps: the newest ones.
const maxFailures = 10

// Report is what the newest attempt told about itself.
type Report struct {
	Progress float32   `json:"progress"`
	Message  string    `json:"message,omitempty"`
	Items    int64     `json:"items,omitempty"`
	Bytes    int64     `json:"bytes,omitempty"`
	Warnings []string  `json:"warnings,omitempty"`
	Logs     []LogLine `json:"logs,omitempty"`
	// LogsDropped counts the lines beyond the limit.
	LogsDropped int `json:"logs_dropped,omitempty"`
	// Calls and Denied count host calls to operations and those of them the door refused.
	Calls  int `json:"calls,omitempty"`
	Denied int `json:"denied,omitempty"`
	// GuestMS and CallMS are the milliseconds spent in the guest and in its calls and checkpoints, exact to the microsecond.
	GuestMS float64 `json:"guest_ms"`
	CallMS  float64 `json:"call_ms"`
	// Fuel is what the guest burned.
	Fuel uint64 `json:"fuel,omitempty"`
	// MemoryBytes is the most linear memory the guest had.
	MemoryBytes uint64 `json:"memory_bytes,omitempty"`
}

// LogLine is one line a guest logged, or printed on standard error.
type LogLine struct {
	At    time.Time `json:"at"`
	Level string    `json:"level"`
	Text  string    `json:"text"`
}

// ErrFenced is returned when the run record has moved on: another attempt is newer, and this one changes nothing any more.
var ErrFenced = errors.New("a newer attempt of this job exists")

// retention is how long an outcome is kept.
func retention(state State) time.Duration {
	if state == StateDead {
		return 30 * 24 * time.Hour
	}
	return 7 * 24 * time.Hour
}

// Run returns the run record of a job.
//
// # Errors
//
// not_found for a job that has none: it does not exist, waits, or is in its first attempt without a checkpoint.
func (c *Conn) Run(ctx context.Context, job uuid.UUID) (*Run, error) {
	stream, err := c.runs(ctx)
	if err != nil {
		return nil, err
	}
	msg, err := stream.GetLastMsgForSubject(ctx, RunSubject(job))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, Errorf(NotFound, "job %s has no run record", job)
	}
	if err != nil {
		return nil, fmt.Errorf("read run record of job %s: %w", job, err)
	}
	return decodeRun(msg.Data, msg.Sequence)
}

// CheckAttempt tells whether an attempt is the newest of its job: what an operation asks before it changes something.
//
// # Errors
//
// failed_precondition for an older attempt and for a job that has ended.
func (c *Conn) CheckAttempt(ctx context.Context, job uuid.UUID, attempt uint64) error {
	run, err := c.Run(ctx, job)
	switch {
	case CodeOf(err) == NotFound:
		return nil
	case ctx.Err() != nil:
		return AsError(ctx.Err())
	case err != nil:
		return Errorf(Unavailable, "the newest attempt of job %s is not known: %v", job, err)
	case run.State.Ended():
		return Errorf(FailedPrecondition, "job %s has ended (%s)", job, run.State)
	case run.Attempt > attempt:
		return Errorf(FailedPrecondition, "attempt %d of job %s is over: attempt %d runs", attempt, job, run.Attempt)
	}
	return nil
}

// Revision is the sequence of the record in RUNS: of two versions of a record the greater one is the newer.
func (r *Run) Revision() uint64 { return r.revision }

func decodeRun(data []byte, revision uint64) (*Run, error) {
	run := &Run{revision: revision}
	if err := json.Unmarshal(data, run); err != nil {
		return nil, fmt.Errorf("decode run record: %w", err)
	}
	return run, nil
}

// saveRun writes a record that follows run.revision.
func (c *Conn) saveRun(ctx context.Context, run *Run) error {
	data, err := json.Marshal(run)
	if err != nil {
		return fmt.Errorf("encode run record: %w", err)
	}
	msg := nats.NewMsg(RunSubject(run.Job))
	msg.Data = data
	msg.Header.Set(headerAttempt, strconv.FormatUint(run.Attempt, 10))
	options := []jetstream.PublishOpt{jetstream.WithExpectLastSequencePerSubject(run.revision)}
	if run.State.Ended() {
		options = append(options, jetstream.WithMsgTTL(retention(run.State)))
	}
	ack, err := c.js.PublishMsg(ctx, msg, options...)
	if isConflict(err) {
		return c.settleConflict(ctx, run)
	}
	if err != nil {
		return fmt.Errorf("write run record of job %s: %w", run.Job, err)
	}
	run.revision = ack.Sequence
	return nil
}

// settleConflict looks at the record that was in the way. If the same attempt wrote it, its confirmation got lost: it is
// either this write, or an earlier one, which this write then follows.
func (c *Conn) settleConflict(ctx context.Context, run *Run) error {
	stored, err := c.Run(ctx, run.Job)
	if err != nil {
		return fmt.Errorf("write run record of job %s: %w", run.Job, err)
	}
	if run.Holder == "" || stored.Holder != run.Holder || stored.revision == run.revision {
		return ErrFenced
	}
	run.revision = stored.revision
	if stored.Write == run.Write {
		return nil
	}
	return c.saveRun(ctx, run)
}

func (c *Conn) runs(ctx context.Context) (jetstream.Stream, error) { return c.stream(ctx, runsStream) }

// stream returns a handle of a stream; asking the server for it once is enough.
func (c *Conn) stream(ctx context.Context, name string) (jetstream.Stream, error) {
	if s, ok := c.streams.Load(name); ok {
		return s.(jetstream.Stream), nil //nolint:forcetypeassert // only streams are stored
	}
	s, err := c.js.Stream(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, Errorf(Unavailable, "there is no stream %s on %s: start a worker or `airlock up` once", name, c.address())
	}
	if err != nil {
		return nil, Errorf(Unavailable, "stream %s does not answer: %v", name, err)
	}
	c.streams.Store(name, s)
	return s, nil
}
