package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

// directBatch is how much of an object is asked for at once, in bytes.
const directBatch = 8 << 20

// direct reads the bytes of an object without a consumer, which a worker of a pool may not make. The digest is checked by who knows it.
func (c *Conn) direct(ctx context.Context, info *jetstream.ObjectInfo) ([]byte, error) {
	if info.Size > MaxCall+sealOverhead {
		return nil, fmt.Errorf("it is %d bytes, at most %d are read", info.Size, MaxCall)
	}
	data := make([]byte, 0, info.Size)
	for after := uint64(0); uint64(len(data)) < info.Size; {
		before := len(data)
		messages, err := jetstreamext.GetBatch(ctx, c.js, objectStream(info.Bucket), 1000, jetstreamext.GetBatchSeq(after+1),
			jetstreamext.GetBatchSubject(chunkSubject(info.Bucket, info.NUID)), jetstreamext.GetBatchMaxBytes(directBatch))
		if err != nil {
			return nil, err
		}
		for msg, err := range messages {
			if errors.Is(err, jetstreamext.ErrNoMessages) {
				break
			}
			if err != nil {
				return nil, err
			}
			after = msg.Sequence
			data = append(data, msg.Data...)
		}
		if len(data) == before || uint64(len(data)) > info.Size {
			return nil, fmt.Errorf("it has %d of its %d bytes", len(data), info.Size)
		}
	}
	return data, nil
}
