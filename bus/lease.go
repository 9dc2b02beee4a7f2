package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// leaseTime is how long a lease holds without renewal.
	leaseTime = 4 * time.Second
	// leaseRenewal is how often its holder renews it.
	leaseRenewal = leaseTime / 4
	// leaseSafety is how much earlier the holder gives up than others may take it.
	leaseSafety = time.Second
	// leasePoll is how often those who want it ask whether it is free.
	leasePoll = 500 * time.Millisecond
)

var (
	errLeaseLost  = errors.New("the lease is held by another")
	errLeaseStale = errors.New("the lease could not be renewed in time")
)

// lease is the right to do what one process of a cluster does at a time. Each time it is taken it has a greater epoch, so
// whoever has heard from a newer holder can refuse an older one: a process that was stopped with the lease in its hands
// goes on for a moment when it wakes up.
type lease struct {
	conn   *Conn
	name   string
	holder string
	// epoch is the revision at which this process took it, revision that of the last renewal.
	epoch, revision uint64
	// mark is the sequence of the message that says that somebody holds it. Unlike the lease it does not expire.
	mark uint64
	// unclean says that whoever held it before did not give it back.
	unclean bool
	// doubt is set by who holds it: to give it back as if it had been lost, for something is in doubt.
	doubt bool
}

// lead runs run whenever this process holds the lease, until ctx ends. run's context ends when the lease is lost.
func (c *Conn) lead(ctx context.Context, name, holder string, run func(ctx context.Context, l *lease) error) {
	l := &lease{conn: c, name: name, holder: holder}
	for ctx.Err() == nil {
		if err := l.take(ctx); err != nil {
			if !errors.Is(err, errLeaseLost) && ctx.Err() == nil {
				c.log.DebugContext(ctx, "lease not taken", "lease", name, "error", err)
			}
			select {
			case <-ctx.Done():
			case <-time.After(leasePoll):
			}
			continue
		}
		c.log.InfoContext(ctx, "lease taken", "lease", name, "epoch", l.epoch)
		held, lose := context.WithCancelCause(ctx)
		var renewing background
		renewing.start(func(ctx context.Context) { lose(l.renew(ctx)) })
		err := run(held, l)
		lost := context.Cause(held)
		renewing.end()
		lose(nil)
		l.release(ctx.Err() != nil && !l.doubt)
		if ctx.Err() == nil {
			c.log.WarnContext(ctx, "lease lost", "lease", name, "epoch", l.epoch, "cause", lost, "error", err)
			select { // another may take it now
			case <-ctx.Done():
			case <-time.After(leasePoll):
			}
		}
	}
}

// take takes the lease if it is free. On an embedded server whoever held it before the server was started is gone.
func (l *lease) take(ctx context.Context) error {
	expected := uint64(0)
	if l.conn.config.Server != nil {
		stored, boot, err := l.stored(ctx)
		if err != nil {
			return err
		}
		if boot != "" && boot != l.conn.nc.ConnectedServerId() {
			expected = stored
		}
	}
	sequence, err := l.write(ctx, expected)
	if err != nil {
		return err
	}
	l.epoch, l.revision = sequence, sequence
	return l.open(ctx)
}

// open leaves a mark that somebody holds the lease, and finds out whether whoever held it before gave it back.
func (l *lease) open(ctx context.Context) error {
	stream, err := l.conn.stream(ctx, leasesStream)
	if err != nil {
		return err
	}
	_, err = stream.GetLastMsgForSubject(ctx, leaseSubject(l.name+"-held"))
	if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
		return fmt.Errorf("read lease %s: %w", l.name, err)
	}
	l.unclean = err == nil
	ack, err := l.conn.js.Publish(ctx, leaseSubject(l.name+"-held"), []byte(l.holder))
	if err != nil {
		return fmt.Errorf("mark lease %s: %w", l.name, err)
	}
	l.mark = ack.Sequence
	return nil
}

// stored is the sequence of the lease's message and the server by which it was written; 0 and none without one.
func (l *lease) stored(ctx context.Context) (sequence uint64, boot string, err error) {
	stream, err := l.conn.stream(ctx, leasesStream)
	if err != nil {
		return 0, "", err
	}
	msg, err := stream.GetLastMsgForSubject(ctx, leaseSubject(l.name))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, "", nil
	}
	if err != nil {
		return 0, "", fmt.Errorf("read lease %s: %w", l.name, err)
	}
	return msg.Sequence, msg.Header.Get(headerServer), nil
}

// renew renews the lease until it is lost or ctx ends, and returns why.
func (l *lease) renew(ctx context.Context) error {
	tick := time.NewTicker(leaseRenewal)
	defer tick.Stop()
	renewed := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		now := time.Now()
		if now.Sub(renewed) > leaseTime-leaseSafety {
			return errLeaseStale
		}
		attempt, cancel := context.WithDeadline(ctx, renewed.Add(leaseTime-leaseSafety))
		sequence, err := l.write(attempt, l.revision)
		cancel()
		switch {
		case err == nil:
			l.revision, renewed = sequence, now
		case errors.Is(err, errLeaseLost):
			// It may be our own write whose confirmation was lost. Giving up is the safe way.
			return err
		case ctx.Err() == nil && time.Since(renewed) >= leaseTime-leaseSafety:
			return errLeaseStale
		}
	}
}

// release lets others take the lease at once. If it was lost instead of given back, the mark stays.
func (l *lease) release(clean bool) {
	ctx, cancel := context.WithTimeout(context.Background(), leaseSafety)
	defer cancel()
	stream, err := l.conn.stream(ctx, leasesStream)
	if err == nil && clean {
		err = stream.DeleteMsg(ctx, l.mark)
	}
	if err == nil {
		err = stream.DeleteMsg(ctx, l.revision)
	}
	if err != nil {
		l.conn.log.DebugContext(ctx, "lease not released, it expires", "lease", l.name, "error", err)
	}
}

func (l *lease) write(ctx context.Context, expected uint64) (uint64, error) {
	msg := nats.NewMsg(leaseSubject(l.name))
	msg.Data = []byte(l.holder)
	msg.Header.Set(headerServer, l.conn.nc.ConnectedServerId())
	ack, err := l.conn.js.PublishMsg(ctx, msg, jetstream.WithExpectLastSequencePerSubject(expected), jetstream.WithMsgTTL(leaseTime))
	if isConflict(err) {
		return 0, errLeaseLost
	}
	if err != nil {
		return 0, fmt.Errorf("write lease %s: %w", l.name, err)
	}
	return ack.Sequence, nil
}
