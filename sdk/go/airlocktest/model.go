package airlocktest

import (
	"encoding/json"

	airlock "github.com/airlock-run/airlock/sdk/go"
)

// Extracts has query:ai.extract answer with data, whatever the text and the schema. Without it, and without Completes, a job meets a host
// that has no model server. The data is not held to the schema.
func (h *Host) Extracts(data any) {
	h.Handle("query:ai.extract", func(json.RawMessage) (any, error) {
		return map[string]any{"data": data, "model": model, "usage": usage}, nil
	})
}

// Completes has query:ai.complete answer with what write makes of a prompt.
func (h *Host) Completes(write func(prompt string) string) {
	h.Handle("query:ai.complete", func(input json.RawMessage) (any, error) {
		var in struct {
			Prompt string `json:"prompt"`
		}
		if err := decode(input, &in); err != nil {
			return nil, err
		}
		return map[string]any{"text": write(in.Prompt), "finish": "stop", "model": model, "usage": usage}, nil
	})
}

const model = "airlocktest"

var usage = airlock.Usage{InputTokens: 1, OutputTokens: 1}

// noModel is what a host without a model server answers.
func noModel(json.RawMessage) (any, error) {
	return nil, refusef(airlock.FailedPrecondition, "there is no model server; use Host.Completes, Host.Extracts or Host.Handle to have one")
}
