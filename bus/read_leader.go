package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
)

// leaderReads is how many requests for single messages are on their way to the leader of a stream at once.
const leaderReads = 64

// readLast hands the last message of each subject to each. Where several servers keep the stream it asks their leader, for one after the
// other: any of them answers a request for many, also one that is behind, or that does not answer at all because it stands still.
//
// # Errors
//
// unavailable when the answer is not complete.
func (c *Conn) readLast(ctx context.Context, name string, subjects []string, each func(msg *jetstream.RawStreamMsg) error) error {
	stream, err := c.stream(ctx, name)
	if err != nil {
		return err
	}
	if len(subjects) == 0 {
		return nil
	}
	if stream.CachedInfo().Config.AllowDirect { // see stream
		return c.readMany(ctx, name, selection{Subjects: subjects}, each)
	}
	messages := make([]*jetstream.RawStreamMsg, len(subjects))
	var asking errgroup.Group
	asking.SetLimit(leaderReads)
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	for i, subject := range subjects {
		asking.Go(func() error {
			msg, err := stream.GetLastMsgForSubject(ctx, subject)
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				return nil
			}
			messages[i] = msg
			return err
		})
	}
	if err := asking.Wait(); err != nil {
		return Errorf(Unavailable, "stream %s has not answered: %v", name, err)
	}
	for _, msg := range messages {
		if msg == nil {
			continue
		}
		if err := each(msg); err != nil {
			return err
		}
	}
	return nil
}

// subjectsOf are the subjects of a stream that match a filter, as its leader knows them.
func (c *Conn) subjectsOf(ctx context.Context, name, filter string) ([]string, error) {
	stream, err := c.stream(ctx, name)
	if err != nil {
		return nil, err
	}
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(filter))
	if err != nil {
		return nil, fmt.Errorf("list subjects of stream %s: %w", name, err)
	}
	subjects := make([]string, 0, len(info.State.Subjects))
	for subject := range info.State.Subjects {
		subjects = append(subjects, subject)
	}
	return subjects, nil
}
