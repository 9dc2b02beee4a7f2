package operations

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/schema"
)

// Decode reads the request of an API endpoint. An operation's input is held to its schema as well.
//
// # Errors
//
// invalid_argument, with the place where the input does not fit.
func Decode[In any](payload []byte) (in In, err error) {
	if len(payload) == 0 {
		payload = []byte("null")
	}
	if !utf8.Valid(payload) {
		return in, bus.Errorf(bus.InvalidArgument, "input is not UTF-8 (byte %d); bytes travel as base64", invalidByte(payload))
	}
	if err := json.Unmarshal(payload, &in); err != nil {
		return in, decodeError(err)
	}
	return in, nil
}

// reader reads the input of an operation, which must fit a schema.
func reader[In any](in *schema.Schema) func([]byte) (In, error) {
	return func(payload []byte) (In, error) {
		if len(payload) == 0 {
			payload = []byte("null")
		}
		if !utf8.Valid(payload) {
			return Decode[In](payload)
		}
		if err := in.Check(payload); err != nil {
			var none In
			if wrong, ok := errors.AsType[*schema.Error](err); ok {
				return none, bus.Errorf(bus.InvalidArgument, "%s", wrong.Error())
			}
			return none, err
		}
		return Decode[In](payload)
	}
}

func decodeError(err error) *bus.Error {
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	var corrupt base64.CorruptInputError
	var known *bus.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &syntax):
		return bus.Errorf(bus.InvalidArgument, "input is not JSON: %v (byte %d)", syntax, syntax.Offset)
	case errors.As(err, &wrong) && wrong.Field == "":
		return bus.Errorf(bus.InvalidArgument, "input: want %s, got %s (byte %d)", jsonType(wrong), wrong.Value, wrong.Offset)
	case errors.As(err, &wrong):
		return bus.Errorf(bus.InvalidArgument, "input /%s: want %s, got %s (byte %d)",
			strings.ReplaceAll(wrong.Field, ".", "/"), jsonType(wrong), wrong.Value, wrong.Offset)
	case errors.As(err, &corrupt):
		return bus.Errorf(bus.InvalidArgument,
			"input: bytes are not base64 (standard alphabet, padded): wrong at character %d", int64(corrupt))
	default:
		return bus.Errorf(bus.InvalidArgument, "input: %v", err)
	}
}

// jsonType is the word of JSON for a type of Go.
func jsonType(wrong *json.UnmarshalTypeError) string {
	switch kind := wrong.Type.Kind().String(); kind {
	case "string":
		return "a string"
	case "bool":
		return "true or false"
	case "float32", "float64":
		return "a number"
	case "slice":
		if wrong.Type.Elem().Kind().String() == "uint8" {
			return "base64 in a string"
		}
		return "an array"
	case "array":
		return "an array"
	case "struct", "map":
		return "an object"
	default:
		return "a whole number in its range"
	}
}

// encode writes an operation's output, which must not be larger than an answer can be.
func encode(call *bus.Call, out any) (json.RawMessage, error) {
	if _, nothing := out.(struct{}); nothing {
		return json.RawMessage("null"), nil
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(out); err != nil {
		return nil, fmt.Errorf("encode output of %s: %w", call.Method(), err)
	}
	answer := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if len(answer) > bus.MaxCall {
		return nil, bus.Errorf(bus.ResourceExhausted, "output of %s is %d bytes, at most %d are possible; ask for less",
			call.Method(), len(answer), bus.MaxCall)
	}
	return answer, nil
}

// invalidByte is where text stops to be UTF-8.
func invalidByte(text []byte) int {
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return len(text)
}
