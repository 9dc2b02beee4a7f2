package model_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/ai/model"
	"github.com/airlock-run/airlock/operations/ai/model/modeltest"
)

func TestComplete(t *testing.T) {
	t.Parallel()
	server := modeltest.Start(t, modeltest.Text("Blue."), modeltest.Cut("Blue, because"))
	client, _ := connect(t, server)
	half := 0.5
	got, err := client.Complete(soon(t), model.Prompt{Prompt: "Name a colour.", System: "Be brief.", MaxTokens: 10, Temperature: &half})
	want := model.Completion{Text: "Blue.", Finish: "stop", Model: "writer", Usage: model.Usage{InputTokens: 20, OutputTokens: 7}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("got %v\n%s", err, diff)
	}
	if got, err = client.Complete(soon(t), model.Prompt{Prompt: "Why?"}); err != nil || got.Finish != "length" || got.Text != "Blue, because" {
		t.Errorf("cut: %+v, %v", got, err)
	}
	turn := func(role, content string) any { return map[string]any{"role": role, "content": content} }
	wantRequests := []modeltest.Request{
		{Path: "/v1/chat/completions", Authorization: "Bearer " + key, Body: map[string]any{
			"model": "writer", "max_tokens": 10.0, "temperature": 0.5, "messages": []any{turn("system", "Be brief."), turn("user", "Name a colour.")},
		}},
		{Path: "/v1/chat/completions", Authorization: "Bearer " + key, Body: map[string]any{
			"model": "writer", "max_tokens": 1024.0, "messages": []any{turn("user", "Why?")},
		}},
	}
	if diff := cmp.Diff(wantRequests, server.Requests()); diff != "" {
		t.Error(diff)
	}
}

func TestCompleteRefuses(t *testing.T) {
	t.Parallel()
	server := modeltest.Start(t, modeltest.Text("never"))
	client, _ := connect(t, server)
	hot := 2.5
	for name, test := range map[string]struct {
		prompt model.Prompt
		part   string
	}{
		"nothing to ask":      {model.Prompt{Prompt: " \n"}, "prompt is empty"},
		"too much to ask":     {model.Prompt{Prompt: strings.Repeat("x", model.MaxText), System: "y"}, "send at most 1048576"},
		"too long an answer":  {model.Prompt{Prompt: "x", MaxTokens: 40_000}, "between 1 and 32768"},
		"a negative length":   {model.Prompt{Prompt: "x", MaxTokens: -1}, "between 1 and 32768"},
		"too much of a fever": {model.Prompt{Prompt: "x", Temperature: &hot}, "between 0 and 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := client.Complete(soon(t), test.prompt)
			wantError(t, err, bus.InvalidArgument, test.part)
		})
	}
	t.Cleanup(func() {
		if got := server.Requests(); len(got) != 0 {
			t.Errorf("the server was asked: %v", got)
		}
	})
}

// TestServerMisbehaves checks that whatever a server does is an error in time that says what to do, and that none shows the key.
func TestServerMisbehaves(t *testing.T) {
	t.Parallel()
	elsewhere := modeltest.Start(t, modeltest.Text("stolen"))
	for name, test := range map[string]struct {
		answer modeltest.Answer
		code   bus.Code
		part   string
		retry  time.Duration
	}{
		"full, and says for how long": {modeltest.Refuse(http.StatusTooManyRequests, "slow down", "", "", "Retry-After", "7"), bus.ResourceExhausted, "try again later", 7 * time.Second},
		"full, and does not say":      {modeltest.Refuse(http.StatusTooManyRequests, "slow down", "", ""), bus.ResourceExhausted, "try again later", 5 * time.Second},
		"full for ages":               {modeltest.Refuse(http.StatusTooManyRequests, "slow down", "", "", "Retry-After", "1e300"), bus.ResourceExhausted, "try again later", time.Hour},
		"full until no number":        {modeltest.Refuse(http.StatusTooManyRequests, "slow down", "", "", "Retry-After", "NaN"), bus.ResourceExhausted, "try again later", 5 * time.Second},
		"broken":                      {modeltest.Refuse(http.StatusInternalServerError, "out of memory", "", ""), bus.Unavailable, "status 500", 0},
		"overloaded":                  {modeltest.Refuse(http.StatusServiceUnavailable, "loading", "", "", "Retry-After", "3"), bus.Unavailable, "status 503", 3 * time.Second},
		"refuses the key":             {modeltest.Refuse(http.StatusUnauthorized, "wrong key "+key, "invalid_api_key", ""), bus.FailedPrecondition, "AIRLOCK_AI_KEY", 0},
		"tells the key":               {modeltest.Refuse(http.StatusInternalServerError, "wrong key "+key, "", ""), bus.Unavailable, "status 500", 0},
		"knows no such model":         {modeltest.Refuse(http.StatusNotFound, "no such model", "model_not_found", "model"), bus.FailedPrecondition, "names of models", 0},
		"cannot read so much":         {modeltest.Refuse(http.StatusBadRequest, "too long", "context_length_exceeded", "messages"), bus.InvalidArgument, "send less", 0},
		"refuses":                     {modeltest.Refuse(http.StatusBadRequest, "no", "", ""), bus.InvalidArgument, "status 400", 0},
		"redirects":                   {modeltest.Redirect(elsewhere.URL + "/chat/completions"), bus.FailedPrecondition, "redirects", 0},
		"answers a web page":          {modeltest.Raw("<html>"), bus.Unavailable, "not JSON", 0},
		"answers half of its JSON":    {modeltest.Raw(`{"choices": [{"message": {"content": "yes"}}]`), bus.Unavailable, "not JSON", 0},
		"answers other JSON":          {modeltest.Raw(`["yes"]`), bus.Unavailable, "", 0},
		"answers without an answer":   {modeltest.Raw(`{"choices": []}`), bus.Unavailable, "without an answer", 0},
		"answers nothing":             {modeltest.Raw(``), bus.Unavailable, "not JSON", 0},
		"answers without an end":      {modeltest.Endless(), bus.Unavailable, "more than 1048576 bytes", 0},
		"closes in an answer":         {modeltest.Broken(), bus.Unavailable, "does not answer", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := modeltest.Start(t, test.answer)
			client, logged := connect(t, server)
			_, err := client.Complete(soon(t), model.Prompt{Prompt: "x"})
			wantError(t, err, test.code, test.part)
			if got := bus.AsError(err).RetryAfter; got != test.retry {
				t.Errorf("come again after %v, want %v", got, test.retry)
			}
			if n := len(server.Requests()); n != 1 {
				t.Errorf("it was asked %d times", n)
			}
			if strings.Contains(logged.String(), key) {
				t.Errorf("the log shows the key: %s", logged)
			}
		})
	}
	t.Cleanup(func() {
		if got := elsewhere.Requests(); len(got) != 0 {
			t.Errorf("a redirect was followed: %v", got)
		}
	})
	t.Run("is not there", func(t *testing.T) {
		t.Parallel()
		client, _ := connect(t, &modeltest.Server{URL: "http://127.0.0.1:1/v1"})
		_, err := client.Complete(soon(t), model.Prompt{Prompt: "x"})
		wantError(t, err, bus.Unavailable, "does not answer")
	})
}

