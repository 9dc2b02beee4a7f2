package model

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/shared"

	"github.com/airlock-run/airlock/bus"
)

// question is what a model is asked.
type question struct {
	system string
	// turns are what the two have said, the user first and last.
	turns []string
	// schema is what the answer shall fit; nil for free text.
	schema      json.RawMessage
	maxTokens   int
	temperature *float64
}

// reply is what a model answered.
type reply struct {
	text string
	// cut tells that the answer was longer than it might be.
	cut   bool
	usage Usage
}

// ask asks the model once, and again only where the server does not know a parameter. Usage of the reply is right with an error, too.
func (c *Client) ask(ctx context.Context, q question) (reply, error) {
	params, sent := c.params(q)
	for {
		answer, err := c.chat.New(ctx, params)
		if err != nil {
			if giveWay(&params, err) {
				continue
			}
			return reply{}, c.failed(ctx, err)
		}
		got := reply{usage: usageOf(answer.Usage.PromptTokens, answer.Usage.CompletionTokens, sent, len(answer.RawJSON()))}
		if len(answer.Choices) == 0 {
			return got, bus.Errorf(bus.Unavailable, "the model server answered without an answer of the model")
		}
		choice := answer.Choices[0]
		if choice.Message.Refusal != "" || choice.FinishReason == "content_filter" {
			return got, bus.Errorf(bus.FailedPrecondition, "the model refuses to answer this")
		}
		got.text, got.cut = choice.Message.Content, choice.FinishReason == "length"
		return got, nil
	}
}

// params also returns how many bytes the model is given to read.
func (c *Client) params(q question) (openai.ChatCompletionNewParams, int) {
	p := openai.ChatCompletionNewParams{Model: c.config.Model, MaxTokens: param.NewOpt(int64(q.maxTokens))}
	sent := len(q.system)
	if q.system != "" {
		p.Messages = append(p.Messages, openai.SystemMessage(q.system))
	}
	for i, turn := range q.turns {
		sent += len(turn)
		if i%2 == 0 {
			p.Messages = append(p.Messages, openai.UserMessage(turn))
		} else {
			p.Messages = append(p.Messages, openai.AssistantMessage(turn))
		}
	}
	if q.temperature != nil {
		p.Temperature = param.NewOpt(*q.temperature)
	}
	if q.schema != nil {
		p.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{
			JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{Name: "answer", Schema: q.schema},
		}
	}
	return p, sent
}

// giveWay changes what the server has refused because it does not know it, each thing once. It tells whether there was any.
func giveWay(p *openai.ChatCompletionNewParams, err error) bool {
	var refusal *openai.Error
	if !errors.As(err, &refusal) || refusal.StatusCode != http.StatusBadRequest && refusal.StatusCode != http.StatusUnprocessableEntity {
		return false
	}
	switch {
	case refusal.Code == "context_length_exceeded":
		return false
	case refusal.Param == "max_tokens" && p.MaxTokens.Valid(): // models that think know it by another name
		p.MaxCompletionTokens, p.MaxTokens = p.MaxTokens, param.Opt[int64]{}
	case refusal.Param == "temperature" && p.Temperature.Valid(): // models that think have one of their own
		p.Temperature = param.Opt[float64]{}
	case p.ResponseFormat.OfJSONSchema != nil: // it cannot hold a model to this schema, or to any
		p.ResponseFormat.OfJSONSchema = nil
	default:
		return false
	}
	return true
}
