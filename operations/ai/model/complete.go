package model

import (
	"context"
	"strings"

	"github.com/airlock-run/airlock/bus"
)

// Bounds of a question.
const (
	// MaxText is how many bytes of text a model is given at once.
	MaxText = 1 << 20
	// MaxTokens is the most that may be asked for as an answer.
	MaxTokens = 32_768
	// DefaultTokens bounds the answer of who names no bound.
	DefaultTokens = 1024
)

// Prompt is what Complete asks.
type Prompt struct {
	Prompt string `json:"prompt" jsonschema:"what the model is asked, at most 1 MiB"`
	System string `json:"system,omitempty" jsonschema:"how the model shall answer"`
	// MaxTokens defaults to DefaultTokens.
	MaxTokens int `json:"max_tokens,omitempty" jsonschema:"how long the answer may be, in tokens; default 1024" schema:"min=0,max=32768,default=1024"`
	// Temperature defaults to the server's.
	Temperature *float64 `json:"temperature,omitempty" jsonschema:"how freely the model chooses its words, 0 to 2; default: as the server has it" schema:"min=0,max=2"`
}

// Completion is what Complete answers.
type Completion struct {
	Text string `json:"text" jsonschema:"what the model wrote"`
	// Finish is stop, or length for an answer that was cut at max_tokens.
	Finish string `json:"finish" jsonschema:"stop, or length if the answer was cut at max_tokens"`
	Model  string `json:"model" jsonschema:"which model"`
	Usage  Usage  `json:"usage" jsonschema:"tokens it took"`
}

// Complete asks the model for text. Usage is right with an error, too.
//
// # Errors
//
// bus.InvalidArgument for an empty or long prompt, options out of range, and what the model cannot read; bus.FailedPrecondition without a
// model, and for a server that does not take us; bus.ResourceExhausted, with when to come again, and bus.Unavailable for one that is full or
// broken; ctx's error.
func (c *Client) Complete(ctx context.Context, p Prompt) (Completion, error) {
	if err := c.writes(); err != nil {
		return Completion{}, err
	}
	if err := checkText("prompt", p.Prompt, len(p.System)); err != nil {
		return Completion{}, err
	}
	tokens, err := checkTokens(p.MaxTokens)
	if err != nil {
		return Completion{}, err
	}
	if p.Temperature != nil && !(*p.Temperature >= 0 && *p.Temperature <= 2) {
		return Completion{}, bus.Errorf(bus.InvalidArgument, "temperature is %v; it must be between 0 and 2", *p.Temperature)
	}
	got, err := c.ask(ctx, question{system: p.System, turns: []string{p.Prompt}, maxTokens: tokens, temperature: p.Temperature})
	finish := "stop"
	if got.cut {
		finish = "length"
	}
	return Completion{Text: got.text, Finish: finish, Model: c.config.Model, Usage: got.usage}, err
}

func checkText(name, text string, more int) error {
	switch {
	case strings.TrimSpace(text) == "":
		return bus.Errorf(bus.InvalidArgument, "%s is empty", name)
	case len(text)+more > MaxText:
		return bus.Errorf(bus.InvalidArgument, "%s has %d bytes with what goes with it; send at most %d", name, len(text)+more, MaxText)
	default:
		return nil
	}
}

// checkTokens returns the bound that holds.
func checkTokens(tokens int) (int, error) {
	switch {
	case tokens == 0:
		return DefaultTokens, nil
	case tokens < 0 || tokens > MaxTokens:
		return 0, bus.Errorf(bus.InvalidArgument, "max_tokens is %d; it must be between 1 and %d", tokens, MaxTokens)
	default:
		return tokens, nil
	}
}
