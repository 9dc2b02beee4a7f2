package bus

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// carryTime bounds how long putting or reading takes when nobody says.
	carryTime = 2 * time.Minute
	// chunkSize is how much of an object is in one message.
	chunkSize = 512 << 10
)

// bucket returns an object store; asking the server for it once is enough.
func (c *Conn) bucket(ctx context.Context, name string) (jetstream.ObjectStore, error) {
	if store, ok := c.buckets.Load(name); ok {
		return store.(jetstream.ObjectStore), nil //nolint:forcetypeassert // only object stores are stored
	}
	store, err := c.js.ObjectStore(ctx, name)
	if err != nil {
		return nil, Errorf(Unavailable, "there is no bucket %s on %s (%v): start a worker or `airlock up` once", name, c.address(), err)
	}
	c.buckets.Store(name, store)
	return store, nil
}

// keep puts bytes into a bucket, in place of those that may be there under the name. It does what the Put of an object store does, but not
// faster than the server writes: a stream that has too much to write refuses all.
func (c *Conn) keep(ctx context.Context, bucket, name string, data []byte) error {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	store, err := c.bucket(ctx, bucket)
	if err != nil {
		return err
	}
	before, err := store.GetInfo(ctx, name)
	if err != nil && !errors.Is(err, jetstream.ErrObjectNotFound) {
		return err
	}
	digest := sha256.Sum256(data)
	size := int(min(chunkSize, c.nc.MaxPayload()/2))
	info := jetstream.ObjectInfo{
		ObjectMeta: jetstream.ObjectMeta{Name: name, Opts: &jetstream.ObjectMetaOptions{ChunkSize: uint32(size)}}, //nolint:gosec // at most chunkSize
		Bucket:     bucket, NUID: strings.ReplaceAll(uuid.NewString(), "-", ""), Size: uint64(len(data)),
		Digest: "SHA-256=" + base64.URLEncoding.EncodeToString(digest[:]),
	}
	if err := c.putObject(ctx, &info, data); err != nil {
		c.purge(ctx, bucket, info.NUID)
		return err
	}
	if before != nil {
		c.purge(ctx, bucket, before.NUID)
	}
	return nil
}

// putObject publishes the bytes of an object, and then what is to be known of it.
func (c *Conn) putObject(ctx context.Context, info *jetstream.ObjectInfo, data []byte) error {
	if err := c.putting.Acquire(ctx, 1); err != nil {
		return err
	}
	defer c.putting.Release(1)
	for chunk := range slices.Chunk(data, int(info.Opts.ChunkSize)) {
		info.Chunks++
		if err := c.publishSlowly(ctx, &nats.Msg{Subject: chunkSubject(info.Bucket, info.NUID), Data: chunk}); err != nil {
			return err
		}
	}
	about, err := json.Marshal(info)
	if err != nil {
		return fmt.Errorf("encode object: %w", err)
	}
	msg := nats.NewMsg(metaSubject(info.Bucket, info.Name))
	msg.Header.Set(jetstream.MsgRollup, jetstream.MsgRollupSubject)
	msg.Data = about
	return c.publishSlowly(ctx, msg)
}

// tooManyRequests is what the server answers while a stream has too much to write.
const tooManyRequests = 429

// publishSlowly publishes a message, and waits while the stream has too much to write.
func (c *Conn) publishSlowly(ctx context.Context, msg *nats.Msg) error {
	for {
		_, err := c.js.PublishMsg(ctx, msg)
		var api *jetstream.APIError
		if !errors.As(err, &api) || api.Code != tooManyRequests {
			return err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// purge removes the bytes of an object. Those that stay go with their bucket's time to live, or are swept.
func (c *Conn) purge(ctx context.Context, bucket, nuid string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), confirmTime)
	defer cancel()
	stream, err := c.stream(ctx, objectStream(bucket))
	if err == nil {
		err = stream.Purge(ctx, jetstream.WithPurgeSubject(chunkSubject(bucket, nuid)))
	}
	if err != nil {
		c.log.DebugContext(ctx, "rest of an object not removed yet", "error", err)
	}
}

// drop removes bytes from a bucket, if they are there.
func (c *Conn) drop(ctx context.Context, store jetstream.ObjectStore, name string) error {
	if err := store.Delete(ctx, name); err != nil && !errors.Is(err, jetstream.ErrObjectNotFound) {
		return err
	}
	return nil
}

// content reads an object that must have a size, and returns it with its digest, which it has.
func (c *Conn) content(ctx context.Context, store jetstream.ObjectStore, name string, size int64) ([]byte, string, error) {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	if c.bound() {
		return c.directContent(ctx, store, name, size)
	}
	object, err := store.Get(ctx, name)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = object.Close() }()
	info, err := object.Info()
	if err != nil {
		return nil, "", err
	}
	if int64(info.Size) != size { //nolint:gosec // no object is that large
		return nil, "", fmt.Errorf("it is %d bytes, not %d", info.Size, size)
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(object, data); err != nil {
		return nil, "", err
	}
	if _, err := object.Read(make([]byte, 1)); !errors.Is(err, io.EOF) { // at its end the digest is checked
		return nil, "", fmt.Errorf("it is damaged: %w", err)
	}
	digest, err := base64.URLEncoding.DecodeString(strings.TrimPrefix(info.Digest, "SHA-256="))
	if err != nil {
		return nil, "", fmt.Errorf("its digest is %q", info.Digest)
	}
	return data, "sha256:" + hex.EncodeToString(digest), nil
}

// directContent is content of a worker of a pool.
func (c *Conn) directContent(ctx context.Context, store jetstream.ObjectStore, name string, size int64) ([]byte, string, error) {
	info, err := store.GetInfo(ctx, name)
	if err != nil {
		return nil, "", err
	}
	if size >= 0 && int64(info.Size) != size { //nolint:gosec // no object is that large
		return nil, "", fmt.Errorf("it is %d bytes, not %d", info.Size, size)
	}
	data, err := c.direct(ctx, info)
	if err != nil {
		return nil, "", err
	}
	digest := sha256.Sum256(data)
	if info.Digest != "SHA-256="+base64.URLEncoding.EncodeToString(digest[:]) {
		return nil, "", errors.New("it is damaged")
	}
	return data, "sha256:" + hex.EncodeToString(digest[:]), nil
}

// withDeadline sees to it that ctx has a deadline: without one an object store has its own ideas of how long is too long.
func withDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, carryTime)
}

// objectStream is the stream behind a bucket.
func objectStream(bucket string) string { return "OBJ_" + bucket }

// metaSubject and chunkSubject are where an object store keeps what it knows of an object, and its bytes.
func metaSubject(bucket, name string) string {
	return "$O." + bucket + ".M." + base64.URLEncoding.EncodeToString([]byte(name))
}

func chunkSubject(bucket, nuid string) string { return "$O." + bucket + ".C." + nuid }
