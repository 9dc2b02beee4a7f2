package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The bucket of workers is what a dealer that takes over knows of them before it has heard from each. It is in memory.

// maxSlots is how many slots of one worker are believed.
const maxSlots = 1 << 16

func (c *Conn) workers(ctx context.Context) (jetstream.KeyValue, error) {
	if kv, ok := c.streams.Load(workersBucket); ok {
		return kv.(jetstream.KeyValue), nil //nolint:forcetypeassert // only this is stored there
	}
	kv, err := c.js.KeyValue(ctx, workersBucket)
	if err != nil {
		return nil, Errorf(Unavailable, "there is no list of workers on %s (%v): start a worker or `airlock up` once", c.address(), err)
	}
	c.streams.Store(workersBucket, kv)
	return kv, nil
}

// workerKey is where a worker is on the list. Those of a pool have a place of their own, where its NATS user may write.
func (c *Conn) workerKey(worker string) string {
	if c.bound() {
		return c.config.Pool.Name + "." + extensionToken(worker)
	}
	return extensionToken(worker)
}

// register says that a worker is there. It holds for a little longer than workerTimeout.
func (c *Conn) register(ctx context.Context, worker string, slots int) error {
	kv, err := c.workers(ctx)
	if err != nil {
		return err
	}
	if _, err := kv.PutString(ctx, c.workerKey(worker), strconv.Itoa(slots)+" "+worker); err != nil {
		return fmt.Errorf("register worker: %w", err)
	}
	return nil
}

func (c *Conn) unregister(ctx context.Context, worker string) {
	kv, err := c.workers(ctx)
	if err == nil {
		err = kv.Purge(ctx, c.workerKey(worker))
	}
	if err != nil {
		c.log.DebugContext(ctx, "worker not removed from the list", "error", err)
	}
}

// registered are the workers that were there a moment ago, with their slots, and since when the list exists.
func (c *Conn) registered(ctx context.Context) (workers map[string]int, since time.Duration, err error) {
	kv, err := c.workers(ctx)
	if err != nil {
		return nil, 0, err
	}
	workers = map[string]int{}
	keys, err := kv.Keys(ctx)
	if err != nil && !errors.Is(err, jetstream.ErrNoKeysFound) {
		return nil, 0, fmt.Errorf("list workers: %w", err)
	}
	for _, key := range keys {
		entry, err := kv.Get(ctx, key)
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			continue
		}
		if err != nil {
			return nil, 0, fmt.Errorf("list workers: %w", err)
		}
		if time.Since(entry.Created()) < workerTimeout {
			slots, worker, _ := strings.Cut(string(entry.Value()), " ")
			if pool, _, ok := strings.Cut(key, "."); ok {
				worker = Pool{Name: pool}.worker(worker)
			}
			n, _ := strconv.Atoi(slots)
			workers[worker] = min(max(n, 0), maxSlots)
		}
	}
	status, err := kv.Status(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("list workers: %w", err)
	}
	since = workerTimeout
	if bucket, ok := status.(*jetstream.KeyValueBucketStatus); ok {
		since = time.Since(bucket.StreamInfo().Created)
	}
	return workers, since, nil
}
