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
	"github.com/synadia-io/orbit.go/jetstreamext"
)

const (
	// MaxBatch is how many jobs are enqueued together or not at all.
	MaxBatch = 1000
	// early is how much before it is due a delayed job comes out of its schedule: the server fires a quarter of a second late at
	// worst, and the dealer holds the job until then.
	early = 300 * time.Millisecond
	// soon is the delay up to which a job needs no schedule: the dealer holds it.
	soon = 2 * time.Second
)

// Enqueue publishes a job and returns when it is kept. An empty ID, Priority and CreatedAt are filled in. Enqueueing a
// job again whose id is already there changes nothing and is no error, so a caller who is not sure may repeat it.
//
// # Errors
//
// invalid_argument for a job that cannot be; a *DuplicateError for a unique job that is there already; resource_exhausted while too many
// jobs wait; unavailable when the bus did not confirm it.
func (c *Conn) Enqueue(ctx context.Context, job *Job) (err error) {
	job.fill()
	ctx, span := startEnqueue(ctx, job)
	defer func() { EndSpan(span, err) }()
	msg, _, err := c.prepare(ctx, job)
	if err != nil {
		return err
	}
	if missing, err := c.notDue(ctx, []*nats.Msg{msg}); err != nil || len(missing) == 0 {
		return err
	}
	if _, err = c.js.PublishMsg(ctx, msg); err != nil && !isConflict(err) {
		return Errorf(Unavailable, "enqueue job %s: the bus did not confirm it (%v); repeat with the same id", job.ID, err)
	}
	return nil
}

// EnqueueMany publishes jobs, MaxBatch at a time together or not at all. It returns how many are certainly kept: all of them without an
// error. Repeating it with the same jobs enqueues the rest.
//
// # Errors
//
// As Enqueue's; invalid_argument before anything is published.
func (c *Conn) EnqueueMany(ctx context.Context, jobs []*Job) (kept int, err error) {
	messages := make([]*nats.Msg, 0, min(len(jobs), MaxBatch))
	for _, job := range jobs {
		job.fill()
		if err := job.Validate(); err != nil {
			return 0, err
		}
	}
	ctx, span := startEnqueue(ctx, jobs...)
	defer func() { EndSpan(span, err) }()
	for len(jobs) > 0 {
		chunk := jobs[:min(len(jobs), MaxBatch)]
		jobs = jobs[len(chunk):]
		messages = messages[:0]
		var claims []claimed
		for _, job := range chunk {
			msg, claim, err := c.prepare(ctx, job)
			if err != nil { // nothing of the chunk is published
				c.release(ctx, claims)
				return kept, err
			}
			if claim.sequence > 0 {
				claims = append(claims, claim)
			}
			messages = append(messages, msg)
		}
		if messages, err = c.notDue(ctx, messages); err != nil {
			return kept, err
		}
		if err := c.publishMany(ctx, messages); err != nil {
			return kept, err
		}
		kept += len(chunk)
	}
	return kept, nil
}

