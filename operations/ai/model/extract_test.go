package model_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/ai/classify"
	"github.com/airlock-run/airlock/operations/ai/model"
	"github.com/airlock-run/airlock/operations/ai/model/modeltest"
)

const wanted = `{"type": "object", "properties": {"total": {"type": "number"}, "date": {"type": "string", "format": "date"}}, "required": ["total"]}`

func TestExtract(t *testing.T) {
	t.Parallel()
	once, twice := model.Usage{InputTokens: 20, OutputTokens: 7}, model.Usage{InputTokens: 40, OutputTokens: 14}
	refused := modeltest.Refuse(http.StatusBadRequest, "no grammar for this", "", "response_format")
	for name, test := range map[string]struct {
		answers []modeltest.Answer
		data    string
		usage   model.Usage
		code    bus.Code
		part    string
		asked   int
	}{
		"ok":                                  {[]modeltest.Answer{modeltest.Text(`{"total": 12.5}`)}, `{"total": 12.5}`, once, "", "", 1},
		"ok in a fence":                       {[]modeltest.Answer{modeltest.Text("```json\n{\"total\": 1}\n```\n")}, `{"total": 1}`, once, "", "", 1},
		"ok at the second try":                {[]modeltest.Answer{modeltest.Text(`{"total": "12.5"}`), modeltest.Text(`{"total": 12.5}`)}, `{"total": 12.5}`, twice, "", "", 2},
		"ok in words only":                    {[]modeltest.Answer{refused, modeltest.Text(`{"total": 1}`)}, `{"total": 1}`, once, "", "", 2},
		"no JSON, twice":                      {[]modeltest.Answer{modeltest.Text(`Sure! The total is 12.50.`)}, "", twice, bus.FailedPrecondition, "answer is not JSON", 2},
		"a misfit, twice":                     {[]modeltest.Answer{modeltest.Text(`{"total": 1, "date": "soon"}`)}, "", twice, bus.FailedPrecondition, `/date: want what JSON Schema calls "date"`, 2},
		"a field twice, twice":                {[]modeltest.Answer{modeltest.Text(`{"total": 1, "total": 2}`)}, "", twice, bus.FailedPrecondition, "there twice", 2},
		"cut":                                 {[]modeltest.Answer{modeltest.Cut(`{"total": 1`)}, "", once, bus.InvalidArgument, "raise max_tokens", 1},
		"full at the second try, which costs": {[]modeltest.Answer{modeltest.Text(`no`), modeltest.Refuse(http.StatusTooManyRequests, "", "", "")}, "", once, bus.ResourceExhausted, "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := modeltest.Start(t, test.answers...)
			client, _ := connect(t, server)
			got, err := client.Extract(soon(t), model.Request{Text: "Total: 12.50", Schema: []byte(wanted), Instructions: "EUR"})
			if test.code != "" {
				wantError(t, err, test.code, test.part)
			} else if err != nil || string(got.Data) != test.data || got.Model != "writer" {
				t.Errorf("got %s of %s, %v", got.Data, got.Model, err)
			}
			if diff := cmp.Diff(test.usage, got.Usage); diff != "" {
				t.Error(diff)
			}
			if n := len(server.Requests()); n != test.asked {
				t.Errorf("asked %d times, want %d", n, test.asked)
			}
		})
	}
	t.Run("the model is told what was wrong", func(t *testing.T) {
		t.Parallel()
		server := modeltest.Start(t, modeltest.Text(`{"total": "a lot"}`), modeltest.Text(`{"total": 1}`))
		client, _ := connect(t, server)
		if _, err := client.Extract(soon(t), model.Request{Text: "Total: 12.50", Schema: []byte(wanted)}); err != nil {
			t.Fatal(err)
		}
		turns, _ := server.Requests()[1].Body["messages"].([]any)
		if len(turns) != 4 {
			t.Fatalf("there are %d turns: %v", len(turns), turns)
		}
		last, _ := turns[3].(map[string]any)
		if content, _ := last["content"].(string); last["role"] != "user" || !strings.Contains(content, "answer /total: want a number, got text") {
			t.Errorf("it was told %v", last)
		}
	})
}

func TestExtractRefuses(t *testing.T) {
	t.Parallel()
	client, _ := connect(t, modeltest.Start(t, modeltest.Text("never")))
	for name, test := range map[string]struct {
		request model.Request
		part    string
	}{
		"no text":                 {model.Request{Schema: []byte(wanted)}, "text is empty"},
		"no schema":               {model.Request{Text: "x"}, "schema: "},
		"a schema that is text":   {model.Request{Text: "x", Schema: []byte(`"number"`)}, "schema: want a JSON Schema"},
		"a schema that is none":   {model.Request{Text: "x", Schema: []byte(`{"type": "nombre"}`)}, "schema: no JSON Schema"},
		"a schema without end":    {model.Request{Text: "x", Schema: []byte(`{"properties": {"a": {"$ref": "#"}}}`)}, "schema: $ref is not possible"},
		"a schema from elsewhere": {model.Request{Text: "x", Schema: []byte(`{"$schema": "file:///etc/passwd"}`)}, "schema: no JSON Schema"},
		"a schema that is long":   {model.Request{Text: "x", Schema: []byte(`{"title": "` + strings.Repeat("x", 64<<10) + `"}`)}, "schema: it has"},
		"too long an answer":      {model.Request{Text: "x", Schema: []byte(wanted), MaxTokens: 99_999}, "max_tokens"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := client.Extract(soon(t), test.request)
			wantError(t, err, bus.InvalidArgument, test.part)
		})
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	labels := []classify.Label{{Name: "$ref", Description: "restaurants"}, {Name: "lodging", Examples: []string{"king room"}}}
	classified := func(label string, first, second float64, order ...string) classify.Classification {
		return classify.Classification{Label: label, Confidence: first, Model: "writer", Scores: []classify.Score{{Label: order[0], Score: first}, {Label: order[1], Score: second}}}
	}
	for name, test := range map[string]struct {
		answer string
		want   classify.Classification
	}{
		"best first, sum 1":   {`{"1": 10, "2": 30}`, classified("lodging", 0.75, 0.25, "lodging", "$ref")},
		"nothing says a word": {`{"1": 0, "2": 0}`, classified("$ref", 0.5, 0.5, "$ref", "lodging")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := modeltest.Start(t, modeltest.Text(test.answer))
			client, _ := connect(t, server)
			got, usage, err := client.Classify(soon(t), "Guest folio", labels)
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil || usage.Total() != 27 {
				t.Errorf("got %v, %v\n%s", usage, err, diff)
			}
		})
	}
	t.Run("scores that are none", func(t *testing.T) {
		t.Parallel()
		client, _ := connect(t, modeltest.Start(t, modeltest.Text(`{"1": 10}`)))
		_, usage, err := client.Classify(soon(t), "Guest folio", labels)
		wantError(t, err, bus.FailedPrecondition, "missing: 2")
		if usage.Total() != 54 {
			t.Errorf("usage is %v", usage)
		}
	})
	t.Run("one label", func(t *testing.T) {
		t.Parallel()
		client, _ := connect(t, modeltest.Start(t, modeltest.Text("never")))
		_, _, err := client.Classify(soon(t), "x", labels[:1])
		wantError(t, err, bus.InvalidArgument, "1 labels")
	})
}
