package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

// AuditFilter chooses records of the audit. The zero value chooses all. Extension, Decision and Library are looked for by the server.
type AuditFilter struct {
	Extension string
	Decision  AuditDecision
	Library   uuid.UUID
	Job       uuid.UUID
	// Method is such as "action:vdfs.write_sidecar", or an operation's name for both kinds, or an act's.
	Method string
	// Since and Until bound the time; Since is included.
	Since, Until time.Time
}

func (f *AuditFilter) subject() string {
	orAny := func(token string) string {
		if token == "" {
			return "*"
		}
		return token
	}
	return "airlock.audit." + orAny(extensionToken(f.Extension)) + "." + orAny(string(f.Decision)) + "." + orAny(libraryToken(f.Library)) + ".*"
}

func (f *AuditFilter) matches(r *AuditRecord) bool {
	switch {
	case f.Job != uuid.Nil && r.Job != f.Job,
		f.Method != "" && r.Method() != f.Method && r.Operation != f.Method,
		!f.Since.IsZero() && r.At.Before(f.Since),
		!f.Until.IsZero() && !r.At.Before(f.Until):
		return false
	}
	return true
}

// AuditEntry is a record that was kept, and its place.
type AuditEntry struct {
	Sequence uint64 `json:"sequence"`
	AuditRecord
}

const (
	// firstWindow is how many places are looked at first for a page, and maxWindow at most at once.
	firstWindow, maxWindow = 1024, 1 << 17
)

// AuditPage returns up to limit records from before a place, 0 for the end, newest first, and where the next page begins; 0 when there
// are no more.
func (c *Conn) AuditPage(ctx context.Context, filter AuditFilter, before uint64, limit int) (page []AuditEntry, next uint64, err error) {
	stream, err := c.js.Stream(ctx, auditStream)
	if err != nil {
		return nil, 0, Errorf(Unavailable, "there is no audit on %s (%v): start a worker or `airlock up` once", c.address(), err)
	}
	state := stream.CachedInfo().State
	high := state.LastSeq + 1
	if before > 0 {
		high = min(high, before)
	}
	for window := uint64(firstWindow); high > state.FirstSeq && high > 1; window = min(2*window, maxWindow) {
		low := max(state.FirstSeq, 1)
		if high > low+window {
			low = high - window
		}
		found, older, err := c.auditWindow(ctx, &filter, low, high, limit-len(page))
		if err != nil {
			return nil, 0, err
		}
		page = append(page, found...)
		if len(page) == limit {
			return page, page[limit-1].Sequence, nil
		}
		if older {
			return page, 0, nil
		}
		high = low
	}
	return page, 0, nil
}

// auditWindow returns the newest records in some places, and whether those before are too old to be looked at.
func (c *Conn) auditWindow(ctx context.Context, filter *AuditFilter, low, high uint64, limit int) (found []AuditEntry, older bool, err error) {
	reading, stop := context.WithTimeout(ctx, c.config.CallTimeout)
	defer stop()
	consumer, err := c.js.OrderedConsumer(reading, auditStream, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{filter.subject()}, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: low,
		InactiveThreshold: 10 * time.Second,
	})
	if err != nil {
		return nil, false, fmt.Errorf("read audit: %w", err)
	}
	// Without a message that matches there is none to wait for.
	info := consumer.CachedInfo()
	left := info.NumPending
	if left == 0 {
		return nil, false, nil
	}
	messages, err := consumer.Messages()
	if err != nil {
		return nil, false, fmt.Errorf("read audit: %w", err)
	}
	defer context.AfterFunc(reading, messages.Stop)()
	defer messages.Stop()
	for ; left > 0; left-- {
		msg, err := messages.Next()
		if err != nil {
			return nil, false, fmt.Errorf("read audit: %w", errors.Join(err, ctx.Err()))
		}
		meta, err := msg.Metadata()
		if err != nil {
			return nil, false, fmt.Errorf("read audit: %w", err)
		}
		if meta.Sequence.Stream >= high {
			break
		}
		if meta.Timestamp.Before(filter.Since) {
			older = true
		}
		entry, ok := c.auditEntry(ctx, msg, meta)
		if ok && filter.matches(&entry.AuditRecord) {
			if found = append(found, entry); len(found) > 2*limit {
				found = slices.Delete(found, 0, len(found)-limit)
			}
		}
		left = min(left, meta.NumPending+1)
	}
	slices.Reverse(found)
	return found[:min(len(found), limit)], older, nil
}

// FollowAudit hands each record that is kept from now on to handle, until ctx ends or handle returns an error, which it returns. listening is called
// once none is missed any more; it may be nil.
func (c *Conn) FollowAudit(ctx context.Context, filter AuditFilter, listening func(), handle func(AuditEntry) error) error {
	consumer, err := c.js.OrderedConsumer(ctx, auditStream, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{filter.subject()}, DeliverPolicy: jetstream.DeliverNewPolicy,
	})
	if err != nil {
		return Errorf(Unavailable, "there is no audit on %s (%v): start a worker or `airlock up` once", c.address(), err)
	}
	messages, err := consumer.Messages()
	if err != nil {
		return fmt.Errorf("follow audit: %w", err)
	}
	defer context.AfterFunc(ctx, messages.Stop)()
	defer messages.Stop()
	if listening != nil {
		listening()
	}
	for {
		msg, err := messages.Next()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("follow audit: %w", err)
		}
		meta, err := msg.Metadata()
		if err != nil {
			return fmt.Errorf("follow audit: %w", err)
		}
		entry, ok := c.auditEntry(ctx, msg, meta)
		if !ok || !filter.matches(&entry.AuditRecord) {
			continue
		}
		if err := handle(entry); err != nil {
			return err
		}
	}
}

func (c *Conn) auditEntry(ctx context.Context, msg jetstream.Msg, meta *jetstream.MsgMetadata) (AuditEntry, bool) {
	entry := AuditEntry{Sequence: meta.Sequence.Stream}
	if err := json.Unmarshal(msg.Data(), &entry.AuditRecord); err != nil {
		c.log.ErrorContext(ctx, "message is no audit record", "subject", msg.Subject(), "error", err)
		return AuditEntry{}, false
	}
	return entry, true
}
