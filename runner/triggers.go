package runner

import (
	"context"
	"fmt"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/extensions"
)

// triggersName is the name all workers follow events under: each event reaches one of them.
const triggersName = "triggers"

// rosterPatience is how long an event waits for the list of extensions to be up to date before it is handed out again.
const rosterPatience = 10 * time.Second

// RunTriggers starts, for every event, the jobs that extensions bound to its type, until ctx ends. Each event starts each job
// once, however often it is delivered: the job's id comes from the event. Run must be under way.
func (w *Worker) RunTriggers(ctx context.Context) error {
	store, err := w.conn.Extensions(ctx)
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the caller ended it
	}
	if err != nil {
		return fmt.Errorf("run triggers: %w", err)
	}
	return w.conn.FollowEvents(ctx, triggersName, func(ctx context.Context, event *bus.Event) error {
		// What was installed before the event was published is bound to it.
		revision, err := store.Revision(ctx)
		if err != nil {
			return fmt.Errorf("trigger: %w", err)
		}
		waiting, cancel := context.WithTimeout(ctx, rosterPatience)
		defer cancel()
		installed, err := w.roster.all(waiting, revision)
		if err != nil {
			return fmt.Errorf("trigger: %w", err)
		}
		return w.trigger(ctx, event, installed)
	})
}

func (w *Worker) trigger(ctx context.Context, event *bus.Event, installed []extensions.Installed) error {
	for _, extension := range installed {
		manifest := extension.Manifest
		id, names := string(manifest.ID), manifest.JobsFor(event.Type)
		if len(names) == 0 {
			continue
		}
		if d := w.authority.MayHear(manifest.Grant(), event.Library, event.Type); d.Code == capabilities.CodeUnavailable {
			return fmt.Errorf("trigger %s: %s", id, d.Reason)
		} else if !d.Allowed {
			w.log.DebugContext(ctx, "event starts no job", "extension", id, "library", event.Library, "code", d.Code, "error", d.Reason)
			continue
		}
		for _, name := range names {
			err := w.conn.Enqueue(ctx, &bus.Job{
				ID: event.JobID(id, name), Extension: id, Name: name, Library: event.Library,
				Priority: bus.Priority(manifest.JobSettings(name).Priority), Event: event, Hops: event.Hops + 1,
			})
			if err != nil {
				return fmt.Errorf("trigger %s:%s: %w", id, name, err)
			}
		}
	}
	return nil
}
