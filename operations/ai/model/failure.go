package model

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/openai/openai-go/v3"

	"github.com/airlock-run/airlock/bus"
)

const (
	// defaultRetry is when to come again to a server that is full and does not say.
	defaultRetry = 5 * time.Second
	maxRetry     = time.Hour
	maxLogged    = 500
)

// failed makes of a failure to ask what the caller may know of it, and tells the log the rest.
func (c *Client) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("ask the model server: %w", ctx.Err())
	}
	var refusal *openai.Error
	if !errors.As(err, &refusal) {
		c.config.Logger.WarnContext(ctx, "model server does not answer", "error", c.loggable(err.Error()))
		switch {
		case errors.Is(err, errRedirect):
			return bus.Errorf(bus.FailedPrecondition, "the model server redirects, which is not followed: its operator sets AIRLOCK_AI_URL to where it leads")
		case errors.Is(err, errTooLarge):
			return bus.Errorf(bus.Unavailable, "the model server answered with more than %d bytes", c.config.MaxAnswer)
		case errors.Is(err, errNotJSON):
			return bus.Errorf(bus.Unavailable, "the model server answered with what is not JSON; its operator checks AIRLOCK_AI_URL")
		default:
			return bus.Errorf(bus.Unavailable, "the model server does not answer; try again later")
		}
	}
	c.config.Logger.WarnContext(ctx, "model server refuses", "status", refusal.StatusCode, "error", c.loggable(c.words(refusal)))
	return refused(refusal)
}

// refused is the error for a status.
func refused(refusal *openai.Error) *bus.Error {
	switch status := refusal.StatusCode; {
	case status == http.StatusTooManyRequests:
		e := bus.Errorf(bus.ResourceExhausted, "the model server takes no more for now; try again later")
		e.RetryAfter = cmp.Or(retryAfter(refusal.Response), defaultRetry)
		return e
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return bus.Errorf(bus.FailedPrecondition, "the model server does not take the key of this service: its operator sets AIRLOCK_AI_KEY, or a file or command that has it")
	case status == http.StatusNotFound:
		return bus.Errorf(bus.FailedPrecondition, "the model server does not know the model, or is not at this URL: its operator checks AIRLOCK_AI_URL and the names of models")
	case refusal.Code == "context_length_exceeded", status == http.StatusRequestEntityTooLarge:
		return bus.Errorf(bus.InvalidArgument, "the text is longer than the model can read; send less")
	case status < http.StatusInternalServerError:
		return bus.Errorf(bus.InvalidArgument, "the model server refuses the request with status %d; send less, or leave options out; the service's log has its words", status)
	default:
		e := bus.Errorf(bus.Unavailable, "the model server answered with status %d; try again later", status)
		e.RetryAfter = retryAfter(refusal.Response)
		return e
	}
}

// words is what a server says of a refusal. Of a refused key it says parts.
func (c *Client) words(refusal *openai.Error) string {
	if refusal.StatusCode == http.StatusUnauthorized || refusal.StatusCode == http.StatusForbidden {
		return refusal.Type + " " + refusal.Code
	}
	return cmp.Or(refusal.Message, refusal.Error())
}

// loggable is text of a server without the key, and short.
func (c *Client) loggable(text string) string {
	if c.config.Key != "" {
		text = strings.ReplaceAll(text, c.config.Key, "(key)")
	}
	return brief(text, maxLogged)
}

// brief cuts text to about n bytes.
func brief(text string, n int) string {
	text = strings.ToValidUTF8(text, "�")
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "") + "…"
}

// retryAfter is when a server wants to be asked again; 0 when it does not say.
func retryAfter(response *http.Response) time.Duration {
	if response == nil {
		return 0
	}
	text := response.Header.Get("Retry-After")
	wait := time.Duration(0)
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		wait = time.Duration(min(max(seconds, 0), maxRetry.Seconds()) * float64(time.Second)) // NaN becomes 0 below
	} else if at, err := http.ParseTime(text); err == nil {
		wait = time.Until(at)
	}
	return min(max(wait, 0), maxRetry)
}
