package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
)

// quietHost is the host of a guest that runs no job: it may log, and that is all.
type quietHost struct{ log *slog.Logger }

func (quietHost) Call(context.Context, Call) json.RawMessage {
	return failure("failed_precondition", "calls are for jobs")
}

func (quietHost) Room(context.Context, int64) (leave func(), err error) { return func() {}, nil }

func (quietHost) CallMany(_ context.Context, calls []Call) []json.RawMessage {
	return make([]json.RawMessage, len(calls))
}

func (h quietHost) Log(level Level, text []byte) {
	if h.log == nil {
		return
	}
	h.log.Debug("guest says", "level", string(level), "text", string(text))
}
func (quietHost) Progress(float32, []byte)                 {}
func (quietHost) Checkpoint(context.Context, []byte) error { return errors.New("no job runs") }
func (quietHost) LoadCheckpoint() []byte                   { return nil }
func (quietHost) Interrupted() Interrupt                   { return Continue }
func (quietHost) Warn(string)                              {}
func (quietHost) AddBytes(int64)                           {}
func (quietHost) AddItems(int64)                           {}

// startHost is the host of a guest until its job begins. What guests say while they start is the same each time, and of
// interest only when one fails to: it is kept until then.
type startHost struct {
	quietHost

	lines []startLine
}

type startLine struct {
	level Level
	text  []byte
}

// maxStartLines is how much of what a guest says is kept.
const maxStartLines = 64

// Log keeps a line.
func (h *startHost) Log(level Level, text []byte) {
	if len(h.lines) < maxStartLines {
		h.lines = append(h.lines, startLine{level, bytes.Clone(text)})
	}
}

// tell hands the lines to the job's host.
func (h *startHost) tell(host Host) {
	for _, line := range h.lines {
		host.Log(line.level, line.text)
	}
}
