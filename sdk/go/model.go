package airlock

import (
	"encoding/json"
	"fmt"
)

// Usage is what a model's answer took of the budget of tokens.
type Usage struct {
	InputTokens  int64 `json:"input_tokens"`
	OutputTokens int64 `json:"output_tokens"`
	// Estimated tells that the model server did not say.
	Estimated bool `json:"estimated"`
}

// CompleteOptions tune [AI.Complete]. The zero value lets the host choose.
type CompleteOptions struct {
	// System says how the model shall answer.
	System string `json:"system,omitempty"`
	// MaxTokens bounds the answer. Zero means 1024.
	MaxTokens int `json:"max_tokens,omitempty"`
	// Temperature is how freely the model chooses its words, 0 to 2. Nil leaves it to the model server.
	Temperature *float64 `json:"temperature,omitempty"`
}

// Completion is what a model wrote.
type Completion struct {
	Text string `json:"text"`
	// Finish is "stop", or "length" for a text that was cut.
	Finish string `json:"finish"`
	Model  string `json:"model"`
	Usage  Usage  `json:"usage"`
}

// Complete has a model write text. It calls query:ai.complete.
//
// # Errors
//
// Those of [JobContext.Call]; [FailedPrecondition] where there is no model server.
func (a AI) Complete(prompt string, options CompleteOptions) (Completion, error) {
	input := struct {
		Prompt string `json:"prompt"`
		CompleteOptions
	}{prompt, options}
	var out Completion
	err := a.job.Call("query:ai.complete", "", input, &out)
	return out, err
}

// ExtractOptions tune [AI.Extract]. The zero value is right for small schemas.
type ExtractOptions struct {
	// Instructions say what to mind, beside the descriptions in the schema.
	Instructions string `json:"instructions,omitempty"`
	// MaxTokens bounds the answer. Zero means 1024.
	MaxTokens int `json:"max_tokens,omitempty"`
}

// Extract finds data in a text, as a JSON Schema without references wants it, and decodes it into out. It calls query:ai.extract.
//
// # Errors
//
// Those of [JobContext.Call]; [FailedPrecondition] where there is no model server, or its model does not answer with JSON of the schema;
// data that does not fit out.
func (a AI) Extract(text string, schema json.RawMessage, options ExtractOptions, out any) (Usage, error) {
	input := struct {
		Text   string          `json:"text"`
		Schema json.RawMessage `json:"schema"`
		ExtractOptions
	}{text, schema, options}
	var answer struct {
		Data  json.RawMessage `json:"data"`
		Usage Usage           `json:"usage"`
	}
	if err := a.job.Call("query:ai.extract", "", input, &answer); err != nil {
		return answer.Usage, err
	}
	if err := json.Unmarshal(answer.Data, out); err != nil {
		return answer.Usage, fmt.Errorf("query:ai.extract: decode data: %w", err)
	}
	return answer.Usage, nil
}

// Embedding is a vector for each of some texts, near each other where the texts mean the like.
type Embedding struct {
	Vectors    [][]float64 `json:"vectors"`
	Dimensions int         `json:"dimensions"`
	// Model is which: vectors of different models cannot be compared.
	Model string `json:"model"`
	Usage Usage  `json:"usage"`
}

// Embed makes vectors of 1 to 256 texts. It calls query:ai.embed.
//
// # Errors
//
// Those of [JobContext.Call]; [FailedPrecondition] where there is no model server.
func (a AI) Embed(texts ...string) (Embedding, error) {
	input := struct {
		Texts []string `json:"texts"`
	}{texts}
	var out Embedding
	err := a.job.Call("query:ai.embed", "", input, &out)
	return out, err
}
