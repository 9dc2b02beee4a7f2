package bus

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/nats-io/jsm.go"
	"github.com/nats-io/jsm.go/backup"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// copyStream copies a stream to a folder of its name in dir.
//
// The server's own snapshots are for streams that only grow: it has them end where the stream ended when they began. A record that is written
// anew meanwhile, in a stream that keeps the newest, is behind that end, and was removed before it: it would be in no snapshot. So all
// but EVENTS are read to their moving end. At the moment in which nothing is left to be read, the newest message of each
// subject has been.
func (c *Conn) copyStream(ctx context.Context, manager *jsm.Manager, name, dir string) (StreamCopy, error) {
	stream, err := manager.LoadStream(name)
	if err != nil {
		return StreamCopy{}, c.refusedOr(err)
	}
	to := filepath.Join(dir, name)
	if name == eventsStream { // with what is known of who has handled them
		if _, err := stream.SnapshotToDirectory(ctx, to, jsm.SnapshotConsumers(), jsm.SnapshotHealthCheck()); err != nil {
			return StreamCopy{}, c.refusedOr(err)
		}
		info, err := backup.Info(to)
		if err != nil {
			return StreamCopy{}, err
		}
		return StreamCopy{Name: name, Messages: info.Messages, Bytes: info.Bytes}, nil
	}
	recorder, err := backup.NewRecorder(to, stream.Configuration(), backup.SourceInfo{Subjects: stream.Subjects(), Stream: name})
	if err != nil {
		return StreamCopy{}, err
	}
	if err := c.readToEnd(ctx, name, ">", func(msg *nats.Msg, _ uint64) error { return recorder.Write(msg) }); err != nil {
		recorder.Discard()
		return StreamCopy{}, err
	}
	result, err := recorder.Close(0)
	if err != nil {
		return StreamCopy{}, err
	}
	return StreamCopy{Name: name, Messages: result.Messages, Bytes: result.Bytes}, nil
}

// readPause is after how long without a message it is asked whether there is any left.
const readPause = 2 * time.Second

// readToEnd hands on the messages of a stream on some subjects, in order, until there is none left. That is for the leader of the stream to say:
// a consumer may be at a replica that is behind, and in a cluster that has just begun what it is asked for can be lost.
func (c *Conn) readToEnd(ctx context.Context, name, subjects string, each func(msg *nats.Msg, sequence uint64) error) error {
	stream, err := c.stream(ctx, name)
	if err != nil {
		return err
	}
	for after := uint64(0); ; {
		_, err := stream.GetMsg(ctx, after+1, jetstream.WithGetMsgSubject(subjects))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err != nil {
			return c.refusedOr(err)
		}
		consumer, err := c.js.OrderedConsumer(ctx, name, jetstream.OrderedConsumerConfig{
			FilterSubjects: []string{subjects}, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: after + 1,
		})
		if err != nil {
			return c.refusedOr(err)
		}
		if after, err = c.readOn(ctx, consumer, after, each); err != nil {
			return err
		}
	}
}

// readOn hands on what a consumer brings, until it has no more or is silent for readPause, and returns the sequence of the last message.
func (c *Conn) readOn(ctx context.Context, consumer jetstream.Consumer, after uint64, each func(msg *nats.Msg, sequence uint64) error) (last uint64, err error) {
	messages, err := consumer.Messages(jetstream.PullMaxMessagesWithBytesLimit(500, 4*MaxPayload))
	if err != nil {
		return after, err
	}
	defer messages.Stop()
	for {
		msg, err := messages.Next(jetstream.NextMaxWait(readPause))
		switch {
		case ctx.Err() != nil:
			return after, ctx.Err()
		case errors.Is(err, nats.ErrTimeout):
			return after, nil
		case errors.Is(err, jetstream.ErrMsgIteratorClosed):
			return after, Errorf(Unavailable, "it does not answer any more")
		case err != nil:
			c.log.DebugContext(ctx, "stream cannot be read for a while", "error", err)
			continue
		}
		meta, err := msg.Metadata()
		if err != nil {
			return after, fmt.Errorf("read metadata: %w", err)
		}
		if err := each(&nats.Msg{Subject: msg.Subject(), Reply: msg.Reply(), Header: msg.Headers(), Data: msg.Data()}, meta.Sequence.Stream); err != nil {
			return after, err
		}
		if after = meta.Sequence.Stream; meta.NumPending == 0 {
			return after, nil
		}
	}
}
