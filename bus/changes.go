package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

// Position is how far somebody has followed JOBS and RUNS: the sequences of the last messages that were taken in.
type Position struct {
	Jobs uint64 `json:"jobs"`
	Runs uint64 `json:"runs"`
}

// Changes are what happened to jobs, in the order of each stream, but not between the two: see Change.Version.
type Changes struct {
	All []*Change
	// Position is that of the last of them.
	Position Position
	// Behind is how many messages have not been handed out yet.
	Behind uint64
}

const (
	// maxChanges is how many changes are handed out together.
	maxChanges = 4000
	// fewChanges is how many are not collected for: when the batch before had no more, and as few are still to come.
	fewChanges = 8
	// changesPause is how long changes are collected after the last batch was handed out, unless few came. Those who follow are
	// behind by that much, and what they do costs less for each job. It is also for how long at least they leave the processor
	// to jobs.
	changesPause = 50 * time.Millisecond
	// maxChangesPause bounds the pause after a batch that took long.
	maxChangesPause = 500 * time.Millisecond
	// bufferedChanges and bufferedBytes bound what waits in memory, of each stream.
	bufferedChanges = 2000
	bufferedBytes   = 4 * MaxPayload
)

// FollowChanges hands out what happened to jobs after a position, in batches, one after the other. It blocks until ctx ends or handle
// returns an error, which it returns. A lonely change is handed out at once; of many, what came meanwhile is collected, and between
// two batches there is a pause of at least half the time that handle took. The position is for the caller to keep, together
// with what it makes of the changes: nothing is acknowledged.
func (c *Conn) FollowChanges(ctx context.Context, from Position, handle func(context.Context, *Changes) error) error {
	following, stop := context.WithCancelCause(ctx)
	arrivals := make(chan changeArrival, bufferedChanges)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop(nil)
	for _, source := range []changeSource{
		{stream: jobsStream, subjects: []string{jobSubjects, scheduleSubjects}, after: from.Jobs, decode: decodeJobsMessage},
		{stream: runsStream, subjects: []string{runSubjects}, after: from.Runs, decode: decodeRunsMessage},
	} {
		wg.Go(func() {
			if err := c.readChanges(following, source, arrivals); err != nil {
				stop(err)
			}
		})
	}
	batch := &changeBatch{position: from}
	pause, busy := changesPause, false
	for {
		if err := batch.collect(following, arrivals, pause, busy); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return context.Cause(following)
		}
		changes := batch.take()
		start := time.Now()
		if err := handle(ctx, changes); err != nil {
			return err
		}
		busy = len(changes.All) > fewChanges || changes.Behind > fewChanges
		pause = min(max(changesPause, time.Since(start)/2), maxChangesPause)
	}
}

// changeSource is a stream that is followed.
type changeSource struct {
	stream   string
	subjects []string
	after    uint64
	decode   func(msg jetstream.Msg, sequence uint64) (*Change, error)
}

// changeArrival is one message; change is nil when it tells nothing.
type changeArrival struct {
	change            *Change
	stream            string
	sequence, pending uint64
}

// changeBatch collects arrivals.
type changeBatch struct {
	all      []*Change
	position Position
	// jobs and runs are how many messages each stream still had.
	jobs, runs uint64
}

// collect waits for an arrival, and takes what else is there. When it is busy it also takes what comes until pause has passed, and
// does not return before that.
func (b *changeBatch) collect(ctx context.Context, arrivals <-chan changeArrival, pause time.Duration, busy bool) error {
	var over <-chan time.Time
	if busy {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case a := <-arrivals:
		b.add(a)
	}
	for {
		if len(b.all) < maxChanges {
			select {
			case a := <-arrivals:
				b.add(a)
				continue
			default:
			}
		}
		if over == nil {
			return nil
		}
		more := arrivals
		if len(b.all) >= maxChanges {
			more = nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-over:
			over = nil
		case a := <-more:
			b.add(a)
		}
	}
}

func (b *changeBatch) add(a changeArrival) {
	if a.change != nil {
		b.all = append(b.all, a.change)
	}
	if a.stream == jobsStream {
		b.position.Jobs, b.jobs = a.sequence, a.pending
	} else {
		b.position.Runs, b.runs = a.sequence, a.pending
	}
}

func (b *changeBatch) take() *Changes {
	changes := &Changes{All: b.all, Position: b.position, Behind: b.jobs + b.runs}
	b.all = nil
	return changes
}

// readChanges hands on what a stream delivers until ctx ends.
func (c *Conn) readChanges(ctx context.Context, source changeSource, arrivals chan<- changeArrival) error {
	stream, err := c.js.Stream(ctx, source.stream)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("follow %s: %w", source.stream, err)
	}
	if last := stream.CachedInfo().State.LastSeq; source.after > last {
		c.log.WarnContext(ctx, "stream is shorter than it was, following from its beginning", "subject", source.stream, "last", last)
		source.after = 0
	}
	consumer, err := c.js.OrderedConsumer(ctx, source.stream, jetstream.OrderedConsumerConfig{
		FilterSubjects: source.subjects, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: source.after + 1,
	})
	var messages jetstream.MessagesContext
	if err == nil {
		messages, err = consumer.Messages(jetstream.PullMaxMessagesWithBytesLimit(bufferedChanges, bufferedBytes))
	}
	if ctx.Err() != nil && err != nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("follow %s: %w", source.stream, err)
	}
	defer messages.Stop()
	defer context.AfterFunc(ctx, messages.Stop)()
	return c.handOn(ctx, source, messages, arrivals)
}

func (c *Conn) handOn(ctx context.Context, source changeSource, messages jetstream.MessagesContext, arrivals chan<- changeArrival) error {
	for {
		msg, err := messages.Next()
		switch {
		case errors.Is(err, jetstream.ErrMsgIteratorClosed):
			if ctx.Err() != nil {
				return nil //nolint:nilerr // that is how following ends
			}
			return fmt.Errorf("follow %s: %w", source.stream, err)
		case err != nil:
			c.log.DebugContext(ctx, "stream does not answer", "subject", source.stream, "error", err)
			continue
		}
		meta, err := msg.Metadata()
		if err != nil {
			return fmt.Errorf("follow %s: %w", source.stream, err)
		}
		change, err := source.decode(msg, meta.Sequence.Stream)
		if err != nil {
			// A message that is no job is buried by those who run jobs, and comes back as a record.
			c.log.DebugContext(ctx, "message tells nothing of a job", "subject", msg.Subject(), "error", err)
		}
		select {
		case arrivals <- changeArrival{change: change, stream: source.stream, sequence: meta.Sequence.Stream, pending: meta.NumPending}:
		case <-ctx.Done():
			return nil
		}
	}
}

func decodeJobsMessage(msg jetstream.Msg, _ uint64) (*Change, error) {
	subject := msg.Subject()
	if target := msg.Headers().Get(headerScheduleTarget); target != "" {
		subject = target
	}
	return decodeJobChange(subject, msg.Data())
}

func decodeRunsMessage(msg jetstream.Msg, sequence uint64) (*Change, error) {
	return decodeRunChange(msg.Subject(), msg.Data(), sequence)
}

const headerScheduleTarget = "Nats-Schedule-Target"

// JobOf returns the message of a job as Job does, of a job that one knows: that is faster.
//
// # Errors
//
// not_found.
func (c *Conn) JobOf(ctx context.Context, extension string, priority Priority, library, id uuid.UUID) (*Job, error) {
	job, _, err := c.find(ctx, id, JobSubject(extension, priority, library, id))
	return job, err
}
