package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// PauseExtension keeps the jobs of an extension from beginning until ResumeExtension, in the whole cluster. Those that run go on.
func (c *Conn) PauseExtension(ctx context.Context, extension string) error {
	kv, err := c.js.KeyValue(ctx, pausesBucket)
	if err != nil {
		return Errorf(Unavailable, "pause extension %s: %v", extension, err)
	}
	if _, err := kv.PutString(ctx, extension, time.Now().UTC().Format(time.RFC3339)); err != nil {
		return fmt.Errorf("pause extension %s: %w", extension, err)
	}
	return nil
}

// ResumeExtension lets the jobs of an extension begin again.
//
// # Errors
//
// failed_precondition when it is not paused.
func (c *Conn) ResumeExtension(ctx context.Context, extension string) error {
	kv, err := c.js.KeyValue(ctx, pausesBucket)
	if err != nil {
		return Errorf(Unavailable, "resume extension %s: %v", extension, err)
	}
	if _, err := kv.Get(ctx, extension); errors.Is(err, jetstream.ErrKeyNotFound) {
		return Errorf(FailedPrecondition, "extension %s is not paused", extension)
	}
	if err := kv.Delete(ctx, extension); err != nil {
		return fmt.Errorf("resume extension %s: %w", extension, err)
	}
	return nil
}

// watchPauses keeps up with which extensions are paused, until ctx ends.
func (d *Dealer) watchPauses(ctx context.Context) {
	for ctx.Err() == nil {
		if err := d.followPauses(ctx); err != nil && ctx.Err() == nil {
			d.log.DebugContext(ctx, "paused extensions cannot be watched for a while", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

func (d *Dealer) followPauses(ctx context.Context) error {
	kv, err := d.conn.js.KeyValue(ctx, pausesBucket)
	if err != nil {
		return err
	}
	watcher, err := kv.WatchAll(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = watcher.Stop() }()
	for entry := range watcher.Updates() {
		if entry == nil { // that is all there is now
			d.pausesKnown()
			continue
		}
		if strings.Contains(entry.Key(), "/") {
			continue // a trigger's, which starts nothing to deal
		}
		d.mu.Lock()
		if entry.Operation() == jetstream.KeyValuePut {
			d.paused[entry.Key()] = true
		} else {
			delete(d.paused, entry.Key())
		}
		d.mu.Unlock()
		d.Changed(entry.Key())
	}
	return nil
}
