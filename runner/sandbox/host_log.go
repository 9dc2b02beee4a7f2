package sandbox

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero/api"
)

// maxText is the longest log line, message and warning, in bytes; the rest is cut off.
const maxText = 16 << 10

// spacedriveLog is spacedrive_log(level, ptr, len).
func spacedriveLog(_ context.Context, s *instance, stack []uint64) {
	text := s.text("spacedrive_log", "text", api.DecodeU32(stack[1]), api.DecodeU32(stack[2]), maxText)
	s.log(levelOf(api.DecodeU32(stack[0])), text)
}

// log tells the host, as long as it is not too much.
func (s *instance) log(level Level, text []byte) {
	if s.spent.logBytes += uint64(len(text)) + 1; s.spent.logBytes > s.limits.LogBytes {
		panic(&LimitError{LimitLogs, fmt.Sprintf("more than %d", s.limits.LogBytes)})
	}
	s.host.Log(level, text)
}

func levelOf(level uint32) Level {
	switch level {
	case 0:
		return Debug
	case 2:
		return Warn
	case 3:
		return Error
	default:
		return Info
	}
}
