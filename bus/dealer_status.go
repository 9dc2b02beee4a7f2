package bus

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"
)

// QueueStatus is what airlock.api.queue.status answers.
type QueueStatus struct {
	// Dealer is the process that deals.
	Dealer string `json:"dealer"`
	Epoch  uint64 `json:"epoch"`
	// Waiting, Running and Held count jobs: those that may be dealt, those that are dealt, and those that are scheduled, paused
	// or wait for sub-jobs.
	Waiting int `json:"waiting"`
	Running int `json:"running"`
	Held    int `json:"held"`
	// Extensions are those that have jobs or are paused.
	Extensions []ExtensionQueue `json:"extensions"`
	Workers    []WorkerStatus   `json:"workers"`
}

// ExtensionQueue is how the jobs of one extension stand.
type ExtensionQueue struct {
	Extension string `json:"extension"`
	Waiting   int    `json:"waiting"`
	Running   int    `json:"running"`
	// Held are those that are scheduled, paused or wait for sub-jobs.
	Held   int  `json:"held"`
	Paused bool `json:"paused,omitempty"`
}

// WorkerStatus is how a worker stands.
type WorkerStatus struct {
	Name     string    `json:"name"`
	Slots    int       `json:"slots"`
	Running  int       `json:"running"`
	Draining bool      `json:"draining,omitempty"`
	Version  string    `json:"version,omitempty"`
	Since    time.Time `json:"since"`
	Heard    time.Time `json:"heard"`
}

func (t *term) service() ServiceConfig {
	return ServiceConfig{
		Name: "queue", Description: "deals jobs to workers", Logger: t.log,
		Endpoints: []Endpoint{
			APIEndpoint("queue", "status", func(ctx context.Context, _ json.RawMessage) (any, error) {
				answer := make(chan QueueStatus, 1)
				t.call(func() { answer <- t.status() })
				select {
				case s := <-answer:
					return s, nil
				case <-t.ctx.Done():
					return nil, Errorf(Unavailable, "another process deals jobs now: ask again")
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}),
		},
	}
}

func (t *term) status() QueueStatus {
	s := QueueStatus{
		Dealer: t.config.Name, Epoch: t.epoch, Waiting: t.waiting.Len(), Running: len(t.deals), Held: t.holds.Len(),
		Extensions: []ExtensionQueue{}, Workers: []WorkerStatus{},
	}
	t.mu.Lock()
	paused := make(map[string]bool, len(t.paused))
	for id := range t.paused {
		paused[id] = true
	}
	t.mu.Unlock()
	extensions := map[string]*ExtensionQueue{}
	queue := func(id string) *ExtensionQueue {
		if extensions[id] == nil {
			extensions[id] = &ExtensionQueue{Extension: id, Paused: paused[id]}
		}
		return extensions[id]
	}
	for id, counts := range t.waiting.Extensions() {
		over := t.over[id] // they leave the queue when their turn comes
		s.Waiting -= over
		e := queue(id)
		e.Waiting, e.Running = counts.Waiting-over, counts.Running
	}
	for _, held := range t.holds.entries {
		queue(held.lane.Extension).Held++
	}
	for id := range paused {
		queue(id)
	}
	for _, e := range extensions {
		s.Extensions = append(s.Extensions, *e)
	}
	slices.SortFunc(s.Extensions, func(a, b ExtensionQueue) int { return cmp.Compare(a.Extension, b.Extension) })
	for _, m := range t.members {
		s.Workers = append(s.Workers, WorkerStatus{
			Name: m.name, Slots: m.beat.Slots, Running: len(m.deals), Draining: m.beat.Draining, Version: m.beat.Version,
			Since: m.started.UTC(), Heard: m.heard.UTC(),
		})
	}
	slices.SortFunc(s.Workers, func(a, b WorkerStatus) int { return cmp.Compare(a.Name, b.Name) })
	return s
}

// QueueStatus asks the dealer how the queue stands.
func (c *Conn) QueueStatus(ctx context.Context) (QueueStatus, error) {
	var s QueueStatus
	err := c.API(ctx, "queue", "status", struct{}{}, &s)
	return s, err
}
