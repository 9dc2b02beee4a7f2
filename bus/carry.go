package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/semaphore"
)

const (
	// MaxCall is the largest payload and the largest answer of a call, in bytes. What a message cannot carry goes by reference.
	MaxCall = 100 << 20
	// HeaderRoom is what a message keeps free for its headers.
	HeaderRoom = 64 << 10
	// callsAge is how long a payload or an answer by reference is kept, if nobody removes it before. No call by reference lasts
	// longer.
	callsAge = time.Hour
	// carriedAtOnce bounds what of payloads, and of answers, by reference is fetched into a process at a time.
	carriedAtOnce = 128 << 20
)

// inline is how many bytes of a payload or an answer one message carries.
func (c *Conn) inline() int { return int(min(c.nc.MaxPayload(), MaxPayload)) - HeaderRoom }

// carry puts what is too large for a message where the other side finds it, and notes that in the message's header.
func (c *Conn) carry(ctx context.Context, msg *nats.Msg, data []byte) error {
	name := uuid.NewString()
	if err := c.sealing.Acquire(ctx, int64(len(data))); err != nil {
		return AsError(err)
	}
	defer c.sealing.Release(int64(len(data)))
	sealed, key, err := seal(data)
	if err == nil {
		err = c.keep(ctx, callsBucket, name, sealed)
	}
	if err != nil {
		return fmt.Errorf("carry %d bytes: %w", len(data), err)
	}
	msg.Data = nil
	msg.Header.Set(headerContent, name+" "+strconv.Itoa(len(data))+" "+key)
	return nil
}

// carried returns the data of a message: its own, or what its header refers to, of which there may be most bytes and for which there
// must be room.
func (c *Conn) carried(ctx context.Context, header nats.Header, data []byte, most int64, room *semaphore.Weighted) ([]byte, error) {
	reference := header.Get(headerContent)
	if reference == "" {
		return data, nil
	}
	name, size, key, err := parseReference(reference)
	if err != nil {
		return nil, err
	}
	if size > most {
		return nil, Errorf(ResourceExhausted, "it is %d bytes, at most %d are possible", size, most)
	}
	if err := room.Acquire(ctx, size); err != nil {
		return nil, AsError(err)
	}
	defer room.Release(size)
	store, err := c.bucket(ctx, callsBucket)
	if err != nil {
		return nil, err
	}
	data, _, err = c.content(ctx, store, name, size+sealOverhead)
	switch {
	case ctx.Err() != nil:
		return nil, AsError(ctx.Err())
	case errors.Is(err, jetstream.ErrObjectNotFound):
		return nil, Errorf(Unavailable, "%s %s: there is nothing any more", headerContent, name)
	case err != nil:
		return nil, Errorf(Unavailable, "read what %s refers to: %v", headerContent, err)
	}
	return unseal(data, key)
}

// delivered removes what a message's header refers to, which has been read.
func (c *Conn) delivered(ctx context.Context, header nats.Header) {
	name, _, _, err := parseReference(header.Get(headerContent))
	if err != nil || c.bound() { // which may remove nothing: it goes by itself
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), confirmTime)
	defer cancel()
	store, err := c.bucket(ctx, callsBucket)
	if err == nil {
		err = c.drop(ctx, store, name)
	}
	if err != nil {
		c.log.DebugContext(ctx, "payload not removed, it goes by itself", "error", err)
	}
}

// parseReference reads the header of what goes by reference: a name, a size, and the key it is sealed with.
func parseReference(text string) (name string, size int64, key string, err error) {
	name, rest, _ := strings.Cut(text, " ")
	digits, key, _ := strings.Cut(rest, " ")
	size, err = strconv.ParseInt(digits, 10, 64)
	if _, problem := uuid.Parse(name); err != nil || problem != nil || size < 1 || size > MaxCall || !isSealKey(key) {
		return "", 0, "", Errorf(InvalidArgument, "header %s: want a UUID, a size of 1 to %d and a key, got %.60q", headerContent, MaxCall, text)
	}
	return name, size, key, nil
}
