package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// listedPrefix begins the names of the marks of lists of jobs, among the leases.
	listedPrefix = "list-"
	// listedAge is how long the mark of a list that is not kept any more holds up the removal of jobs that are over.
	listedAge = 24 * time.Hour
)

// MarkListed says how far a list of jobs has got, so that jobs that are over stay in JOBS until it has seen them. It has to be repeated
// within a day. The name of a list is one token of a subject.
func (c *Conn) MarkListed(ctx context.Context, list string, position Position) error {
	msg, err := markOf(listedPrefix+list, position)
	if err != nil {
		return err
	}
	if _, err := c.js.PublishMsg(ctx, msg, jetstream.WithMsgTTL(listedAge)); err != nil {
		return fmt.Errorf("mark position of list: %w", err)
	}
	return nil
}

// markOf is the mark of a list.
func markOf(name string, position Position) (*nats.Msg, error) {
	data, err := json.Marshal(position)
	if err != nil {
		return nil, fmt.Errorf("encode position: %w", err)
	}
	msg := nats.NewMsg(leaseSubject(name))
	msg.Data = data
	return msg, nil
}

// Listed is how far all lists of jobs have got; the greatest position there can be when there is none.
func (c *Conn) Listed(ctx context.Context) (Position, error) {
	lowest := Position{Jobs: math.MaxUint64, Runs: math.MaxUint64}
	subjects, err := c.subjectsOf(ctx, leasesStream, leaseSubjects)
	if err != nil {
		return lowest, err
	}
	err = c.readLast(ctx, leasesStream, subjects, func(msg *jetstream.RawStreamMsg) error {
		var p Position
		if strings.HasPrefix(msg.Subject, leaseSubject(listedPrefix)) && json.Unmarshal(msg.Data, &p) == nil {
			lowest = Position{Jobs: min(lowest.Jobs, p.Jobs), Runs: min(lowest.Runs, p.Runs)}
		}
		return nil
	})
	return lowest, err
}
