package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// sweep is what a term remembers of removing jobs that are over from JOBS.
type sweep struct {
	// at is when the last sweep began, below is the sequence before which all is swept.
	at      time.Time
	below   uint64
	running bool
	// moving are the sequences that are being moved.
	moving map[uint64]bool
}

const (
	// sweepPause is how often what is over is removed, unless there is much of it.
	sweepPause = 10 * time.Second
	// moveBatch is how many jobs are moved at a time.
	moveBatch = 256
)

// sweepAt removes jobs that are over from the beginning of JOBS, as often as it pays. A few jobs that keep many from being removed are
// moved to the end.
func (t *term) sweepAt(now time.Time) {
	floor := t.live.floor()
	if t.sweep.running || !t.census.over() || !t.census.read || len(t.live.segments) == 0 {
		return
	}
	blockers := t.live.blockers()
	if len(blockers) == 0 {
		blockers = t.live.before(t.times.before(now.Add(-t.conn.leftover())), moveBatch)
	}
	blockers = blockers[:min(len(blockers), moveBatch)]
	if len(blockers) == 0 && floor < t.sweep.below+segmentSize && (floor <= t.sweep.below || now.Sub(t.sweep.at) < sweepPause) {
		return
	}
	t.sweep.running, t.sweep.at, t.sweep.moving = true, now, make(map[uint64]bool, len(blockers))
	for _, sequence := range blockers {
		t.sweep.moving[sequence] = true
	}
	go func() {
		err := t.conn.moveJobs(t.ctx, blockers)
		var below uint64
		if err == nil {
			below, err = t.conn.sweepJobs(t.ctx, floor)
		}
		if err != nil && t.ctx.Err() == nil {
			t.log.WarnContext(t.ctx, "queue not swept", "error", err)
		}
		t.call(func() { t.swept(below) })
	}()
}

func (t *term) swept(below uint64) {
	t.sweep.running = false
	if below <= t.sweep.below {
		return
	}
	t.sweep.below = below
	t.live.forget(below)
	t.times.forget(below)
	for sequence := range t.changed {
		if sequence < below {
			delete(t.changed, sequence)
		}
	}
}

// leftover is for how long the message of a job that is over may stay in JOBS, because of others before it that are not: until half
// the time is over after which its record goes, without which it would be taken for a new job.
func (c *Conn) leftover() time.Duration { return min(c.config.KeepEnded, c.config.KeepDead) / 2 }

// sweepJobs removes the jobs before a sequence that those who keep a list of jobs have seen, and returns before which sequence.
func (c *Conn) sweepJobs(ctx context.Context, before uint64) (uint64, error) {
	stream, err := c.stream(ctx, jobsStream)
	if err != nil {
		return 0, err
	}
	listed, err := c.Listed(ctx)
	if err != nil {
		return 0, err
	}
	if listed.Jobs < before {
		before = listed.Jobs + 1
	}
	if before <= 1 {
		return before, nil
	}
	if err := stream.Purge(ctx, jetstream.WithPurgeSubject(jobSubjects), jetstream.WithPurgeSequence(before)); err != nil {
		return 0, fmt.Errorf("sweep jobs: %w", err)
	}
	return before, nil
}

// moveJobs publishes jobs again, at the end of the stream, which removes them from where they were.
func (c *Conn) moveJobs(ctx context.Context, sequences []uint64) error {
	if len(sequences) == 0 {
		return nil
	}
	stream, err := c.stream(ctx, jobsStream)
	if err != nil {
		return err
	}
	for _, sequence := range sequences {
		old, err := stream.GetMsg(ctx, sequence)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("move job: %w", err)
		}
		msg := nats.NewMsg(old.Subject)
		msg.Data = old.Data
		for name, values := range old.Header {
			if !strings.HasPrefix(name, "Nats-") {
				msg.Header[name] = values
			}
		}
		msg.Header.Set(headerMoved, strconv.FormatUint(sequence, 10))
		_, err = c.js.PublishMsg(ctx, msg, jetstream.WithExpectLastSequencePerSubject(sequence))
		if err != nil && !isConflict(err) {
			return fmt.Errorf("move job: %w", err)
		}
	}
	return nil
}

// relocate takes note that a job was moved.
func (t *term) relocate(a arrival, old uint64) {
	t.live.remove(old)
	t.live.add(a.sequence)
	if e := t.known[a.address.Job]; e != nil {
		e.sequence = a.sequence
		return
	}
	if over, ok := t.changed[old]; ok {
		delete(t.changed, old)
		t.changed[a.sequence] = over
	}
	t.moved[old] = a.sequence
}