// notDue leaves out the schedules of jobs that are due already: their time has come, or a person had them run. Another schedule would have
// such a job come once more.
func (c *Conn) notDue(ctx context.Context, messages []*nats.Msg) ([]*nats.Msg, error) {
	var targets []string
	for _, msg := range messages {
		if target := msg.Header.Get(headerScheduleTarget); target != "" {
			targets = append(targets, target)
		}
	}
	if len(targets) == 0 {
		return messages, nil
	}
	due := make(map[string]bool)
	err := c.readLast(ctx, jobsStream, targets, func(msg *jetstream.RawStreamMsg) error {
		due[msg.Subject] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(messages, func(msg *nats.Msg) bool { return due[msg.Header.Get(headerScheduleTarget)] }), nil
}

// publishMany publishes messages together; if one of them is there already, those that are not.
func (c *Conn) publishMany(ctx context.Context, messages []*nats.Msg) error {
	if len(messages) > 1 {
		_, err := jetstreamext.PublishMsgBatch(ctx, c.js, messages)
		if err == nil {
			return nil
		}
		if !isConflict(err) {
			return Errorf(Unavailable, "enqueue %d jobs: the bus did not confirm them (%v); repeat with the same ids", len(messages), err)
		}
	}
	for _, msg := range messages {
		for name := range msg.Header {
			if len(name) > 11 && name[:11] == "Nats-Batch-" {
				msg.Header.Del(name)
			}
		}
		if _, err := c.js.PublishMsg(ctx, msg); err != nil && !isConflict(err) {
			return Errorf(Unavailable, "enqueue a job: the bus did not confirm it (%v); repeat with the same id", err)
		}
	}
	return nil
}

// prepare makes the message of a job, keeps a large input aside, and claims its unique key. It returns the claim that it has made; the zero
// value for none, or for one that the job had already.
func (c *Conn) prepare(ctx context.Context, job *Job) (*nats.Msg, claimed, error) {
	job.fill()
	if err := job.Validate(); err != nil {
		return nil, claimed{}, err
	}
	if err := c.room(ctx); err != nil {
		return nil, claimed{}, err
	}
	sent, err := c.stow(ctx, job)
	if err != nil {
		return nil, claimed{}, err
	}
	var claim claimed
	if job.Unique != nil {
		if claim, err = c.claim(ctx, job); err != nil {
			c.discard(ctx, sent)
			return nil, claimed{}, err
		}
	}
	msg, err := sent.message(ctx)
	return msg, claim, err
}

// message is the job as it is published on JOBS: as a schedule, when it is due later.
func (j *Job) message(ctx context.Context) (*nats.Msg, error) {
	data, err := json.Marshal(j)
	if err != nil {
		return nil, fmt.Errorf("encode job: %w", err)
	}
	subject := JobSubject(j.Extension, j.Priority, j.Library, j.ID)
	msg := nats.NewMsg(subject)
	msg.Data = data
	j.setHeaders(ctx, msg.Header)
	msg.Header.Set(jetstream.ExpectedLastSubjSeqHeader, "0")
	if j.Due != nil && time.Until(*j.Due) > soon {
		msg.Subject = ScheduleSubject(j.ID)
		msg.Header.Set("Nats-Schedule", "@at "+j.Due.Add(-early).UTC().Format(time.RFC3339Nano))
		msg.Header.Set(headerScheduleTarget, subject)
	}
	return msg, nil
}

// roomAge is for how long an answer of the dealer to how many jobs wait is believed.
const roomAge = time.Second

// room tells whether more jobs may be enqueued: not while more than the limit wait. What is enqueued in the second after the limit was
// reached may be beyond it.
func (c *Conn) room(ctx context.Context) error {
	most := c.config.MaxWaiting
	if most <= 0 {
		return nil
	}
	c.backlog.Lock()
	defer c.backlog.Unlock()
	if time.Since(c.backlog.at) > roomAge {
		asking, cancel := context.WithTimeout(ctx, roomAge/2)
		defer cancel()
		status, err := c.QueueStatus(asking)
		if err == nil {
			c.backlog.waiting = status.Waiting + status.Held
		}
		c.backlog.at = time.Now() // without a dealer nobody can tell, and nothing is refused
	}
	if c.backlog.waiting < most {
		return nil
	}
	refused := Errorf(ResourceExhausted, "%d jobs wait, and no more than %d may (AIRLOCK_MAX_WAITING): enqueue it later", c.backlog.waiting, most)
	refused.RetryAfter = roomAge
	return refused
}

// Unique keeps a job from being enqueued while another with the same key is there: of the same extension, job name and library.
type Unique struct {
	// Key is at most MaxUniqueKey bytes.
	Key string `json:"key"`
	// ForMS is how long after it was enqueued no other is, in milliseconds, at least 1000; 0 for as long as it has no outcome.
	ForMS int64 `json:"for_ms,omitempty"`
}

// MaxUniqueKey is the longest unique key, in bytes.
const MaxUniqueKey = 512

// DuplicateError is returned by Enqueue for a unique job when another holds its key.
type DuplicateError struct {
	// Job is the other one.
	Job uuid.UUID
	Key string
}

// Error says which job holds the key.
func (e *DuplicateError) Error() string {
	return fmt.Sprintf("already_exists: job %s with the unique key %q is there already", e.Job, e.Key)
}

// Unwrap returns an *Error of code already_exists.
func (e *DuplicateError) Unwrap() error {
	return Errorf(AlreadyExists, "job %s with the unique key %q is there already", e.Job, e.Key)
}

const (
	// claimAge bounds how long a claim of a job that has no outcome yet is kept.
	claimAge = 31 * 24 * time.Hour
	// claimGrace is how long after a claim its job may not have been published yet.
	claimGrace = time.Minute
)

// claimed is a claim: the sequence of its message.
type claimed struct {
	subject  string
	sequence uint64
}

// claimMessage claims the unique key of a job, for the time for which it is to be unique.
func claimMessage(job *Job) *nats.Msg {
	msg := nats.NewMsg(uniqueSubject(job))
	msg.Data = []byte(job.ID.String() + " " + JobSubject(job.Extension, job.Priority, job.Library, job.ID))
	age := claimAge
	if job.Unique.ForMS > 0 { // the server counts in seconds
		age = (time.Duration(job.Unique.ForMS)*time.Millisecond + time.Second - 1).Truncate(time.Second)
	}
	msg.Header.Set(jetstream.MsgTTLHeader, age.String())
	return msg
}

// claim claims the unique key of a job. A claim names its job and holds as long as that has no outcome, so nothing depends on its being
// taken back. It returns the claim if it is new.
func (c *Conn) claim(ctx context.Context, job *Job) (claimed, error) {
	stream, err := c.runs(ctx)
	if err != nil {
		return claimed{}, err
	}
	subject := uniqueSubject(job)
	follows := uint64(0)
	for {
		msg := claimMessage(job)
		msg.Header.Set(jetstream.ExpectedLastSubjSeqHeader, strconv.FormatUint(follows, 10))
		ack, err := c.js.PublishMsg(ctx, msg)
		if err == nil {
			return claimed{subject, ack.Sequence}, nil
		}
		if !isConflict(err) {
			return claimed{}, Errorf(Unavailable, "claim unique key: the bus did not confirm it (%v); repeat with the same id", err)
		}
		held, err := stream.GetLastMsgForSubject(ctx, subject)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			follows = 0
			continue
		}
		if err != nil {
			return claimed{}, fmt.Errorf("claim unique key: %w", err)
		}
		if len(held.Data) == 0 { // released
			follows = held.Sequence
			continue
		}
		text, at, _ := strings.Cut(string(held.Data), " ")
		holder, _ := uuid.Parse(text)
		if holder == job.ID {
			return claimed{}, nil
		}
		alive, err := c.claimHolds(ctx, held, holder, at)
		if err != nil {
			return claimed{}, fmt.Errorf("claim unique key: %w", err)
		}
		if alive {
			return claimed{}, &DuplicateError{Job: holder, Key: job.Unique.Key}
		}
		follows = held.Sequence
	}
}

// release takes back claims of jobs that are not published after all. One that cannot be holds for claimGrace. An empty message takes it
// back, and not a deletion, for which those who enqueue have no right.
func (c *Conn) release(ctx context.Context, claims []claimed) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), confirmTime)
	defer cancel()
	for _, claim := range claims {
		_, err := c.js.PublishMsg(ctx, nats.NewMsg(claim.subject), jetstream.WithExpectLastSequencePerSubject(claim.sequence), jetstream.WithMsgTTL(time.Second))
		if err != nil && !isConflict(err) {
			c.log.DebugContext(ctx, "unique key not released yet", "error", err)
		}
	}
}

