package ai_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/ai"
	"github.com/airlock-run/airlock/operations/ai/model"
	"github.com/airlock-run/airlock/operations/ai/model/modeltest"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

// modelDomain is the domain with nothing but a model, whose server answers with answers.
func modelDomain(t *testing.T, answers ...modeltest.Answer) operationstest.Domain {
	t.Helper()
	client, err := model.New(model.Config{URL: modeltest.Start(t, answers...).URL, Model: "writer", EmbedModel: "embedder"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return func(testing.TB, *bus.Conn, *store.DB) []operations.Operation {
		return ai.Operations(ai.Parts{Model: client, ModelClassifies: true})
	}
}

func TestModelOperations(t *testing.T) {
	t.Parallel()
	usage := map[string]any{"input_tokens": 20.0, "output_tokens": 7.0}
	for method, test := range map[string]struct {
		input  string
		answer modeltest.Answer
		want   map[string]any
		bad    map[string]any
	}{
		"query:ai.complete": {
			`{"prompt": "Name a colour."}`, modeltest.Text("Blue."),
			map[string]any{"text": "Blue.", "finish": "stop", "model": "writer", "usage": usage},
			map[string]any{
				"an empty prompt": `{"prompt": ""}`, "too long an answer": `{"prompt": "x", "max_tokens": 40000}`, "too hot": `{"prompt": "x", "temperature": 3}`,
			},
		},
		"query:ai.extract": {
			`{"text": "Total: 12.50 EUR", "schema": {"type": "object", "required": ["total"]}}`, modeltest.Text(`{"total": 12.5}`),
			map[string]any{"data": map[string]any{"total": 12.5}, "model": "writer", "usage": usage},
			map[string]any{"no schema": `{"text": "x"}`, "a schema without end": `{"text": "x", "schema": {"items": {"$ref": "#"}}}`},
		},
		"query:ai.embed": {
			`{"texts": ["espresso"]}`, modeltest.Vectors(2),
			map[string]any{"vectors": []any{[]any{0.0, 0.0}}, "dimensions": 2.0, "model": "embedder", "usage": map[string]any{"input_tokens": 9.0, "output_tokens": 0.0}},
			map[string]any{"no text": `{"texts": []}`, "an empty text": `{"texts": [""]}`},
		},
		"query:ai.classify_text": {
			`{"text": "Guest folio", "labels": [{"name": "dining"}, {"name": "lodging"}]}`, modeltest.Text(`{"1": 20, "2": 60}`),
			map[string]any{
				"label": "lodging", "confidence": 0.75, "model": "writer", "usage": usage,
				"scores": []any{map[string]any{"label": "lodging", "score": 0.75}, map[string]any{"label": "dining", "score": 0.25}},
			},
			map[string]any{"one label": `{"text": "x", "labels": [{"name": "a"}]}`},
		},
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			operationstest.Exercise(t, modelDomain(t, test.answer), operationstest.Example{
				Method: method, Bad: test.bad,
				Input: func(tb testing.TB, h *operationstest.Harness) any {
					tb.Helper()
					var got map[string]any
					h.OK(tb, method, test.input, &got)
					if diff := cmp.Diff(test.want, got); diff != "" {
						tb.Error(diff)
					}
					return test.input
				},
			})
		})
	}
}

// TestTokens checks that a reply says what it took, also one that refuses.
func TestTokens(t *testing.T) {
	t.Parallel()
	call := func(t *testing.T, domain operationstest.Domain) (int64, error) {
		t.Helper()
		h := operationstest.New(t, storetest.SQLite(t), domain)
		call := h.NewCall(t, "query:ai.extract", `{"text": "Total: 12.50 EUR", "schema": {"type": "object"}}`)
		_, err := h.Conn.Call(t.Context(), call)
		return call.Tokens, err
	}
	t.Run("ok", func(t *testing.T) {
		t.Parallel()
		if n, err := call(t, modelDomain(t, modeltest.Text(`{}`))); n != 27 || err != nil {
			t.Errorf("%d tokens, %v", n, err)
		}
	})
	t.Run("ok at the second try", func(t *testing.T) {
		t.Parallel()
		if n, err := call(t, modelDomain(t, modeltest.Text(`no`), modeltest.Text(`{}`))); n != 54 || err != nil {
			t.Errorf("%d tokens, %v", n, err)
		}
	})
	t.Run("failed_precondition, twice asked", func(t *testing.T) {
		t.Parallel()
		if n, err := call(t, modelDomain(t, modeltest.Text(`no`))); n != 54 || bus.CodeOf(err) != bus.FailedPrecondition {
			t.Errorf("%d tokens, %v", n, err)
		}
	})
	t.Run("resource_exhausted, which costs nothing", func(t *testing.T) {
		t.Parallel()
		n, err := call(t, modelDomain(t, modeltest.Refuse(http.StatusTooManyRequests, "", "", "", "Retry-After", "2")))
		if n != 0 || bus.CodeOf(err) != bus.ResourceExhausted || bus.AsError(err).RetryAfter.Seconds() != 2 {
			t.Errorf("%d tokens, %v", n, err)
		}
	})
	t.Run("failed_precondition without a server", func(t *testing.T) {
		t.Parallel()
		none, err := model.New(model.Config{})
		if err != nil {
			t.Fatal(err)
		}
		n, err := call(t, func(testing.TB, *bus.Conn, *store.DB) []operations.Operation {
			return ai.Operations(ai.Parts{Model: none})
		})
		if n != 0 || bus.CodeOf(err) != bus.FailedPrecondition || !strings.Contains(err.Error(), "--ai-url") {
			t.Errorf("%d tokens, %v", n, err)
		}
	})
}
