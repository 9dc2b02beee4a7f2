package bus

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// TriggerID names what binds a job of an extension to events: by the pattern of their types, such as mail.received or mail.*.
type TriggerID struct {
	Extension string `json:"extension"`
	Job       string `json:"job"`
	Event     string `json:"event"`
}

// String is how people name it.
func (t TriggerID) String() string { return t.Extension + ":" + t.Job + " on " + t.Event }

// key is the trigger's in the bucket of pauses, where a key has no asterisk, and an extension's alone no slash.
func (t TriggerID) key() string {
	return t.Extension + "/" + t.Job + "/" + strings.ReplaceAll(t.Event, "*", "=")
}

// PauseTrigger has events start nothing by a trigger until ResumeTrigger, in the whole cluster. What comes meanwhile is not made up for.
func (c *Conn) PauseTrigger(ctx context.Context, trigger TriggerID) error {
	kv, err := c.js.KeyValue(ctx, pausesBucket)
	if err != nil {
		return Errorf(Unavailable, "pause trigger %s: %v", trigger, err)
	}
	if _, err := kv.PutString(ctx, trigger.key(), time.Now().UTC().Format(time.RFC3339)); err != nil {
		return fmt.Errorf("pause trigger %s: %w", trigger, err)
	}
	return nil
}

// ResumeTrigger lets events start jobs by a trigger again.
//
// # Errors
//
// failed_precondition when it is not paused.
func (c *Conn) ResumeTrigger(ctx context.Context, trigger TriggerID) error {
	paused, err := c.PausedTriggers(ctx, []TriggerID{trigger})
	if err != nil {
		return err
	}
	if !paused[trigger] {
		return Errorf(FailedPrecondition, "trigger %s is not paused", trigger)
	}
	kv, err := c.js.KeyValue(ctx, pausesBucket)
	if err != nil {
		return Errorf(Unavailable, "resume trigger %s: %v", trigger, err)
	}
	if err := kv.Delete(ctx, trigger.key()); err != nil {
		return fmt.Errorf("resume trigger %s: %w", trigger, err)
	}
	return nil
}

// PausedTriggers are those of some triggers that are paused now.
//
// # Errors
//
// unavailable when the answer is not complete.
func (c *Conn) PausedTriggers(ctx context.Context, triggers []TriggerID) (map[TriggerID]bool, error) {
	byKey := make(map[string]TriggerID, len(triggers))
	subjects := make([]string, 0, len(triggers))
	prefix := "$KV." + pausesBucket + "."
	for _, trigger := range triggers {
		if key := trigger.key(); byKey[key] == (TriggerID{}) {
			byKey[key] = trigger
			subjects = append(subjects, prefix+key)
		}
	}
	paused := map[TriggerID]bool{}
	for some := range slices.Chunk(subjects, maxLookup) {
		err := c.readLast(ctx, keyValueStream(pausesBucket), some, func(msg *jetstream.RawStreamMsg) error {
			if msg.Header.Get("KV-Operation") == "" { // else it was deleted
				paused[byKey[strings.TrimPrefix(msg.Subject, prefix)]] = true
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read paused triggers: %w", err)
		}
	}
	return paused, nil
}

// Fire starts a job by an event that nobody else hears of, and returns when it is kept: what a trigger does, whether it is paused or not.
// Event and library of the job are the event's.
//
// # Errors
//
// As Publish's and Enqueue's.
func (c *Conn) Fire(ctx context.Context, event *Event, job *Job) error {
	if err := event.Validate(); err != nil {
		return err
	}
	if _, err := c.stowData(ctx, event); err != nil {
		return err
	}
	job.ID, job.Library, job.Event, job.Hops = event.JobID(job.Extension, job.Name), event.Library, event, event.Hops+1
	return c.Enqueue(ctx, job)
}
