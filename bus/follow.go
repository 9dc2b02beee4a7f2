package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// FollowEvents hands each event to handle, in one of the processes that follow under the same name. It blocks until ctx
// ends. An event whose handling returned an error is handed out again; a message that is no event is logged and dropped.
func (c *Conn) FollowEvents(ctx context.Context, name string, handle func(context.Context, *Event) error) error {
	return c.followDurable(ctx, eventsStream, name, eventSubjects, func(ctx context.Context, msg jetstream.Msg) error {
		event, err := decodeEvent(msg.Subject(), msg.Headers(), msg.Data())
		if err != nil {
			c.log.ErrorContext(ctx, "message is no event", "subject", msg.Subject(), "error", err)
			return nil
		}
		return handle(extractTrace(ctx, msg.Headers()), event)
	})
}

// FollowRuns hands each version of each run record to handle as FollowEvents does events. Versions of one record may
// come out of order: the greater Revision is the newer one.
func (c *Conn) FollowRuns(ctx context.Context, name string, handle func(context.Context, *Run) error) error {
	return c.followDurable(ctx, runsStream, name, runSubjects, func(ctx context.Context, msg jetstream.Msg) error {
		meta, err := msg.Metadata()
		if err != nil {
			return fmt.Errorf("read metadata: %w", err)
		}
		if len(msg.Data()) == 0 {
			return nil // the record was deleted
		}
		run, err := decodeRun(msg.Data(), meta.Sequence.Stream)
		if err != nil {
			c.log.ErrorContext(ctx, "message is no run record", "subject", msg.Subject(), "error", err)
			return nil
		}
		return handle(ctx, run)
	})
}

func (c *Conn) followDurable(
	ctx context.Context, stream, name, subject string, handle func(context.Context, jetstream.Msg) error,
) error {
	consumer, err := c.js.CreateOrUpdateConsumer(ctx, stream, jetstream.ConsumerConfig{
		Durable: name, FilterSubject: subject, AckPolicy: jetstream.AckExplicitPolicy, AckWait: 30 * time.Second,
		MaxDeliver: -1, MaxAckPending: 1000,
	})
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("follow %s: %w", stream, err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(64))
	if err != nil {
		return fmt.Errorf("follow %s: %w", stream, err)
	}
	defer context.AfterFunc(ctx, messages.Stop)()
	for {
		msg, err := messages.Next()
		switch {
		case errors.Is(err, jetstream.ErrMsgIteratorClosed):
			return nil
		case err != nil:
			c.log.DebugContext(ctx, "stream does not answer", "subject", subject, "error", err)
			continue
		}
		if err := handle(ctx, msg); err != nil {
			c.log.WarnContext(ctx, "not handled, comes again", "subject", msg.Subject(), "error", err)
			_ = msg.NakWithDelay(time.Second)
			continue
		}
		if err := msg.Ack(); err != nil {
			c.log.WarnContext(ctx, "acknowledge", "subject", msg.Subject(), "error", err)
		}
	}
}
