package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"
	"github.com/tetratelabs/wazero/api"
)

const (
	// MaxPayload is the largest payload and the largest result of a call, in bytes.
	MaxPayload = 100 << 20
	// MaxTogether is the same for several calls that are made together: all their payloads, and all their results. A single call with
	// more than that beside the guest's memory asks for room first.
	MaxTogether = 8<<20 - 64<<10
)

// maxMethod is the longest method name there is.
const maxMethod = 128

// spacedriveCall is spacedrive_call(method_ptr, method_len, library_id_ptr, payload_ptr, payload_len) -> result_ptr.
// A library_id_ptr of 0 means the job's own library.
func spacedriveCall(ctx context.Context, s *instance, stack []uint64) {
	const name = "spacedrive_call"
	s.notAllocating(name)
	call := Call{Method: s.method(name, api.DecodeU32(stack[0]), api.DecodeU32(stack[1]))}
	if ptr := api.DecodeU32(stack[2]); ptr != 0 {
		call.Library = uuid.UUID(s.view(name, "library id", ptr, 16))
	}
	call.Payload = s.view(name, "payload", api.DecodeU32(stack[3]), api.DecodeU32(stack[4]))
	if size := len(call.Payload); size > MaxTogether && size <= MaxPayload {
		leave, err := s.host.Room(ctx, int64(size))
		if err != nil {
			stack[0] = api.EncodeU32(s.result(ctx, failure("resource_exhausted", fmt.Sprintf("no room for a payload of %d bytes: %v", size, err))))
			return
		}
		defer leave()
	}
	stack[0] = api.EncodeU32(s.result(ctx, s.answer(ctx, call)))
}

// method reads a method's name; one that is too long is cut just beyond the limit, where it is refused.
func (s *instance) method(function string, ptr, length uint32) string {
	return string(s.text(function, "method", ptr, length, maxMethod+1))
}

func (s *instance) answer(ctx context.Context, call Call) json.RawMessage {
	if len(call.Payload) <= MaxPayload {
		call.Payload = s.copied(ctx, "spacedrive_call", call.Payload) // the host may keep it
	}
	var refusal json.RawMessage
	s.promptly(ctx, "spacedrive_call", len(call.Payload), func() { refusal = s.refuse(call) })
	if refusal != nil {
		return refusal
	}
	return bounded(call.Method, s.host.Call(ctx, call), MaxPayload)
}

// soon is how much JSON is read in no time.
const soon = 128 << 10

// promptly does what takes as long as so many bytes of JSON do. It ends the guest when the run is over before that is
// done, which then goes on by itself: it must not work on the guest's memory.
func (s *instance) promptly(ctx context.Context, function string, size int, work func()) {
	if size <= soon {
		work()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		work()
	}()
	select {
	case <-done:
	case <-ctx.Done():
		fault(function, "not read before the end of the run")
	}
}

// copied is a copy of what is in the guest's memory. Its room is made promptly, for that takes longer than all else: the garbage
// collector may want its due first, and all pages fault.
func (s *instance) copied(ctx context.Context, function string, data []byte) []byte {
	if len(data) <= soon {
		return bytes.Clone(data)
	}
	var clone []byte
	s.promptly(ctx, function, len(data), func() { clone = make([]byte, len(data)) })
	s.transfer(function, clone, data)
	return clone
}

// transfer copies into or out of the guest's memory, and ends the guest when the run is over before that is done.
func (s *instance) transfer(function string, to, from []byte) {
	for at := 0; at < len(from); at += soon {
		if s.over() {
			fault(function, "not copied before the end of the run")
		}
		copy(to[at:], from[at:min(at+soon, len(from))])
	}
}

