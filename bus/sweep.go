package bus

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// SweepJobs removes from JOBS the messages before a sequence, schedules apart, and returns the sequence before which all
// are done with: acknowledged by workers, so that outcome or schedule are on disk. Whoever sweeps passes what the
// sweep before returned, some time ago, so that those who keep a list of jobs have seen the messages. The first time
// that is 0.
func (c *Conn) SweepJobs(ctx context.Context, before uint64) (done uint64, err error) {
	stream, err := c.stream(ctx, jobsStream)
	if err != nil {
		return 0, err
	}
	if before > 1 {
		if err := stream.Purge(ctx, jetstream.WithPurgeSubject(jobSubjects), jetstream.WithPurgeSequence(before)); err != nil {
			return 0, fmt.Errorf("sweep jobs: %w", err)
		}
	}
	consumer, err := stream.Consumer(ctx, workersConsumer)
	if err != nil {
		return 0, fmt.Errorf("sweep jobs: %w", err)
	}
	return consumer.CachedInfo().AckFloor.Stream + 1, nil
}
