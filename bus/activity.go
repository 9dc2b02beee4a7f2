package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

// ActivityKind is what kind of thing a running job tells.
type ActivityKind string

// The kinds of activity.
const (
	ActivityState    ActivityKind = "state"
	ActivityProgress ActivityKind = "progress"
	ActivityLog      ActivityKind = "log"
	ActivityWarning  ActivityKind = "warning"
)

// Activity is one thing a running job tells. It is for people who watch: it may be lost, and the run record has the
// whole in the end.
type Activity struct {
	Kind     ActivityKind `json:"kind"`
	At       time.Time    `json:"at"`
	Attempt  uint64       `json:"attempt"`
	State    State        `json:"state,omitempty"`
	Worker   string       `json:"worker,omitempty"`
	Progress float32      `json:"progress,omitempty"`
	Level    string       `json:"level,omitempty"`
	Text     string       `json:"text,omitempty"`
}

// Tell publishes an activity of a job, without waiting.
func (c *Conn) Tell(job uuid.UUID, activity Activity) {
	data, err := json.Marshal(activity)
	if err != nil {
		return // NaN progress, which the caller refuses before
	}
	if err := c.nc.Publish(ActivitySubject(job, activity.Kind), data); err != nil {
		c.log.Debug("activity not told", "job_id", job, "error", err)
	}
}

// Watch returns what a job tells, from the start and live. The channel is closed when ctx ends.
func (c *Conn) Watch(ctx context.Context, job uuid.UUID) (<-chan Activity, error) {
	out := make(chan Activity)
	err := c.follow(ctx, activityStream, "airlock.activity."+job.String()+".*", func(msg jetstream.Msg) {
		var a Activity
		if json.Unmarshal(msg.Data(), &a) != nil {
			return
		}
		select {
		case out <- a:
		case <-ctx.Done():
		}
	}, func() { close(out) })
	if err != nil {
		return nil, err
	}
	return out, nil
}

// WatchRun returns the run record of a job whenever it changes, beginning with what it is now, if there is one. The
// channel is closed when ctx ends.
func (c *Conn) WatchRun(ctx context.Context, job uuid.UUID) (<-chan *Run, error) {
	out := make(chan *Run)
	err := c.follow(ctx, runsStream, RunSubject(job), func(msg jetstream.Msg) {
		meta, err := msg.Metadata()
		if err != nil {
			return
		}
		run, err := decodeRun(msg.Data(), meta.Sequence.Stream)
		if err != nil {
			return
		}
		select {
		case out <- run:
		case <-ctx.Done():
		}
	}, func() { close(out) })
	if err != nil {
		return nil, err
	}
	return out, nil
}

// WatchOutcomes returns the run records of all jobs as they are written from now on. The channel is closed when ctx ends.
func (c *Conn) WatchOutcomes(ctx context.Context) (<-chan *Run, error) {
	out := make(chan *Run, 64)
	consumer, err := c.js.OrderedConsumer(ctx, runsStream, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{runSubjects}, DeliverPolicy: jetstream.DeliverNewPolicy,
	})
	if err != nil {
		return nil, fmt.Errorf("watch outcomes: %w", err)
	}
	err = c.handOut(ctx, consumer, func(msg jetstream.Msg) {
		meta, err := msg.Metadata()
		if err != nil || len(msg.Data()) == 0 {
			return
		}
		run, err := decodeRun(msg.Data(), meta.Sequence.Stream)
		if err != nil {
			return
		}
		select {
		case out <- run:
		case <-ctx.Done():
		}
	}, func() { close(out) })
	if err != nil {
		return nil, err
	}
	return out, nil
}

// follow hands every message of a subject to handle, in order, until ctx ends; done is called last.
func (c *Conn) follow(ctx context.Context, stream, subject string, handle func(jetstream.Msg), done func()) error {
	consumer, err := c.js.OrderedConsumer(ctx, stream, jetstream.OrderedConsumerConfig{FilterSubjects: []string{subject}})
	if err != nil {
		return fmt.Errorf("follow %s: %w", subject, err)
	}
	return c.handOut(ctx, consumer, handle, done)
}

// handOut hands what a consumer delivers to handle until ctx ends; done is called last.
func (c *Conn) handOut(ctx context.Context, consumer jetstream.Consumer, handle func(jetstream.Msg), done func()) error {
	messages, err := consumer.Messages()
	if err != nil {
		return fmt.Errorf("follow a stream: %w", err)
	}
	stop := context.AfterFunc(ctx, messages.Stop)
	go func() {
		defer done()
		defer stop()
		for {
			msg, err := messages.Next()
			if err != nil {
				return
			}
			handle(msg)
		}
	}()
	return nil
}