// claimHolds tells whether a claim holds: of one for a time as long as the server keeps it, of any other as long as its job, published
// on a subject, has no outcome.
func (c *Conn) claimHolds(ctx context.Context, held *jetstream.RawStreamMsg, holder uuid.UUID, at string) (bool, error) {
	if ttl := held.Header.Get(jetstream.MsgTTLHeader); ttl != claimAge.String() {
		return true, nil
	}
	deleted := false
	runs, err := c.runsOf(ctx, []uuid.UUID{holder}, func(uuid.UUID) { deleted = true })
	run := runs[holder]
	switch {
	case err != nil:
		return false, err
	case deleted:
		return false, nil
	case run != nil && run.State.Ended(): // unless it is about to run once more
		job, _, err := c.find(ctx, holder, at)
		if code := CodeOf(err); code == NotFound || code == InvalidArgument {
			return false, nil
		}
		return err == nil && job.Retry == run.revision, err
	case run != nil:
		return true, nil
	case time.Since(held.Time) < claimGrace:
		return true, nil
	}
	return c.waits(ctx, holder, at)
}

// waits tells whether a job that has no record is in JOBS.
func (c *Conn) waits(ctx context.Context, job uuid.UUID, subject string) (bool, error) {
	stream, err := c.stream(ctx, jobsStream)
	if err != nil {
		return false, err
	}
	for _, subject := range []string{ScheduleSubject(job), subject} { // which is the way it goes
		_, err := stream.GetLastMsgForSubject(ctx, subject)
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, jetstream.ErrMsgNotFound) {
			return false, fmt.Errorf("read job %s: %w", job, err)
		}
	}
	return false, nil
}

// unclaim takes back the claim of a job that has ended.
func (c *Conn) unclaim(ctx context.Context, job *Job) {
	if job == nil || job.Unique == nil || job.Unique.ForMS > 0 || c.bound() {
		return // it is seen through when somebody else wants the key
	}
	stream, err := c.runs(ctx)
	if err != nil {
		return
	}
	held, err := stream.GetLastMsgForSubject(ctx, uniqueSubject(job))
	if err == nil && len(held.Data) >= 36 && string(held.Data[:36]) == job.ID.String() {
		_ = stream.DeleteMsg(ctx, held.Sequence)
	}
}
