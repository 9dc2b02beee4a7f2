package bus

import (
	"context"

	"github.com/airlock-run/airlock/bus/fair"
)

// maxDepths bounds what metrics tell apart: anyone may publish a job of an extension that does not exist.
const maxDepths = 1000

// depths is what waits, for metrics. Any goroutine may ask; when the term is over, nothing does.
func (t *term) depths(ctx context.Context) []queueDepth {
	answer := make(chan []queueDepth, 1)
	t.call(func() { answer <- t.depthsNow() })
	select {
	case depths := <-answer:
		return depths
	case <-t.ctx.Done():
	case <-ctx.Done():
	}
	return nil
}

func (t *term) depthsNow() []queueDepth {
	type which struct {
		extension string
		priority  int
	}
	waiting := map[which]*queueDepth{}
	for lane, jobs := range t.waiting.Lanes() {
		key := which{lane.Extension, lane.Priority}
		if waiting[key] == nil && len(waiting) >= maxDepths {
			key.extension = "other"
		}
		depth := waiting[key]
		if depth == nil {
			depth = &queueDepth{Extension: key.extension, Priority: priorityOf(lane)}
			waiting[key] = depth
		}
		depth.Waiting += jobs.Count
		if since := t.times.at(jobs.First.sequence); !since.IsZero() && (depth.Since.IsZero() || since.Before(depth.Since)) {
			depth.Since = since
		}
	}
	depths := make([]queueDepth, 0, len(waiting))
	for _, depth := range waiting {
		depths = append(depths, *depth)
	}
	return depths
}

func priorityOf(lane fair.Lane) Priority { return [...]Priority{High, Normal, Low}[lane.Priority] }
