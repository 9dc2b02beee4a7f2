package node

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/content"
	"github.com/airlock-run/airlock/operations/content/s3"
	"github.com/airlock-run/airlock/operations/door"
	"github.com/airlock-run/airlock/operations/store"
)

// blobsOnBus stands for the bus among the places where content is.
const blobsOnBus = "bus"

// openContents makes the store of content, whose budgets are those of the policy in force. The first of places gets what is new; what is in the
// others, and on the bus, is read and removed there. It is closed by close.
func openContents(ctx context.Context, conn *bus.Conn, db *store.DB, places []string, rules *door.Door, logger *slog.Logger,
) (contents *content.Store, closeAll func(), err error) {
	var backends []content.Backend
	var buckets []*s3.Bucket
	closeAll = func() {
		for _, b := range buckets {
			b.Close()
		}
	}
	if !slices.Contains(places, blobsOnBus) {
		places = append(slices.Clone(places), blobsOnBus)
	}
	for _, place := range places {
		if place == blobsOnBus {
			backends = append(backends, content.Bus(conn))
			continue
		}
		bucket, err := s3.Open(ctx, place)
		if err != nil {
			closeAll()
			return nil, nil, fmt.Errorf("open blobs: %w", err)
		}
		buckets, backends = append(buckets, bucket), append(backends, bucket)
	}
	contents, err = content.New(db, backends[0], content.Config{
		Others: backends[1:],
		Logger: logger,
		Budget: func(library uuid.UUID) int64 {
			if bytes, bounded := rules.StorageBytes(library); bounded {
				return bytes
			}
			return content.Unbounded
		},
		Warn: func(ctx context.Context, usage content.Usage) error {
			data, err := json.Marshal(usage)
			if err != nil {
				return fmt.Errorf("encode usage: %w", err)
			}
			return conn.Publish(ctx, bus.NewEvent(usage.Library, "airlock", "airlock.storage.warning", "application/json", data))
		},
	})
	if err != nil {
		closeAll()
		return nil, nil, fmt.Errorf("open blobs: %w", err)
	}
	return contents, closeAll, nil
}
