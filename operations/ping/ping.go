// Package ping is the operation test.ping. It answers with what it was asked and who asked, so the author of an extension
// sees a call arrive, and an operator that the whole way works.
package ping

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
)

type pong struct {
	Pong      json.RawMessage `json:"pong" jsonschema:"the input"`
	Extension string          `json:"extension" jsonschema:"who calls"`
	LibraryID uuid.UUID       `json:"library_id" jsonschema:"for which library"`
	JobID     uuid.UUID       `json:"job_id" jsonschema:"in which job; the nil UUID for a person"`
	Attempt   uint64          `json:"attempt" jsonschema:"attempt token of the job; 0 for a person"`
}

// Operations returns the operations of this domain.
func Operations() []operations.Operation {
	return []operations.Operation{
		operations.Query("test.ping", ping, operations.Describe("answers with its input and who calls")),
	}
}

func ping(_ context.Context, call *bus.Call, in json.RawMessage) (pong, error) {
	return pong{Pong: in, Extension: call.Extension, LibraryID: call.Library, JobID: call.Job, Attempt: call.Attempt}, nil
}