func TestServerHangs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end  func(context.Context) (context.Context, context.CancelFunc)
		want error
	}{
		"until the deadline": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 50*time.Millisecond)
		}, context.DeadlineExceeded},
		"until the caller leaves": {context.WithCancel, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begun := make(chan struct{}, 1)
			client, _ := connect(t, modeltest.Start(t, modeltest.Hang(begun)))
			ctx, cancel := test.end(soon(t))
			defer cancel()
			done := make(chan error, 1)
			go func() {
				_, err := client.Complete(ctx, model.Prompt{Prompt: "x"})
				done <- err
			}()
			<-begun
			if errors.Is(test.want, context.Canceled) {
				cancel()
			}
			if err := <-done; !errors.Is(err, test.want) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestGivesWay(t *testing.T) {
	t.Parallel()
	server := modeltest.Start(t,
		modeltest.Refuse(http.StatusBadRequest, "unsupported", "unsupported_parameter", "max_tokens"),
		modeltest.Refuse(http.StatusBadRequest, "unsupported", "unsupported_value", "temperature"),
		modeltest.Text("Blue."))
	client, _ := connect(t, server)
	cold := 0.0
	if got, err := client.Complete(soon(t), model.Prompt{Prompt: "x", MaxTokens: 5, Temperature: &cold}); err != nil || got.Text != "Blue." {
		t.Fatalf("got %+v, %v", got, err)
	}
	requests := server.Requests()
	last := requests[len(requests)-1].Body
	if len(requests) != 3 || last["max_completion_tokens"] != 5.0 || last["max_tokens"] != nil || last["temperature"] != nil {
		t.Errorf("the last of %d requests is %v", len(requests), last)
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	answer := func(usage string) modeltest.Answer {
		return modeltest.Raw(`{"choices": [{"finish_reason": "stop", "message": {"content": "12345678"}}]` + usage + `}`)
	}
	for name, test := range map[string]struct {
		usage string
		input int64
		rough bool
	}{
		"as the server says":     {`, "usage": {"prompt_tokens": 5, "completion_tokens": 6}`, 5, false},
		"nothing":                {``, 3, true},
		"less than nothing":      {`, "usage": {"prompt_tokens": 5, "completion_tokens": -6}`, 3, true},
		"more than anything":     {`, "usage": {"prompt_tokens": 9223372036854775807, "completion_tokens": 9223372036854775807}`, 3, true},
		"of numbers that are no": {`, "usage": {"prompt_tokens": "many"}`, 3, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := connect(t, modeltest.Start(t, answer(test.usage)))
			got, err := client.Complete(soon(t), model.Prompt{Prompt: "0123456789"})
			if err != nil || got.Usage.InputTokens != test.input || got.Usage.Estimated != test.rough || got.Usage.OutputTokens < 2 || got.Usage.OutputTokens > 100 {
				t.Errorf("got %+v, %v", got.Usage, err)
			}
		})
	}
}
