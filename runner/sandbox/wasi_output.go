package sandbox

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/tetratelabs/wazero/api"
)

// maxOutputLine is the longest line of output that stays one line of the log.
const maxOutputLine = 8 << 10

// maxWrite is how much one fd_write takes. Guests write the rest with another one, as with any file; without it, one
// could print its whole memory a thousand times before it is looked at again.
const maxWrite = 16 << 10

// fdWrite is fd_write(fd, iovs_ptr, iovs_len, written_ptr). Each line on standard output becomes a log line of level
// info, on standard error of level error.
func fdWrite(_ context.Context, s *instance, stack []uint64) {
	const name = "fd_write"
	fd, iovs, count := api.DecodeU32(stack[0]), api.DecodeU32(stack[1]), api.DecodeU32(stack[2])
	if fd != 1 && fd != 2 {
		stack[0] = errnoBadf
		return
	}
	if count > 1024 {
		stack[0] = errnoInval
		return
	}
	vectors := s.view(name, "vectors", iovs, 8*count)
	var written uint32
	for ; len(vectors) > 0 && written < maxWrite; vectors = vectors[8:] {
		ptr, length := binary.LittleEndian.Uint32(vectors), binary.LittleEndian.Uint32(vectors[4:])
		text := s.view(name, "text", ptr, length)
		text = text[:min(length, maxWrite-written)]
		s.print(int(fd)-1, text)
		written += uint32(len(text)) //nolint:gosec // at most maxWrite
	}
	s.writeU32(name, api.DecodeU32(stack[3]), written)
	stack[0] = errnoSuccess
}

// print adds to what a stream has and logs the lines that are complete.
func (s *instance) print(stream int, text []byte) {
	for len(text) > 0 {
		line, rest, complete := bytes.Cut(text, []byte{'\n'})
		room := maxOutputLine - len(s.output[stream])
		if len(line) > room {
			line, rest, complete = line[:room], text[room:], true
		}
		s.output[stream] = append(s.output[stream], line...)
		if complete {
			s.flush(stream, s.log)
		}
		text = rest
	}
}

// flushAll logs what the guest printed last, without a line break. The guest has ended: no limit is to end it.
func (s *instance) flushAll() {
	for stream := range s.output {
		s.flush(stream, func(level Level, text []byte) { s.host.Log(level, text) })
	}
}

func (s *instance) flush(stream int, log func(Level, []byte)) {
	line := bytes.ToValidUTF8(s.output[stream], []byte("\uFFFD"))
	s.output[stream] = s.output[stream][:0]
	if len(bytes.TrimSpace(line)) == 0 {
		return
	}
	level := Info
	if stream == 1 {
		level = Error
	}
	log(level, line)
}
