package airlock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Call is one of the calls that [JobContext.CallMany] makes together.
type Call struct {
	// Method is the kind and the operation, as in query:ai.ocr.
	Method string
	// Library is the id of the library to act in. Empty means the job's own; any other needs to be granted by name.
	Library string
	// Payload is the input, encoded as JSON.
	Payload any
	// Key names the effect of an action, so that it happens once for the job however often it is asked for. Empty lets the host
	// derive one from the call.
	Key string
	// Out is a pointer that the answer is decoded into. Nil ignores the answer.
	Out any
}

// Call runs one operation: it encodes payload as JSON and decodes the answer into out, which may be nil. An empty library means
// the job's own. The typed clients of this package are this with names.
//
// # Errors
//
// An [*Error] for a call that was refused or failed; payload that is not JSON; an answer that does not fit out.
func (j *JobContext) Call(method, library string, payload, out any) error {
	input, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("%s: encode payload: %w", method, err)
	}
	var target *UUID
	if library != "" {
		id, err := ParseUUID(library)
		if err != nil {
			return fmt.Errorf("%s: library: %w", method, err)
		}
		target = &id
	}
	return answer(method, j.host.Call(method, target, input), out)
}

// CallMany runs several operations in parallel and returns their errors in the same order, nil for those that went well. Each
// call is permitted, counted and answered by itself.
//
// It needs a host with `spacedrive_call_many`; a module that uses it does not load on others.
func (j *JobContext) CallMany(calls ...Call) []error {
	failures := make([]error, len(calls))
	wire := make([]wireCall, len(calls))
	for i, call := range calls {
		payload, err := json.Marshal(call.Payload)
		if err != nil {
			return fill(failures, fmt.Errorf("%s: encode payload: %w", call.Method, err))
		}
		wire[i] = wireCall{Method: call.Method, Library: call.Library, Payload: payload, Key: call.Key}
	}
	input, err := json.Marshal(wire)
	if err != nil {
		return fill(failures, fmt.Errorf("encode calls: %w", err))
	}
	var answers []json.RawMessage
	if err := answer("call many", j.host.CallMany(input), &answers); err != nil {
		return fill(failures, err)
	}
	if len(answers) != len(calls) {
		return fill(failures, fmt.Errorf("call many: %d answers to %d calls", len(answers), len(calls)))
	}
	for i, call := range calls {
		failures[i] = answer(call.Method, answers[i], call.Out)
	}
	return failures
}

type wireCall struct {
	Method  string          `json:"method"`
	Library string          `json:"library_id,omitempty"`
	Payload json.RawMessage `json:"payload"`
	Key     string          `json:"key,omitempty"`
}

func fill(failures []error, err error) []error {
	for i := range failures {
		failures[i] = err
	}
	return failures
}

// answer decodes what the host wrote: an object with a top-level "error" is a refusal, anything else the operation's output.
func answer(method string, data []byte, out any) error {
	if data == nil {
		return fmt.Errorf("%s: %w", method, &Error{Code: Internal, Message: "the host could not write an answer"})
	}
	if refusal := refused(data); refusal != nil {
		return fmt.Errorf("%s: %w", method, refusal)
	}
	if out == nil {
		return nil
	}
	var err error
	if file, ok := out.(interface{ data() *[]byte }); ok {
		err = decodeFile(data, out, file.data())
	} else {
		err = json.Unmarshal(data, out)
	}
	if err != nil {
		return fmt.Errorf("%s: decode answer: %w", method, err)
	}
	return nil
}

// decodeFile decodes an answer whose field `data` goes to content.
func decodeFile(data []byte, out any, content *[]byte) error {
	decoded, ok, err := decodeBinary(data, out, "data")
	if ok {
		*content = decoded
	}
	return err
}

func refused(data []byte) error {
	// Decoding a large answer twice is worth avoiding, and most never contain the word.
	data = bytes.TrimLeft(data, " \t\r\n")
	if len(data) == 0 || data[0] != '{' || !bytes.Contains(data, []byte(`"error"`)) {
		return nil
	}
	var wire struct {
		Error        *string `json:"error"`
		Code         Code    `json:"code"`
		RetryAfterMS int64   `json:"retry_after_ms"`
	}
	var shape *json.UnmarshalTypeError
	if err := json.Unmarshal(data, &wire); (err != nil && !errors.As(err, &shape)) || wire.Error == nil {
		return nil
	}
	if wire.Code == "" {
		wire.Code = Internal
	}
	return &Error{Code: wire.Code, Message: *wire.Error, RetryAfter: time.Duration(wire.RetryAfterMS) * time.Millisecond}
}
