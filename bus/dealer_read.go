package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// arrival is a message of JOBS.
type arrival struct {
	address  jobAddress
	sequence uint64
	header   nats.Header
	// data is nil when it was not read.
	data []byte
	// replay says that the job was there before this term.
	replay bool
	// fresh says that the job has no run record, over that it had ended when its message was read.
	fresh, over bool
	// tick is the name of the schedule that is due, of a message that is no job, and at when it was.
	tick string
	at   time.Time
	// stray is the subject of a message that is no job's.
	stray string
}

// read hands all jobs to the term: first those that are there, without their payloads, then those that come. It returns when ctx
// ends or the stream cannot be read.
func (t *term) read(ctx context.Context) error {
	stream, err := t.conn.js.Stream(ctx, jobsStream)
	if err != nil {
		return fmt.Errorf("read jobs: %w", err)
	}
	last := stream.CachedInfo().State.LastSeq
	if err := t.replay(ctx, last); err != nil {
		return err
	}
	t.call(t.replayEnded)
	read := make(chan arrival, maxLookup)
	var looking sync.WaitGroup
	defer looking.Wait()
	defer close(read)
	looking.Go(func() { t.look(ctx, read) })
	return t.follow(ctx, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{jobSubjects, tickSubjects}, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: last + 1,
	}, read, 0)
}

// look looks up, many at once, which of the jobs that come have a run record, so that nobody has to when a slot waits for them.
func (t *term) look(ctx context.Context, read <-chan arrival) {
	batch := make([]arrival, 0, maxLookup)
	for a := range read {
		batch = append(batch[:0], a)
		for len(batch) < maxLookup && len(read) > 0 {
			batch = append(batch, <-read)
		}
		ids := make([]uuid.UUID, 0, len(batch))
		for _, a := range batch {
			if a.tick == "" && a.stray == "" {
				ids = append(ids, a.address.Job)
			}
		}
		deleted := map[uuid.UUID]bool{}
		runs, err := t.conn.runsOf(ctx, ids, func(id uuid.UUID) { deleted[id] = true })
		for _, a := range batch { // of what is not known here, whoever the job is dealt to looks
			run := runs[a.address.Job]
			a.fresh = err == nil && run == nil && !deleted[a.address.Job]
			a.over = run != nil && run.State.Ended() && !a.retries(run)
			select {
			case t.arrivals <- a:
			case <-ctx.Done():
			}
		}
	}
}

// retries tells whether the job is to run once more after the outcome in its record.
func (a *arrival) retries(run *Run) bool {
	job, err := decodeJob(JobSubject(a.address.Extension, a.address.Priority, a.address.Library, a.address.Job), a.data)
	return err != nil || job.Retry == run.revision // of what is no job, whoever it is dealt to buries it
}

// replay reads the jobs up to a sequence.
func (t *term) replay(ctx context.Context, last uint64) error {
	return t.follow(ctx, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{jobSubjects, tickSubjects}, HeadersOnly: true,
	}, t.arrivals, last)
}

// follow hands on what a consumer delivers: of a replay until the sequence last, and without one, which is 0, until ctx ends.
func (t *term) follow(ctx context.Context, config jetstream.OrderedConsumerConfig, out chan<- arrival, last uint64) error {
	replay := config.HeadersOnly
	consumer, err := t.conn.js.OrderedConsumer(ctx, jobsStream, config)
	if err != nil {
		return fmt.Errorf("read jobs: %w", err)
	}
	if replay {
		info, err := consumer.Info(ctx)
		if err != nil {
			return fmt.Errorf("read jobs: %w", err)
		}
		if info.NumPending == 0 {
			return nil
		}
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(1000))
	if err != nil {
		return fmt.Errorf("read jobs: %w", err)
	}
	defer context.AfterFunc(ctx, messages.Stop)()
	defer messages.Stop()
	for {
		msg, err := messages.Next()
		if errors.Is(err, jetstream.ErrMsgIteratorClosed) {
			return nil
		}
		if err != nil {
			t.log.DebugContext(ctx, "jobs cannot be read for a while", "error", err)
			continue
		}
		meta, err := msg.Metadata()
		if err != nil {
			return fmt.Errorf("read jobs: %w", err)
		}
		if replay && meta.Sequence.Stream > last {
			return nil // it comes again, with its payload
		}
		select {
		case out <- t.parse(msg, meta, replay):
		case <-ctx.Done():
			return nil
		}
		if replay && meta.NumPending == 0 {
			return nil
		}
	}
}

// parse reads a message.
func (t *term) parse(msg jetstream.Msg, meta *jetstream.MsgMetadata, replay bool) arrival {
	a := arrival{sequence: meta.Sequence.Stream, header: msg.Headers(), replay: replay, at: meta.Timestamp}
	if name, ok := strings.CutPrefix(msg.Subject(), tickPrefix); ok {
		a.tick = strings.ReplaceAll(name, "~", ".")
		return a
	}
	address, ok := parseJobSubject(msg.Subject())
	if !ok {
		a.stray = msg.Subject()
		return a
	}
	a.address = address
	if !replay {
		a.data = msg.Data()
	}
	return a
}

// bury has a message that is no job's end as a dead letter. Until then it stays in JOBS.
func (t *term) bury(a arrival) {
	go func() {
		for wait := time.Second; ; wait = min(2*wait, 30*time.Second) {
			err := t.conn.buryMessage(t.ctx, a.stray, a.sequence)
			if err == nil {
				t.call(func() { t.live.remove(a.sequence) })
				return
			}
			if t.ctx.Err() == nil {
				t.log.WarnContext(t.ctx, "message that is no job not buried yet", "subject", a.stray, "error", err)
			}
			select {
			case <-t.ctx.Done():
				return
			case <-time.After(wait):
			}
		}
	}()
}