// refuse answers what does not even reach the door, and nil for what does.
func (s *instance) refuse(call Call) json.RawMessage {
	switch {
	case s.registry != nil:
		return failure("failed_precondition", "plugin_init may register jobs and log; calls are for jobs")
	case len(call.Payload) > MaxPayload:
		return failure("invalid_argument", fmt.Sprintf("payload is %d bytes, at most %d are possible", len(call.Payload), MaxPayload))
	case len(call.Payload) > 0 && !json.Valid(call.Payload):
		return failure("invalid_argument", "payload is not JSON")
	default:
		return nil
	}
}

func bounded(method string, answer json.RawMessage, most int) json.RawMessage {
	if len(answer) <= most {
		return answer
	}
	return failure("resource_exhausted", fmt.Sprintf("the answer of %s is %d bytes, at most %d fit", method, len(answer), most))
}

func failure(code, message string) json.RawMessage {
	data, _ := json.Marshal(map[string]string{"error": message, "code": code}) //nolint:errchkjson // strings only
	return data
}

// spacedriveCallMany is spacedrive_call_many(calls_ptr, calls_len) -> result_ptr: a JSON array of {method, library_id?,
// payload, key?} in, an array of results in the same order out.
func spacedriveCallMany(ctx context.Context, s *instance, stack []uint64) {
	const name = "spacedrive_call_many"
	s.notAllocating(name)
	data := s.view(name, "calls", api.DecodeU32(stack[0]), api.DecodeU32(stack[1]))
	stack[0] = api.EncodeU32(s.result(ctx, s.answerMany(ctx, data)))
}

// maxCalls is how many calls spacedrive_call_many takes at once.
const maxCalls = 256

func (s *instance) answerMany(ctx context.Context, data []byte) json.RawMessage {
	if len(data) <= MaxTogether {
		data = s.copied(ctx, "spacedrive_call_many", data)
	}
	var answers []json.RawMessage
	var calls []Call
	var places []int
	var err error
	s.promptly(ctx, "spacedrive_call_many", len(data), func() {
		var wire []Call
		wire, err = readCalls(data)
		answers = make([]json.RawMessage, len(wire))
		for i, call := range wire {
			if answers[i] = s.refuse(call); answers[i] == nil {
				calls, places = append(calls, call), append(places, i)
			}
		}
	})
	if err != nil {
		return failure("invalid_argument", err.Error())
	}
	if len(calls) > 0 {
		for i, answer := range s.host.CallMany(ctx, calls) {
			answers[places[i]] = answer
		}
	}
	size := 0
	for _, answer := range answers {
		size += len(answer)
	}
	var encoded json.RawMessage
	s.promptly(ctx, "spacedrive_call_many", size, func() { encoded, err = json.Marshal(answers) })
	if err != nil {
		return failure("internal", "the answers cannot be encoded")
	}
	return bounded("spacedrive_call_many", encoded, MaxTogether)
}

// readCalls reads the calls one by one: what a guest may have in its memory is more than what it may ask for.
func readCalls(data []byte) ([]Call, error) {
	if len(data) > MaxTogether {
		return nil, fmt.Errorf("calls are %d bytes, at most %d are possible", len(data), MaxTogether)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	if token, err := decoder.Token(); err != nil || token != json.Delim('[') {
		return nil, errors.New("calls are not a JSON array of {method, payload}")
	}
	var calls []Call
	for decoder.More() {
		var wire struct {
			Method  string          `json:"method"`
			Library uuid.UUID       `json:"library_id"`
			Payload json.RawMessage `json:"payload"`
			Key     string          `json:"key"`
		}
		if len(calls) == maxCalls {
			return nil, fmt.Errorf("more than %d calls at once", maxCalls)
		}
		if err := decoder.Decode(&wire); err != nil {
			return nil, fmt.Errorf("call %d is not {method, payload}: %w", len(calls), err)
		}
		wire.Method = wire.Method[:min(len(wire.Method), maxMethod+1)]
		calls = append(calls, Call(wire))
	}
	if _, err := decoder.Token(); err != nil {
		return nil, errors.New("calls are a JSON array that does not end")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("calls are followed by something else")
	}
	return calls, nil
}
