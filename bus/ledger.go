package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

// LedgerRecords keeps what the ledger of a cluster must not forget, by name, in the stream LEDGER. It is safe for concurrent use.
type LedgerRecords struct {
	conn   *Conn
	stream jetstream.Stream
	writes *committer

	mu sync.Mutex
	// read is when this process read a message of the server's time told; both only grow.
	read time.Time
	told time.Time
}

// clockRecord is the record that is written to learn the server's time.
const clockRecord = "clock"

// skew is how far the clocks of a cluster's servers may be apart.
const skew = time.Second

// LeadLedger runs run whenever it is this process's turn to have the ledger, until ctx ends. run's context ends when another may have
// it. The epoch is greater each time.
func (c *Conn) LeadLedger(ctx context.Context, holder string, run func(ctx context.Context, epoch uint64, records *LedgerRecords) error) {
	c.lead(ctx, "ledger", holder, func(ctx context.Context, l *lease) error {
		records, err := c.LedgerRecords(ctx)
		if err != nil {
			return err
		}
		if err := records.learnTime(ctx); err != nil {
			return err
		}
		return run(ctx, l.epoch, records)
	})
}

// LedgerRecords opens the records, to be read.
func (c *Conn) LedgerRecords(ctx context.Context) (*LedgerRecords, error) {
	stream, err := c.stream(ctx, ledgerStream)
	if err != nil {
		return nil, err
	}
	return &LedgerRecords{conn: c, stream: stream, writes: &committer{js: c.js}}, nil
}

// learnTime has the server say what time it is: how old a record is can be told by one clock alone.
func (r *LedgerRecords) learnTime(ctx context.Context) error {
	ack, err := r.conn.js.Publish(ctx, ledgerSubject(clockRecord), nil)
	if err != nil {
		return fmt.Errorf("ask for the time: %w", err)
	}
	msg, err := r.stream.GetMsg(ctx, ack.Sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) { // another has asked since
		msg, err = r.stream.GetLastMsgForSubject(ctx, ledgerSubject(clockRecord))
	}
	if err != nil {
		return fmt.Errorf("read the time: %w", err)
	}
	r.heard(msg.Time)
	return nil
}

// heard takes a time of the server that is past.
func (r *LedgerRecords) heard(at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if r.read.IsZero() || at.After(r.told.Add(now.Sub(r.read))) {
		r.told, r.read = at, now
	}
}

// age is how long ago a message was written: less rather than more.
func (r *LedgerRecords) age(at time.Time) time.Duration {
	r.heard(at)
	r.mu.Lock()
	defer r.mu.Unlock()
	return max(0, r.told.Add(time.Since(r.read)).Sub(at)-skew)
}

// Load returns a record, its revision, and how long ago it was written: less rather than more. One that does not exist has revision 0.
func (r *LedgerRecords) Load(ctx context.Context, name string) (data []byte, revision uint64, age time.Duration, err error) {
	msg, err := r.stream.GetLastMsgForSubject(ctx, ledgerSubject(name))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, 0, 0, nil
	}
	if err != nil {
		return nil, 0, 0, fmt.Errorf("read record %s: %w", name, err)
	}
	return msg.Data, msg.Sequence, r.age(msg.Time), nil
}

// Save writes the record that follows a revision and returns its own once it is on disk.
//
// # Errors
//
// When another has written it since. After any other error it may or may not be written.
func (r *LedgerRecords) Save(ctx context.Context, name string, data []byte, revision uint64, keep time.Duration) (uint64, error) {
	msg := nats.NewMsg(ledgerSubject(name))
	msg.Data = data
	msg.Header[jetstream.ExpectedLastSubjSeqHeader] = []string{strconv.FormatUint(revision, 10)}
	msg.Header[jetstream.MsgTTLHeader] = []string{keep.String()}
	sequence, err := r.writes.publish(ctx, msg)
	if err != nil {
		return 0, fmt.Errorf("write record %s: %w", name, err)
	}
	return sequence, nil
}

// All returns the data of all records whose name begins with some tokens.
func (r *LedgerRecords) All(ctx context.Context, tokens string) (map[string][]byte, error) {
	info, err := r.stream.Info(ctx, jetstream.WithSubjectFilter(ledgerSubject(tokens+".>")))
	if err != nil {
		return nil, fmt.Errorf("list records: %w", err)
	}
	records := make(map[string][]byte, len(info.State.Subjects))
	subjects := make([]string, 0, len(info.State.Subjects))
	for subject := range info.State.Subjects {
		subjects = append(subjects, subject)
	}
	for len(subjects) > 0 {
		n := min(len(subjects), maxLookup)
		messages, err := jetstreamext.GetLastMsgsFor(ctx, r.conn.js, ledgerStream, subjects[:n])
		if err != nil {
			return nil, fmt.Errorf("read records: %w", err)
		}
		for msg, err := range messages {
			if errors.Is(err, jetstreamext.ErrNoMessages) {
				break
			}
			if err != nil {
				return nil, fmt.Errorf("read records: %w", err)
			}
			records[msg.Subject[len(ledgerPrefix):]] = msg.Data
		}
		subjects = subjects[n:]
	}
	return records, nil
}
