package runner

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

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

// bound is a trigger that an event sets off.
type bound struct {
	id       bus.TriggerID
	priority bus.Priority
}

func (w *Worker) trigger(ctx context.Context, event *bus.Event, installed []extensions.Installed) error {
	facts := &extensions.Event{
		Type: event.Type, Source: event.Source, Subject: event.Subject, DataContentType: event.DataContentType, Data: event.Data,
	}
	var starting []bound
	for _, extension := range installed {
		of, err := w.starting(ctx, event, facts, extension.Manifest)
		if err != nil {
			return err
		}
		starting = append(starting, of...)
	}
	if len(starting) == 0 {
		return nil
	}
	ids := make([]bus.TriggerID, len(starting))
	for i, t := range starting {
		ids[i] = t.id
	}
	paused, err := w.conn.PausedTriggers(ctx, ids)
	if err != nil {
		return fmt.Errorf("trigger: %w", err)
	}
	var jobs []*bus.Job
	started := map[uuid.UUID]bool{}
	for _, t := range starting {
		id := event.JobID(t.id.Extension, t.id.Job)
		if paused[t.id] || started[id] {
			continue
		}
		started[id] = true
		jobs = append(jobs, &bus.Job{
			ID: id, Extension: t.id.Extension, Name: t.id.Job, Library: event.Library, Priority: t.priority, Event: event, Hops: event.Hops + 1,
		})
	}
	if len(jobs) == 1 {
		err = w.conn.Enqueue(ctx, jobs[0])
	} else {
		_, err = w.conn.EnqueueMany(ctx, jobs)
	}
	if err != nil {
		return fmt.Errorf("trigger jobs of event %s: %w", event.ID, err)
	}
	return nil
}

// starting are the triggers of an extension that an event sets off, if it may hear of the event.
func (w *Worker) starting(ctx context.Context, event *bus.Event, facts *extensions.Event, manifest *extensions.Manifest) ([]bound, error) {
	triggers := manifest.Starting(facts)
	if len(triggers) == 0 {
		return nil, nil
	}
	id := string(manifest.ID)
	d, err := w.decided(ctx, event.Library, func() capabilities.Decision {
		return w.authority.MayHear(manifest.Grant(), event.Library, event.Type)
	})
	if err != nil {
		return nil, fmt.Errorf("trigger %s: %w", id, err)
	}
	if !d.Allowed {
		w.log.DebugContext(ctx, "event starts no job", "extension", id, "library", event.Library, "code", d.Code, "error", d.Reason)
		return nil, nil
	}
	of := make([]bound, len(triggers))
	for i, t := range triggers {
		of[i] = bound{
			id:       bus.TriggerID{Extension: id, Job: t.Job, Event: string(t.Event)},
			priority: bus.Priority(manifest.JobSettings(t.Job).Priority),
		}
	}
	return of, nil
}
