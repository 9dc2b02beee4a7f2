package bus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	policyKey = "policy"
	// policyHistory is how many policies are kept, the one in force among them: the most that a bucket can keep.
	policyHistory = 64
)

// Policy is the text of a policy as it is kept.
type Policy struct {
	Text []byte
	// Revision grows with each policy that is set.
	Revision uint64
	SetAt    time.Time
}

// Policy returns the policy that was set last, or that of a revision if it is not 0. The last 64 are kept.
//
// # Errors
//
// fs.ErrNotExist: none was ever set, or that revision is not kept; unavailable.
func (c *Conn) Policy(ctx context.Context, revision uint64) (*Policy, error) {
	kv, err := c.js.KeyValue(ctx, policyBucket)
	if err != nil {
		return nil, Errorf(Unavailable, "read policy: %v", err)
	}
	var entry jetstream.KeyValueEntry
	if revision == 0 {
		entry, err = kv.Get(ctx, policyKey)
	} else {
		entry, err = kv.GetRevision(ctx, policyKey, revision)
	}
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, fmt.Errorf("read policy: %w", fs.ErrNotExist)
	}
	if err != nil {
		return nil, Errorf(Unavailable, "read policy: %v", err)
	}
	return &Policy{Text: entry.Value(), Revision: entry.Revision(), SetAt: entry.Created()}, nil
}

// ReadPolicy returns text and revision of the policy that was set last.
//
// # Errors
//
// As Policy's.
func (c *Conn) ReadPolicy(ctx context.Context) (text []byte, revision uint64, err error) {
	p, err := c.Policy(ctx, 0)
	if err != nil {
		return nil, 0, err
	}
	return p.Text, p.Revision, nil
}

// SetPolicy keeps a policy, which every worker puts into force at once. Whoever sets one has checked it: one that cannot be read is put
// into force by nobody.
//
// # Errors
//
// failed_precondition when the revision that it should follow, if it is not nil, is not that of the last one (0: there should be none).
func (c *Conn) SetPolicy(ctx context.Context, text []byte, follows *uint64) (revision uint64, err error) {
	kv, err := c.js.KeyValue(ctx, policyBucket)
	if err != nil {
		return 0, Errorf(Unavailable, "set policy: %v", err)
	}
	if follows == nil {
		revision, err = kv.Put(ctx, policyKey, text)
	} else {
		revision, err = kv.Update(ctx, policyKey, text, *follows)
	}
	var refused *jetstream.APIError
	if errors.As(err, &refused) && refused.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence {
		return 0, Errorf(FailedPrecondition, "the policy was changed meanwhile, it does not have revision %d any more: read it again", *follows)
	}
	if err != nil {
		return 0, Errorf(Unavailable, "set policy: %v", err)
	}
	return revision, nil
}

// WatchPolicy calls changed with the policy there is, then caughtUp, then changed after each change: with a nil text when it is gone. It
// returns nil when ctx has ended, and an error when watching broke, as when the connection was lost and is back.
func (c *Conn) WatchPolicy(ctx context.Context, caughtUp func(), changed func(text []byte, revision uint64)) error {
	return c.watchBucket(ctx, policyBucket, caughtUp, func(_ string, value []byte, revision uint64) { changed(value, revision) })
}

// errReconnected ends watches, which may have missed something: begun again, they read everything anew.
var errReconnected = errors.New("the connection was lost and is back")

// watchBucket calls changed with all that is in a bucket, then caughtUp, then changed after each change: with nil for what was deleted.
func (c *Conn) watchBucket(ctx context.Context, bucket string, caughtUp func(), changed func(key string, value []byte, revision uint64)) error {
	reconnected := c.nextReconnect()
	kv, err := c.js.KeyValue(ctx, bucket)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("watch %s: %w", bucket, err)
	}
	watcher, err := kv.WatchAll(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("watch %s: %w", bucket, err)
	}
	defer func() { _ = watcher.Stop() }()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-reconnected:
			return fmt.Errorf("watch %s: %w", bucket, errReconnected)
		case entry, ok := <-watcher.Updates():
			switch {
			case !ok && ctx.Err() == nil:
				return fmt.Errorf("watch %s: the watch ended", bucket)
			case !ok:
				return nil
			case entry == nil:
				caughtUp()
			case entry.Operation() == jetstream.KeyValuePut:
				changed(entry.Key(), entry.Value(), entry.Revision())
			default:
				changed(entry.Key(), nil, entry.Revision())
			}
		}
	}
}
