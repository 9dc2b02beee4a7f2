package airlock_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	airlock "github.com/airlock-run/airlock/sdk/go"
	"github.com/airlock-run/airlock/sdk/go/airlocktest"
)

func inspectModel(job *airlock.JobContext) error {
	ai := job.AI()
	if _, err := ai.Embed("a"); airlock.ErrorCode(err) != airlock.FailedPrecondition {
		return fmt.Errorf("embed without a model: %w", err)
	}
	written, err := ai.Complete("Name a colour.", airlock.CompleteOptions{MaxTokens: 5})
	if err != nil || written.Text != "Name a colour. Blue." || written.Finish != "stop" {
		return fmt.Errorf("completion %+v: %w", written, err)
	}
	var found struct{ Total float64 }
	usage, err := ai.Extract("Total 5", json.RawMessage(`{"type":"object"}`), airlock.ExtractOptions{Instructions: "EUR"}, &found)
	if err != nil || found.Total != 5 || usage.InputTokens != 1 {
		return fmt.Errorf("extracted %+v, %+v: %w", found, usage, err)
	}
	return nil
}

func TestModel(t *testing.T) {
	t.Parallel()
	host := airlocktest.New(t)
	host.Completes(func(prompt string) string { return prompt + " Blue." })
	host.Extracts(map[string]any{"total": 5})
	mustInspect(t, host, "model")
	want := []airlocktest.Call{
		{Method: "query:ai.embed", Payload: json.RawMessage(`{"texts":["a"]}`)},
		{Method: "query:ai.complete", Payload: json.RawMessage(`{"prompt":"Name a colour.","max_tokens":5}`)},
		{Method: "query:ai.extract", Payload: json.RawMessage(`{"text":"Total 5","schema":{"type":"object"},"instructions":"EUR"}`)},
	}
	if diff := cmp.Diff(want, host.Calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}
