package runner

import (
	"encoding/json"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
)

// isSnooze tells the one method that no service answers: it is about the attempt itself.
func isSnooze(method capabilities.Method) bool {
	return method.Kind == capabilities.Action && method.Operation == "jobs.snooze"
}

// maxSnooze is the longest a job can set itself aside at a time.
const maxSnooze = 30 * 24 * time.Hour

// snooze notes that the guest wants to be run again later, should it return interrupted. Of several the last one holds.
func (b *bridge) snooze(payload json.RawMessage) (json.RawMessage, error) {
	var in struct {
		ForMS int64 `json:"for_ms"`
	}
	if err := json.Unmarshal(payload, &in); err != nil || in.ForMS < 1 || in.ForMS > maxSnooze.Milliseconds() {
		return nil, bus.Errorf(bus.InvalidArgument, `jobs.snooze: want {"for_ms": a number from 1 to %d}`, maxSnooze.Milliseconds())
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wake = time.Now().Add(time.Duration(in.ForMS) * time.Millisecond)
	return json.RawMessage("null"), nil
}

// snoozed is when the guest wants to be run again; the zero time when it did not say.
func (b *bridge) snoozed() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.wake
}
