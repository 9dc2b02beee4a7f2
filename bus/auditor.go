package bus

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
)

// AuditorConfig describes an Auditor.
type AuditorConfig struct {
	// By is who writes. Default: the connection's name.
	By string
	// Buffer is how many records wait in memory to be written. Default 16,384, some 6 MB.
	Buffer int
}

// Auditor writes records of the audit in the background, many at a time. What it has in memory is lost when its process is killed. It is safe for
// concurrent use.
type Auditor struct {
	conn   *Conn
	log    *slog.Logger
	by     string
	buffer int

	mu      sync.Mutex
	waiting []AuditRecord
	// spare is what waiting was, to be used again.
	spare []AuditRecord
	// lost are the records for which there was no room since one of them was last written.
	lost uint64
	// failing tells that what was written last could not be.
	failing bool
	// room is closed, and replaced, when there is room again.
	room chan struct{}
	wake chan struct{}
}

const (
	// defaultAuditBuffer is how many records wait.
	defaultAuditBuffer = 16384
	// auditRoom is how many of them there is memory for from the beginning.
	auditRoom = 256
	// auditDrain is how long the end of an Auditor takes at most.
	auditDrain = 5 * time.Second
	// auditPause is how long a failure is slept over, which doubles to auditMaxPause.
	auditPause, auditMaxPause = 100 * time.Millisecond, 2 * time.Second
)

// NewAuditor makes an Auditor. It writes while Run is under way.
func (c *Conn) NewAuditor(config AuditorConfig) *Auditor {
	a := &Auditor{conn: c, log: c.log, by: config.By, buffer: config.Buffer, room: make(chan struct{}), wake: make(chan struct{}, 1)}
	if a.by == "" {
		a.by = c.config.Name
	}
	if a.buffer <= 0 {
		a.buffer = defaultAuditBuffer
	}
	a.waiting, a.spare = make([]AuditRecord, 0, min(a.buffer, auditRoom)), make([]AuditRecord, 0, min(a.buffer, auditRoom))
	return a
}

// Note has a record written soon. Where there is no room for it, it waits until there is, or ctx ends, so that who asks for
// more than can be written is held up; but while records cannot be written at all it is dropped, and counted. It costs some hundred nanoseconds.
func (a *Auditor) Note(ctx context.Context, r AuditRecord) {
	if r.At.IsZero() {
		r.At = time.Now().UTC()
	}
	r.By = a.by
	for {
		a.mu.Lock()
		if len(a.waiting) < a.buffer {
			a.waiting = append(a.waiting, r)
			first := len(a.waiting) == 1
			a.mu.Unlock()
			if first {
				a.awake()
			}
			return
		}
		if a.failing || ctx.Err() != nil {
			a.lost++
			a.mu.Unlock()
			return
		}
		room := a.room
		a.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
		}
	}
}

// Confirm writes a record and returns its id once it is kept.
//
// # Errors
//
// unavailable, with why it cannot be written; where the answer was lost it may be there all the same.
func (a *Auditor) Confirm(ctx context.Context, r AuditRecord) (uuid.UUID, error) {
	r.ID, r.By = uuid.New(), a.by
	if err := a.conn.Audit(ctx, r); err != nil {
		return uuid.Nil, err
	}
	return r.ID, nil
}

func (a *Auditor) awake() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// Run writes what is noted until ctx ends, and then what is left, for some seconds at most.
func (a *Auditor) Run(ctx context.Context) {
	writing, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(auditDrain, stop) })()
	for {
		group := a.take()
		if len(group) == 0 {
			select {
			case <-a.wake:
				continue
			case <-ctx.Done():
			}
			if group = a.take(); len(group) == 0 {
				return
			}
		}
		a.write(writing, group)
		if writing.Err() != nil {
			return
		}
	}
}

// take returns what waits, and a record of what was lost before it.
func (a *Auditor) take() []AuditRecord {
	a.mu.Lock()
	defer a.mu.Unlock()
	group := a.waiting
	a.waiting, a.spare = a.spare[:0], nil
	if a.lost > 0 {
		group = append(group, AuditRecord{At: time.Now().UTC(), Decision: AuditLost, By: a.by, Count: a.lost})
		a.lost = 0
	}
	if len(group) > 0 {
		close(a.room)
		a.room = make(chan struct{})
	}
	return group
}

// write writes records, however often it takes, until ctx ends.
func (a *Auditor) write(ctx context.Context, group []AuditRecord) {
	left := make([]*nats.Msg, 0, len(group))
	for i := range group {
		group[i].ID = uuid.New()
		msg, err := auditMessage(&group[i])
		if err != nil {
			a.log.ErrorContext(ctx, "audit record is lost", "error", err)
			continue
		}
		left = append(left, msg)
	}
	a.mu.Lock()
	clear(group)
	a.spare = group[:0]
	a.mu.Unlock()
	for pause := auditPause; ; pause = min(2*pause, auditMaxPause) {
		var err error
		if left, err = a.publish(left); len(left) == 0 {
			a.fail(ctx, nil)
			return
		}
		a.fail(ctx, err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			a.log.ErrorContext(ctx, "audit records are lost", "count", len(left), "error", err)
			return
		}
	}
}

// publish returns what could not be written, and why.
func (a *Auditor) publish(messages []*nats.Msg) (left []*nats.Msg, err error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	wg.Add(len(messages))
	for _, msg := range messages {
		a.conn.audits.submit(msg, func(_ uint64, failure error) {
			defer wg.Done()
			if failure == nil || errors.Is(failure, nats.ErrMaxPayload) {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			left, err = append(left, msg), failure
		})
	}
	wg.Wait()
	return left, err
}

// fail notes whether records can be written.
func (a *Auditor) fail(ctx context.Context, err error) {
	a.mu.Lock()
	changed := a.failing != (err != nil)
	a.failing = err != nil
	if changed && a.failing { // who waits for room is not to wait for this
		close(a.room)
		a.room = make(chan struct{})
	}
	a.mu.Unlock()
	switch {
	case changed && err != nil:
		a.log.ErrorContext(ctx, "the audit cannot be written", "error", err)
	case changed:
		a.log.InfoContext(ctx, "the audit is written again")
	}
}
