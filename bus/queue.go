package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// ackWait is after how long without a heartbeat a job is dealt to another worker.
	ackWait = 6 * time.Second
	// heartbeat is how often a running job says that it runs.
	heartbeat = ackWait / 3
	// pullTime is how long a worker waits with one request for a job. What a stalled worker has asked for is lost for a
	// while, so it is shorter than the time after which a job is dealt again.
	pullTime = ackWait / 2
	// workersConsumer is the durable consumer all workers share.
	workersConsumer = "workers"
)

// Queue deals jobs to the workers of a cluster: each job to one of them.
type Queue struct {
	conn     *Conn
	consumer jetstream.Consumer
}

// Queue opens the queue of jobs.
func (c *Conn) Queue(ctx context.Context) (*Queue, error) {
	consumer, err := c.js.CreateOrUpdateConsumer(ctx, jobsStream, jetstream.ConsumerConfig{
		Durable: workersConsumer, Description: "Airlock: deals jobs to workers",
		FilterSubject: jobSubjects, AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait,
		MaxDeliver: -1, MaxAckPending: 10_000, MaxWaiting: 4096,
	})
	if err != nil {
		return nil, fmt.Errorf("open job queue: %w", err)
	}
	return &Queue{conn: c, consumer: consumer}, nil
}

// Delivery is a job dealt to this process. Whoever has one calls Begin.
type Delivery struct {
	Job *Job

	conn *Conn
	msg  jetstream.Msg
	meta *jetstream.MsgMetadata
}

// Next waits for a job. A message that is no job is ended as dead, with the reason, and passed over.
//
// # Errors
//
// ctx's, when it ends. A server that cannot be reached is waited for.
func (q *Queue) Next(ctx context.Context) (*Delivery, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		msg, err := q.fetch(ctx)
		if err != nil {
			return nil, err
		}
		if msg == nil {
			continue
		}
		meta, err := msg.Metadata()
		if err != nil {
			q.conn.log.ErrorContext(ctx, "message without metadata", "subject", msg.Subject(), "error", err)
			continue
		}
		d := &Delivery{conn: q.conn, msg: msg, meta: meta}
		if d.Job, err = decodeJob(msg.Subject(), msg.Data()); err != nil {
			d.bury(ctx, err)
			continue
		}
		return d, nil
	}
}

// fetch asks for one message. It returns none when there was none for a while or the server is away.
func (q *Queue) fetch(ctx context.Context) (jetstream.Msg, error) {
	wait, cancel := context.WithTimeout(ctx, pullTime)
	defer cancel()
	msg, err := q.consumer.Next(jetstream.FetchContext(wait))
	switch {
	case err == nil:
		return msg, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, jetstream.ErrNoMessages):
		return nil, nil //nolint:nilnil // nothing came, and that is no error
	}
	q.conn.log.DebugContext(ctx, "job queue does not answer", "error", err)
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(250 * time.Millisecond):
		return nil, nil //nolint:nilnil // as above
	}
}

// bury ends a message that is no job, so that it is not delivered for ever.
func (d *Delivery) bury(ctx context.Context, cause error) {
	subject := d.msg.Subject()
	d.conn.log.ErrorContext(ctx, "message is no job", "subject", subject, "error", cause)
	id, err := uuid.Parse(subject[strings.LastIndexByte(subject, '.')+1:])
	if err == nil {
		now := time.Now().UTC()
		run := &Run{
			Job: id, State: StateDead, FinishedAt: &now, Message: d.meta.Sequence.Stream,
			Errors: []Failure{{At: now, Code: InvalidArgument, Error: cause.Error()}},
		}
		if err := d.conn.saveRun(ctx, run); err != nil && !errors.Is(err, ErrFenced) {
			return // delivered again
		}
	}
	if err := d.msg.Ack(); err != nil {
		d.conn.log.WarnContext(ctx, "acknowledge", "subject", subject, "error", err)
	}
}
