package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

// EraseEvents removes the events of a library and the content that belongs to it, and tells how many contents there were. Doing it again
// changes nothing.
//
// # Errors
//
// unavailable; what was removed until then stays removed.
func (c *Conn) EraseEvents(ctx context.Context, library uuid.UUID) (contents int, err error) {
	stream, err := c.stream(ctx, eventsStream)
	if err != nil {
		return 0, err
	}
	if err := stream.Purge(ctx, jetstream.WithPurgeSubject("airlock.event."+library.String()+".>")); err != nil {
		return 0, Errorf(Unavailable, "erase events of library %s: %v", library, err)
	}
	store, err := c.bucket(ctx, contentBucket)
	if err != nil {
		return 0, err
	}
	objects, err := store.List(ctx, jetstream.ListObjectsShowDeleted())
	if err != nil && !errors.Is(err, jetstream.ErrNoObjectsFound) {
		return 0, Errorf(Unavailable, "erase content of library %s: %v", library, err)
	}
	prefix := strings.TrimSuffix(contentName(library, ""), "/") + "/"
	for _, object := range objects {
		if !strings.HasPrefix(object.Name, prefix) {
			continue
		}
		if err := c.dropTraceless(ctx, store, object.Name); err != nil {
			return contents, fmt.Errorf("erase content of library %s: %w", library, err)
		}
		if !object.Deleted {
			contents++
		}
	}
	return contents, nil
}

// dropTraceless removes an object, and that it was there: of a deleted one the bucket keeps its name, which has the digest of what was in it.
func (c *Conn) dropTraceless(ctx context.Context, store jetstream.ObjectStore, name string) error {
	if err := c.drop(ctx, store, name); err != nil {
		return err
	}
	stream, err := c.stream(ctx, objectStream(contentBucket))
	if err != nil {
		return err
	}
	return stream.Purge(ctx, jetstream.WithPurgeSubject(metaSubject(contentBucket, name)))
}
