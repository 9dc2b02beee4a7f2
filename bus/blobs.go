package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// blobPatience is how long a blob is waited for that was put on a server that is not the one asked.
const blobPatience = 2 * time.Second

// PutBlob keeps bytes under a key, among the content of libraries: the key begins with the library's id and a slash, and whoever keeps it
// knows what is there and removes it. Bytes that are there under the key are replaced. data is not retained.
//
// # Errors
//
// resource_exhausted for more than MaxContent bytes; unavailable.
func (c *Conn) PutBlob(ctx context.Context, key string, data []byte) error {
	if len(data) > MaxContent {
		return Errorf(ResourceExhausted, "content is %d bytes, at most %d are kept", len(data), MaxContent)
	}
	if err := c.keep(ctx, contentBucket, key, data); err != nil {
		return Errorf(Unavailable, "keep content: %v", err)
	}
	return nil
}

// Blob reads what PutBlob has kept, of which it checks size and digest.
//
// # Errors
//
// not_found; unavailable.
func (c *Conn) Blob(ctx context.Context, key string, size int64) ([]byte, error) {
	store, err := c.bucket(ctx, contentBucket)
	if err != nil {
		return nil, err
	}
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	for begun := time.Now(); ; {
		data, _, err := c.directContent(ctx, store, key, size)
		switch {
		case err == nil:
			return data, nil
		case !errors.Is(err, jetstream.ErrObjectNotFound):
			return nil, Errorf(Unavailable, "read content: %v", err)
		case time.Since(begun) > blobPatience:
			return nil, Errorf(NotFound, "there is no content %s", key)
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return nil, AsError(ctx.Err())
		}
	}
}

// RemoveBlob removes what PutBlob has kept; doing it again changes nothing.
//
// # Errors
//
// unavailable.
func (c *Conn) RemoveBlob(ctx context.Context, key string) error {
	store, err := c.bucket(ctx, contentBucket)
	if err != nil {
		return err
	}
	if err := c.drop(ctx, store, key); err != nil {
		return fmt.Errorf("remove content: %w", Errorf(Unavailable, "%v", err))
	}
	return nil
}
