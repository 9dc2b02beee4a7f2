package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

// DefaultLibrary is the library of who names none: one person's own.
var DefaultLibrary = uuid.MustParse("a1510c00-0000-4000-8000-000000000001")

// CheckSchedules tells whether PutSchedules would refuse schedules.
//
// # Errors
//
// invalid_argument; already_exists for one whose name another has, which is not of this extension's manifest.
func (e *Extensions) CheckSchedules(ctx context.Context, id string, schedules []byte) error {
	wanted, err := manifestSchedules(id, schedules)
	if err != nil || len(wanted) == 0 {
		return err
	}
	_, _, err = e.schedules(ctx, id, wanted)
	return err
}

// PutSchedules makes the schedules of an extension's manifest those of a JSON list. Those that are there already as the list has them, or
// paused, stay so.
//
// # Errors
//
// As CheckSchedules's; unavailable.
func (e *Extensions) PutSchedules(ctx context.Context, id string, schedules []byte) error {
	wanted, err := manifestSchedules(id, schedules)
	if err != nil {
		return err
	}
	there, gone, err := e.schedules(ctx, id, wanted)
	if err != nil {
		return err
	}
	for _, name := range gone {
		if err := e.conn.RemoveRecurring(ctx, name); err != nil && CodeOf(err) != NotFound {
			return err
		}
	}
	for _, r := range wanted {
		if before := there[r.Name]; before != nil {
			r.Paused, r.CreatedAt = before.Paused, before.CreatedAt
			same := mustJSON(r) == mustJSON(before)
			if same && e.conn.isArmed(ctx, r) {
				continue // its times are counted from when it was armed
			}
			if !same {
				r.CreatedAt = time.Now().UTC()
			}
		}
		if err := e.conn.replaceRecurring(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// schedules returns, by name, those that the extension's manifest has already, and which of them are not wanted any more.
func (e *Extensions) schedules(ctx context.Context, id string, wanted []*Recurring) (there map[string]*Recurring, gone []string, err error) {
	names := make(map[string]bool, len(wanted))
	for _, r := range wanted {
		names[r.Name] = true
	}
	all, err := e.conn.AllRecurring(ctx)
	if err != nil {
		return nil, nil, err
	}
	there = map[string]*Recurring{}
	for _, r := range all {
		switch ours := r.Manifest && r.Extension == id; {
		case ours && names[r.Name]:
			there[r.Name] = r
		case ours:
			gone = append(gone, r.Name)
		case names[r.Name]:
			return nil, nil, Errorf(AlreadyExists,
				"there is a schedule %s for %s:%s already, which is not of this manifest: remove it, or give the manifest's another name", r.Name, r.Extension, r.Job)
		}
	}
	return there, gone, nil
}

// manifestSchedules reads a list of schedules.
func manifestSchedules(id string, list []byte) ([]*Recurring, error) {
	var wanted []*Recurring
	if err := json.Unmarshal(list, &wanted); err != nil {
		return nil, fmt.Errorf("decode schedules of extension %s: %w", id, err)
	}
	for _, r := range wanted {
		r.Extension, r.Manifest, r.CreatedAt = id, true, time.Now().UTC()
		if r.Library == uuid.Nil {
			r.Library = DefaultLibrary
		}
		if err := r.Validate(); err != nil {
			return nil, err
		}
	}
	return wanted, nil
}

// replaceRecurring has a job start again and again, in place of the schedule of that name that may be there.
func (c *Conn) replaceRecurring(ctx context.Context, r *Recurring) error {
	kv, err := c.recurring(ctx)
	if err != nil {
		return err
	}
	if _, err := kv.PutString(ctx, r.Name, mustJSON(r)); err != nil {
		return Errorf(Unavailable, "add schedule %s: %v", r.Name, err)
	}
	return c.arm(ctx, r)
}

// isArmed tells whether the server knows when a schedule is due, as far as can be known; of one that is paused, that it does not.
func (c *Conn) isArmed(ctx context.Context, r *Recurring) bool {
	stream, err := c.stream(ctx, jobsStream)
	if err != nil {
		return false
	}
	_, err = stream.GetLastMsgForSubject(ctx, recurSubject(r.Name))
	return r.Paused == errors.Is(err, jetstream.ErrMsgNotFound) && (r.Paused || err == nil)
}
