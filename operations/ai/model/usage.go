package model

import "math"

// Usage is what an answer took.
type Usage struct {
	InputTokens  int64 `json:"input_tokens" jsonschema:"tokens that the model read"`
	OutputTokens int64 `json:"output_tokens" jsonschema:"tokens that the model wrote"`
	// Estimated tells that the server did not say, and the numbers are made of lengths.
	Estimated bool `json:"estimated,omitempty" jsonschema:"true if the server did not tell, and the numbers are made of the lengths of texts"`
}

// Total is what counts against a budget.
func (u Usage) Total() int64 { return u.InputTokens + u.OutputTokens }

func (u Usage) plus(v Usage) Usage {
	return Usage{u.InputTokens + v.InputTokens, u.OutputTokens + v.OutputTokens, u.Estimated || v.Estimated}
}

const (
	// maxTokens bounds what a server may say that one answer took: it is beyond any, and far from what cannot be added up.
	maxTokens = 10_000_000
	// tokenBytes is how long a token is about, in English.
	tokenBytes = 4
)

// usageOf is what a server says, or what the lengths of what was sent and received come to when it says nothing, or nonsense.
func usageOf(input, output int64, sent, received int) Usage {
	if input > 0 && output >= 0 && input <= maxTokens && output <= maxTokens {
		return Usage{InputTokens: input, OutputTokens: output}
	}
	estimate := func(n int) int64 { return int64(math.Ceil(float64(n) / tokenBytes)) }
	return Usage{estimate(sent), estimate(received), true}
}
