package model

import (
	"context"
	"math"
	"slices"
	"strings"

	"github.com/openai/openai-go/v3"

	"github.com/airlock-run/airlock/bus"
)

const (
	// MaxTexts is how many texts Embed takes at once.
	MaxTexts = 256
	// maxDimensions is beyond what models have.
	maxDimensions = 16_384
)

// Embedding is what Embed answers.
type Embedding struct {
	// Vectors are those of the texts, in their order, all of Dimensions numbers.
	Vectors    [][]float64 `json:"vectors" jsonschema:"a vector for each text, in their order"`
	Dimensions int         `json:"dimensions" jsonschema:"how many numbers a vector has"`
	Model      string      `json:"model" jsonschema:"which model; vectors of different models cannot be compared"`
	Usage      Usage       `json:"usage" jsonschema:"tokens it took"`
}

// Embed asks for a vector for each text, which are near each other where texts mean the like. Usage is right with an error, too.
//
// # Errors
//
// Those of Complete; bus.InvalidArgument for no text, too many, and empty ones; bus.Unavailable for an answer that has not one vector, of the
// same length, for each text.
func (c *Client) Embed(ctx context.Context, texts []string) (Embedding, error) {
	if err := c.embeds(); err != nil {
		return Embedding{}, err
	}
	size, err := checkTexts(texts)
	if err != nil {
		return Embedding{}, err
	}
	answer, err := c.embeddings.New(ctx, openai.EmbeddingNewParams{
		Model:          c.config.EmbedModel,
		Input:          openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: texts},
		EncodingFormat: openai.EmbeddingNewParamsEncodingFormatFloat,
	})
	if err != nil {
		return Embedding{}, c.failed(ctx, err)
	}
	e := Embedding{Model: c.config.EmbedModel, Usage: usageOf(answer.Usage.PromptTokens, 0, size, 0)}
	if e.Vectors, err = vectors(answer.Data, len(texts)); err != nil {
		return e, err
	}
	e.Dimensions = len(e.Vectors[0])
	return e, nil
}

func checkTexts(texts []string) (size int, err error) {
	if len(texts) == 0 || len(texts) > MaxTexts {
		return 0, bus.Errorf(bus.InvalidArgument, "there are %d texts; send 1 to %d", len(texts), MaxTexts)
	}
	for i, text := range texts {
		if strings.TrimSpace(text) == "" {
			return 0, bus.Errorf(bus.InvalidArgument, "text %d is empty", i+1)
		}
		size += len(text)
	}
	if size > MaxText {
		return 0, bus.Errorf(bus.InvalidArgument, "the texts have %d bytes; send at most %d at once", size, MaxText)
	}
	return size, nil
}

// vectors puts what a server answered into the order of the texts.
func vectors(data []openai.Embedding, count int) ([][]float64, error) {
	if len(data) != count {
		return nil, bus.Errorf(bus.Unavailable, "the model server answered with %d vectors to %d texts", len(data), count)
	}
	ordered := make([][]float64, count)
	for _, v := range data {
		switch {
		case v.Index < 0 || v.Index >= int64(count) || ordered[v.Index] != nil:
			return nil, bus.Errorf(bus.Unavailable, "the model server does not say which vector is of which text")
		case len(v.Embedding) == 0 || len(v.Embedding) > maxDimensions || len(v.Embedding) != len(data[0].Embedding):
			return nil, bus.Errorf(bus.Unavailable, "the model server answered with vectors of no, too many or different numbers")
		case slices.ContainsFunc(v.Embedding, func(n float64) bool { return math.IsInf(n, 0) || math.IsNaN(n) }):
			return nil, bus.Errorf(bus.Unavailable, "the model server answered with a vector of numbers that are too large")
		}
		ordered[v.Index] = v.Embedding
	}
	return ordered, nil
}
