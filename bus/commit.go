package bus

import (
	"context"
	"maps"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

const (
	// minBatch is the number of messages from which an atomic batch costs less than publishing each: the server gives every
	// batch a staging area of its own, which takes some milliseconds.
	minBatch = 24
	// maxBatch is the most messages the server takes in one atomic batch.
	maxBatch = 1000
	// maxBatches is how many batches of one committer are on their way at a time.
	maxBatches = 2
)

// committer writes messages to one stream in groups: whatever was handed to it while earlier groups were on their way to
// the disk goes together. So a lonely write is not held back, and under load many share one sync. It is safe for
// concurrent use.
type committer struct {
	js jetstream.JetStream
	// through writes a message where this process may not write it itself; nil where it may.
	through func(ctx context.Context, msg *nats.Msg) (uint64, error)

	mu      sync.Mutex
	waiting []*commit
	busy    int
}

// commit is one write on its way. done is called when it is kept, or not; it must not block.
type commit struct {
	msg  *nats.Msg
	done func(sequence uint64, err error)
}

// publish writes a message and returns its sequence once it is kept. The message's headers say what it expects.
//
// # Errors
//
// What js.PublishMsg would return. When ctx ends, the message may or may not be written.
func (c *committer) publish(ctx context.Context, msg *nats.Msg) (uint64, error) {
	type result struct {
		sequence uint64
		err      error
	}
	done := make(chan result, 1)
	c.submit(msg, func(sequence uint64, err error) { done <- result{sequence, err} })
	select {
	case r := <-done:
		return r.sequence, r.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// submit is publish that does not wait: done is told.
func (c *committer) submit(msg *nats.Msg, done func(sequence uint64, err error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = append(c.waiting, &commit{msg: msg, done: done})
	if c.busy < maxBatches && (c.busy == 0 || len(c.waiting) >= minBatch) {
		c.busy++
		go c.work()
	}
}

// work writes groups until nothing waits.
func (c *committer) work() {
	for {
		c.mu.Lock()
		n := min(len(c.waiting), maxBatch)
		if n == 0 {
			c.busy--
			c.mu.Unlock()
			return
		}
		group := c.waiting[:n:n]
		c.waiting = c.waiting[n:]
		c.mu.Unlock()
		c.write(group)
	}
}

// write writes a group: as a batch if that pays, one by one if not, or if the batch was refused as a whole because of one
// of them.
func (c *committer) write(group []*commit) {
	if c.through == nil && len(group) >= minBatch && c.writeBatch(group) {
		return
	}
	var wg sync.WaitGroup
	if c.through != nil {
		for _, w := range group {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), confirmTime)
				defer cancel()
				w.done(c.through(ctx, w.msg))
			})
		}
		wg.Wait()
		return
	}
	for _, w := range group {
		future, err := c.js.PublishMsgAsync(w.msg)
		if err != nil {
			w.done(0, err)
			continue
		}
		wg.Go(func() {
			select {
			case ack := <-future.Ok():
				w.done(ack.Sequence, nil)
			case err := <-future.Err():
				w.done(0, err)
			}
		})
	}
	wg.Wait()
}

func (c *committer) writeBatch(group []*commit) bool {
	messages := make([]*nats.Msg, len(group))
	for i, w := range group {
		// The batch adds headers of its own, which must not stay on a message that is published again.
		m := nats.NewMsg(w.msg.Subject)
		maps.Copy(m.Header, w.msg.Header)
		m.Data = w.msg.Data
		messages[i] = m
	}
	ctx, cancel := context.WithTimeout(context.Background(), confirmTime)
	defer cancel()
	ack, err := jetstreamext.PublishMsgBatch(ctx, c.js, messages)
	if err != nil {
		return false
	}
	first := ack.Sequence - uint64(len(group)) + 1
	for i, w := range group {
		w.done(first+uint64(i), nil)
	}
	return true
}
