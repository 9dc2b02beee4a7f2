package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
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

	// Parent is the job that dispatched this one.
	Parent *uuid.UUID `json:"parent,omitempty"`
	// Lost counts attempts that ended without a word, Yields those that gave the job back without having failed.
	Lost   int `json:"lost,omitempty"`
	Yields int `json:"yields,omitempty"`
	// CancelRequested is when somebody asked for the job to be cancelled, and Paused says that it is not to run until it is
	// resumed. The attempt that runs sees both with its next write.
	CancelRequested *time.Time `json:"cancel_requested,omitempty"`
	Paused          bool       `json:"paused,omitempty"`
	// Trace is the W3C trace context of the newest attempt.
	Trace string `json:"trace,omitempty"`
	// DeadLetter is the job itself, kept when it has ended but not completed, so that it can be run again.
	DeadLetter *DeadLetter `json:"dead_letter,omitempty"`

	// Holder names the one attempt that writes, and Write counts its writes: with them a writer knows its own record
	// when the confirmation of a write was lost.
	Holder string `json:"holder,omitempty"`
	Write  uint64 `json:"write,omitempty"`

	revision uint64
}

// DeadLetter is the message of a job that is dead, cancelled or expired, to be looked at, mended and submitted again.
type DeadLetter struct {
	Subject string `json:"subject"`
	// Job is the job; null for a message that is none, of which Raw has the bytes.
	Job json.RawMessage `json:"job,omitempty"`
	Raw []byte          `json:"raw,omitempty"`
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
	// LastCalls are the newest of them, at most 20.
	LastCalls []CallNote `json:"last_calls,omitempty"`
	// GuestMS and CallMS are the milliseconds spent in the guest and in its calls and checkpoints, exact to the microsecond.
	GuestMS float64 `json:"guest_ms"`
	CallMS  float64 `json:"call_ms"`
	// Fuel is what the guest burned.
	Fuel uint64 `json:"fuel,omitempty"`
	// MemoryBytes is the most linear memory the guest had.
	MemoryBytes uint64 `json:"memory_bytes,omitempty"`
}

// CallNote is one call of a guest to an operation.
type CallNote struct {
	Method string    `json:"method"`
	At     time.Time `json:"at"`
	MS     float64   `json:"ms"`
	// Code says why it failed; empty when it did not.
	Code Code `json:"code,omitempty"`
	// Rule names the rule that denied it, with its source.
	Rule string `json:"rule,omitempty"`
}

// LogLine is one line a guest logged, or printed on standard error.
type LogLine struct {
	At    time.Time `json:"at"`
	Level string    `json:"level"`
	Text  string    `json:"text"`
}

// ErrFenced is returned when the run record has moved on: another attempt is newer, and this one changes nothing any more.
var ErrFenced = errors.New("a newer attempt of this job exists")

// Retention is how long the record of a job that ended in a state is kept.
func (c *Conn) Retention(state State) time.Duration {
	if state == StateDead {
		return c.config.KeepDead
	}
	return c.config.KeepEnded
}

// Run returns the run record of a job.
//
// # Errors
//
// not_found for a job that has none: it does not exist, waits, or is in its first attempt without a checkpoint.
func (c *Conn) Run(ctx context.Context, job uuid.UUID) (*Run, error) {
	if c.bound() {
		return c.runThrough(ctx, job)
	}
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
	if len(msg.Data) == 0 {
		return nil, Errorf(NotFound, "job %s has no run record: it was deleted", job)
	}
	return decodeRun(msg.Data, msg.Sequence)
}

// Revision is the sequence of the record in RUNS: of two versions of a record the greater one is the newer.
func (r *Run) Revision() uint64 { return r.revision }

// Runs returns the run records of jobs, by job; those that have none are missing.
func (c *Conn) Runs(ctx context.Context, jobs []uuid.UUID) (map[uuid.UUID]*Run, error) {
	return c.runsOf(ctx, jobs, func(uuid.UUID) {})
}

