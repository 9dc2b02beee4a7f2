package sandboxtest

import (
	"context"
	"encoding/json"

	"github.com/airlock-run/airlock/runner/sandbox"
)

// Host answers each call with null and keeps nothing. The zero value is ready to use, by many runs at once.
type Host struct{}

var null = json.RawMessage("null")

// Call answers null.
func (Host) Call(context.Context, sandbox.Call) json.RawMessage { return null }

// Room says that there is some.
func (Host) Room(context.Context, int64) (leave func(), err error) { return func() {}, nil }

// CallMany answers null to each.
func (Host) CallMany(_ context.Context, calls []sandbox.Call) []json.RawMessage {
	answers := make([]json.RawMessage, len(calls))
	for i := range answers {
		answers[i] = null
	}
	return answers
}

// Log does nothing.
func (Host) Log(sandbox.Level, []byte) {}

// Progress does nothing.
func (Host) Progress(float32, []byte) {}

// Checkpoint does nothing.
func (Host) Checkpoint(context.Context, []byte) error { return nil }

// LoadCheckpoint says that there is none.
func (Host) LoadCheckpoint() []byte { return nil }

// Interrupted says to go on.
func (Host) Interrupted() sandbox.Interrupt { return sandbox.Continue }

// Warn does nothing.
func (Host) Warn(string) {}

// AddBytes does nothing.
func (Host) AddBytes(int64) {}

// AddItems does nothing.
func (Host) AddItems(int64) {}
