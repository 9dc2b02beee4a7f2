package sandbox

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"
)

// Level is how important a log line is.
type Level string

// The levels of the guest ABI.
const (
	Debug Level = "debug"
	Info  Level = "info"
	Warn  Level = "warn"
	Error Level = "error"
)

// Interrupt is what a guest learns when it asks whether to go on.
type Interrupt uint32

// The answers of job_check_interrupt.
const (
	Continue Interrupt = 0
	Shutdown Interrupt = 1
	Cancel   Interrupt = 2
)

// Call is one call of a guest to the outside, not checked by anybody yet.
type Call struct {
	Method string
	// Library is the library the guest named; uuid.Nil for its job's own.
	Library uuid.UUID
	Payload json.RawMessage
	// Key is the guest's own key for the effect; empty for none.
	Key string
}

// Host is what the imports of one run reach. The guest calls it from one goroutine; it may retain what it is given, unless that says otherwise. A method that blocks
// returns when ctx ends.
type Host interface {
	// Call answers a call with the JSON the guest gets, which for a failure is {"error", "code"}.
	Call(ctx context.Context, call Call) json.RawMessage
	// Room waits for room for so many bytes of a large payload beside the guest's memory, which leave gives back. An error, for people,
	// says why there is none.
	Room(ctx context.Context, bytes int64) (leave func(), err error)
	// CallMany answers several, in their order, having run them in parallel.
	CallMany(ctx context.Context, calls []Call) []json.RawMessage
	// Log is told a line, in UTF-8, which is the guest's memory: it must not be retained.
	Log(level Level, text []byte)
	// Progress is told a fraction from 0 to 1, and a message as Log is.
	Progress(fraction float32, message []byte)
	// Checkpoint keeps the state to go on from; an error tells the guest that it is not kept.
	Checkpoint(ctx context.Context, state []byte) error
	// LoadCheckpoint returns the newest checkpoint, nil for none.
	LoadCheckpoint() []byte
	Interrupted() Interrupt
	Warn(message string)
	AddBytes(n int64)
	AddItems(n int64)
}