// runsOf is Runs that says which jobs somebody has deleted.
func (c *Conn) runsOf(ctx context.Context, jobs []uuid.UUID, deleted func(uuid.UUID)) (map[uuid.UUID]*Run, error) {
	if c.bound() {
		return c.runsThrough(ctx, jobs, deleted)
	}
	runs := make(map[uuid.UUID]*Run)
	for chunk := range slices.Chunk(jobs, maxLookup) {
		subjects := make([]string, len(chunk))
		for i, job := range chunk {
			subjects[i] = RunSubject(job)
		}
		err := c.readLast(ctx, runsStream, subjects, func(msg *jetstream.RawStreamMsg) error {
			if len(msg.Data) == 0 {
				if id, err := uuid.Parse(strings.TrimPrefix(msg.Subject, runPrefix)); err == nil {
					deleted(id)
				}
				return nil
			}
			run, err := decodeRun(msg.Data, msg.Sequence)
			if err == nil {
				runs[run.Job] = run
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return runs, nil
}

func decodeRun(data []byte, revision uint64) (*Run, error) {
	run := &Run{revision: revision}
	if err := json.Unmarshal(data, run); err != nil {
		return nil, fmt.Errorf("decode run record: %w", err)
	}
	return run, nil
}

// newRun is the first record of a job.
func newRun(job *Job) *Run {
	return &Run{
		Job: job.ID, Extension: job.Extension, Name: job.Name, Library: job.Library, Priority: job.Priority,
		CreatedAt: job.CreatedAt, Parent: job.Parent, State: StateAvailable,
	}
}

// saveRun writes a record that follows run.revision.
//
// # Errors
//
// ErrFenced when the record has moved on.
func (c *Conn) saveRun(ctx context.Context, run *Run) error {
	err := c.saveRunOnce(ctx, run)
	if isConflict(err) {
		return c.settleConflict(ctx, run)
	}
	return err
}

// saveRunOnce is saveRun with isConflict's error for a record that has moved on.
func (c *Conn) saveRunOnce(ctx context.Context, run *Run) error {
	msg, err := c.recordMessage(run)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*confirmTime)
	defer cancel()
	sequence, err := c.records.publish(ctx, msg)
	if err != nil {
		return fmt.Errorf("write run record of job %s: %w", run.Job, err)
	}
	run.revision = sequence
	return nil
}

// recordMessage is a record as it is published on RUNS.
func (c *Conn) recordMessage(r *Run) (*nats.Msg, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode run record: %w", err)
	}
	msg := nats.NewMsg(RunSubject(r.Job))
	msg.Data = data
	msg.Header[headerAttempt] = []string{strconv.FormatUint(r.Attempt, 10)}
	msg.Header[jetstream.ExpectedLastSubjSeqHeader] = []string{strconv.FormatUint(r.revision, 10)}
	if r.State.Ended() {
		msg.Header[jetstream.MsgTTLHeader] = []string{c.Retention(r.State).String()}
	}
	return msg, nil
}

// settleConflict looks at the record that was in the way. If it is the same attempt's, then its confirmation got lost: it is
// either this write, or an earlier one, which this write then follows; or somebody asked the attempt for something, which this
// write keeps.
func (c *Conn) settleConflict(ctx context.Context, run *Run) error {
	stored, err := c.Run(ctx, run.Job)
	if CodeOf(err) == NotFound {
		return ErrFenced // deleted
	}
	if err != nil {
		return fmt.Errorf("write run record of job %s: %w", run.Job, err)
	}
	if run.Holder == "" || stored.Holder != run.Holder || stored.revision == run.revision {
		return ErrFenced
	}
	run.revision = stored.revision
	if stored.State.Ended() {
		return nil // by this attempt, with a write whose confirmation got lost
	}
	run.CancelRequested, run.Paused = stored.CancelRequested, stored.Paused
	if stored.Write == run.Write {
		return nil
	}
	return c.saveRun(ctx, run)
}

func isFenced(err error) bool { return errors.Is(err, ErrFenced) }

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
	if info := s.CachedInfo(); info.Config.Replicas > 1 && strings.TrimSuffix(c.config.APIPrefix, ".") != AccountPrefix {
		// Any replica answers a direct read, also one that lags. What is decided here wants the leader's answer. Those with an account of
		// their own may read directly alone, and decide nothing.
		info.Config.AllowDirect = false
	}
	c.streams.Store(name, s)
	return s, nil
}
