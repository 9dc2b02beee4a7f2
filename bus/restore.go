package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/jsm.go"
	"github.com/nats-io/jsm.go/api"
	"github.com/nats-io/jsm.go/backup"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// unfinished marks, in the metadata of EVENTS, streams whose restore has not ended.
const unfinished = "airlock-restore-unfinished"

// errUnfinished is returned by Setup for streams whose restore has not ended.
var errUnfinished = errors.New("streams are being restored, or a restore was cut off: wait until `airlock restore` has ended; if none runs, remove all streams and restore anew")

// ErrNotEmpty is returned for what is to be restored where something is already.
var ErrNotEmpty = errors.New("there is something already")

// CheckEmpty tells whether streams can be restored here.
//
// # Errors
//
// ErrNotEmpty when there is a stream of Airlock.
func (c *Conn) CheckEmpty(ctx context.Context) error {
	var there []string
	for _, name := range slices.Concat(copiedBeforeDatabase, copiedAfterDatabase, notCopied) {
		_, err := c.js.Stream(ctx, name)
		switch {
		case err == nil:
			there = append(there, name)
		case !errors.Is(err, jetstream.ErrStreamNotFound):
			return fmt.Errorf("look for stream %s: %w", name, c.refusedOr(err))
		}
	}
	if len(there) > 0 {
		return fmt.Errorf("%w: %s has the streams %s: restore into an empty server, or remove them if what is in them is not needed",
			ErrNotEmpty, c.address(), strings.Join(there, ", "))
	}
	return nil
}

// RestoreStreams makes the streams that Backup has copied to dir, each kept by as many servers as this connection's configuration says, and
// puts right what does not fit because they were not copied at the same moment. Until it has ended Setup refuses to use them.
//
// # Errors
//
// As CheckEmpty's; that a copy is damaged; unavailable. Streams that were made by then stay, and are of no use.
func (c *Conn) RestoreStreams(ctx context.Context, dir string) (Mended, error) {
	if err := c.CheckEmpty(ctx); err != nil {
		return Mended{}, err
	}
	manager, err := c.manager()
	if err != nil {
		return Mended{}, err
	}
	// EVENTS has the mark, so it is first.
	names := slices.Concat([]string{eventsStream}, copiedBeforeDatabase, copiedAfterDatabase)
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			continue
		}
		if err := c.restoreStream(ctx, manager, name, filepath.Join(dir, name)); err != nil {
			return Mended{}, fmt.Errorf("restore stream %s: %w", name, c.refusedOr(err))
		}
	}
	if err := c.awaitReplicas(ctx, names); err != nil {
		return Mended{}, err
	}
	mended, err := c.mend(ctx)
	if err != nil {
		return mended, fmt.Errorf("put restored streams right: %w", err)
	}
	events, err := manager.LoadStream(eventsStream)
	if err == nil {
		config := events.Configuration()
		delete(config.Metadata, unfinished)
		err = events.UpdateConfiguration(config)
	}
	if err != nil {
		return mended, fmt.Errorf("end restore: %w", err)
	}
	return mended, nil
}

// awaitReplicas waits until all servers that keep streams have all of them.
func (c *Conn) awaitReplicas(ctx context.Context, names []string) error {
	for _, name := range names {
		for {
			stream, err := c.js.Stream(ctx, name)
			if err != nil {
				return fmt.Errorf("wait for the replicas of stream %s: %w", name, err)
			}
			cluster := stream.CachedInfo().Cluster
			if cluster == nil || !slices.ContainsFunc(cluster.Replicas, func(r *jetstream.PeerInfo) bool { return !r.Current || r.Lag > 0 }) {
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("wait for the replicas of stream %s: %w", name, ctx.Err())
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
	return nil
}

func (c *Conn) restoreStream(ctx context.Context, manager *jsm.Manager, name, dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, jsm.SnapshotMetaFile)) //nolint:gosec // the operator names the folder
	if err != nil {
		return err
	}
	var meta struct {
		Config api.StreamConfig `json:"config"`
	}
	if err := json.Unmarshal(text, &meta); err != nil {
		return fmt.Errorf("decode configuration: %w", err)
	}
	if _, err := backup.Verify(dir); err != nil {
		return fmt.Errorf("it is damaged: %w", err)
	}
	meta.Config.Replicas, meta.Config.Placement = c.config.Replicas, nil
	if name == eventsStream {
		if meta.Config.Metadata == nil {
			meta.Config.Metadata = map[string]string{}
		}
		meta.Config.Metadata[unfinished] = "true"
	}
	for tries := 1; ; tries++ {
		_, _, err = manager.RestoreSnapshotFromDirectory(ctx, name, dir, jsm.RestoreConfiguration(meta.Config))
		// In a cluster our server may not have heard yet where the one that restores listens.
		if err == nil || tries == restoreTries || tries == 1 && !errors.Is(err, nats.ErrNoResponders) {
			return err
		}
		c.log.InfoContext(ctx, "stream not restored yet", "stream", name, "error", err)
		// That one waits for the copy, and until it gives up the name is taken. Nobody but us has begun to make this stream.
		if err := c.js.DeleteStream(ctx, name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			c.log.DebugContext(ctx, "what was begun of a stream is still there", "stream", name, "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// restoreTries is how often the restore of a stream is begun, a second apart.
const restoreTries = 30
