package operations_test

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

type input struct {
	Text    string `json:"text,omitempty"`
	Data    []byte `json:"data,omitempty"`
	Options struct {
		Pages int8           `json:"pages,omitempty"`
		Deep  map[string]any `json:"deep,omitempty"`
		On    bool           `json:"on,omitempty"`
		Parts []struct {
			Weight float64 `json:"weight"`
		} `json:"parts,omitempty"`
	} `json:"options,omitzero"`
}

func TestQueryInput(t *testing.T) {
	t.Parallel()
	h := operationstest.New(t, storetest.SQLite(t), func(testing.TB, *bus.Conn, *store.DB) []operations.Operation {
		return []operations.Operation{operations.Query("test.echo",
			func(_ context.Context, _ *bus.Call, in *input) (*input, error) { return in, nil })}
	})
	for name, tt := range map[string]struct{ payload, message string }{
		"broken":             {`{"text": "a", "b": ]}`, "input is not JSON: invalid character ']' after object value (expecting ',' or '}') (byte 19)"},
		"cut off":            {`{"text": "a"`, "input is not JSON: unexpected EOF (byte 12)"},
		"no object":          {`[]`, "input: want an object, got an array"},
		"number for text":    {`{"text": 5}`, "input /text: want text, got a number"},
		"text for number":    {`{"options": {"pages": "5"}}`, "input /options/pages: want a whole number, got text"},
		"number too large":   {`{"options": {"pages": 500}}`, "input /options/pages: want at most 127"},
		"number too exact":   {`{"options": {"pages": 1e0}}`, "input /options/pages: want a whole number in its range, got number 1e0 (byte 25)"},
		"part of a number":   {`{"options": {"pages": 1.5}}`, "input /options/pages: want a whole number, got a number"},
		"text for bool":      {`{"options": {"on": "yes"}}`, "input /options/on: want true or false, got text"},
		"array for object":   {`{"options": {"deep": []}}`, "input /options/deep: want an object, got an array"},
		"object for array":   {`{"options": {"parts": {}}}`, "input /options/parts: want an array, got an object"},
		"text in an array":   {`{"options": {"parts": [{"weight": "x"}]}}`, "input /options/parts/0/weight: want a number, got text"},
		"missing":            {`{"options": {"parts": [{"weight": 1}, {}]}}`, "input /options/parts/1: missing: weight"},
		"null for required":  {`{"options": {"parts": [{"weight": null}]}}`, "input /options/parts/0/weight: want a number, got null"},
		"two problems":       {`{"text": 5, "options": {"on": 1}}`, "input /options/on: want true or false, got a number; input /text: want text, got a number"},
		"number for base64":  {`{"data": 5}`, "input /data: want text, got a number"},
		"broken base64":      {`{"data": "a+_"}`, "input /data: bytes are not base64 (standard alphabet, padded): illegal base64 data at input byte 2"},
		"twice":              {`{"text": "a", "text": "b"}`, "input /text: this field is there twice (byte 14)"},
		"twice below":        {`{"x": {"a": 1, "a": 1}}`, "input /x/a: this field is there twice (byte 15)"},
		"in capitals":        {`{"options": {"Pages": 1}}`, `input /options/Pages: write this field "pages"`},
		"not UTF-8":          {"{\"text\": \"é\xff\"}", "input is not UTF-8 (byte 12); bytes travel as base64"},
		"deeper than anyone": {strings.Repeat("[", 100_000), "input is not JSON: exceeded max depth (byte 10000)"},
	} {
		t.Run("invalid_argument: "+name, func(t *testing.T) {
			t.Parallel()
			got := h.Refused(t, bus.InvalidArgument, "query:test.echo", tt.payload)
			if diff := cmp.Diff(tt.message, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("ok with unknown fields", func(t *testing.T) {
		t.Parallel()
		var out input
		h.OK(t, "query:test.echo", `{"unknown": [1], "text": "a", "data": null, "options": {"x": {}}}`, &out)
		if out.Text != "a" {
			t.Errorf("text is %q", out.Text)
		}
	})
	for name, payload := range map[string]string{"nothing": "", "null": "null"} {
		t.Run("ok with "+name+" as null", func(t *testing.T) {
			t.Parallel()
			if answer, err := h.Call(t, "query:test.echo", h.Library, payload); err != nil || string(answer) != "null" {
				t.Errorf("answer is %s, %v", answer, err)
			}
		})
	}
}

func TestQueryOutput(t *testing.T) {
	t.Parallel()
	const largest = bus.MaxCall
	for name, tt := range map[string]struct {
		out  any
		want string
		code bus.Code
	}{
		"nothing":     {struct{}{}, "null", ""},
		"nil":         {nil, "null", ""},
		"nil pointer": {(*input)(nil), "null", ""},
		"text":        {"<é&>", `"<é&>"`, ""},
		"raw":         {json.RawMessage(`{"a": 1}`), `{"a":1}`, ""},
		"broken raw":  {json.RawMessage(`{"a`), "", bus.Internal},
		"NaN":         {math.NaN(), "", bus.Internal},
		"infinity":    {[]float64{math.Inf(1)}, "", bus.Internal},
		"too large":   {strings.Repeat("x", largest+1-len(`""`)), "", bus.ResourceExhausted},
		"largest":     {strings.Repeat("x", largest-len(`""`)), `"` + strings.Repeat("x", largest-len(`""`)) + `"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := operationstest.New(t, storetest.SQLite(t), func(testing.TB, *bus.Conn, *store.DB) []operations.Operation {
				return []operations.Operation{operations.Query("test.out",
					func(context.Context, *bus.Call, struct{}) (any, error) { return tt.out, nil })}
			})
			answer, err := h.Call(t, "query:test.out", h.Library, "")
			if bus.CodeOf(err) != tt.code || string(answer) != tt.want {
				t.Errorf("answer is %.99s, %v; want %.99s, %s", answer, err, tt.want, tt.code)
			}
		})
	}
}

func TestQueryEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	h := operationstest.New(t, storetest.SQLite(t), func(testing.TB, *bus.Conn, *store.DB) []operations.Operation {
		return []operations.Operation{operations.Query("test.slow",
			func(ctx context.Context, _ *bus.Call, _ struct{}) (struct{}, error) {
				<-ctx.Done()
				ended <- ctx.Err()
				return struct{}{}, ctx.Err()
			})}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := h.Conn.Call(ctx, h.NewCall(t, "query:test.slow", "")); bus.CodeOf(err) != bus.DeadlineExceeded {
		t.Errorf("error is %v, want deadline_exceeded", err)
	}
	if err := <-ended; err == nil {
		t.Error("the operation went on")
	}
}

func TestServeRefuses(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	query := func(name string) operations.Operation {
		return operations.Query(name, func(context.Context, *bus.Call, struct{}) (struct{}, error) { return struct{}{}, nil })
	}
	for name, served := range map[string][]operations.Operation{
		"an operation twice":        {query("test.a"), query("test.a")},
		"a name with a wildcard":    {query("test.*")},
		"an empty token":            {query("test.")},
		"an operation of nothing":   {{}},
		"an action without a store": {operations.Action("test.add", add)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if service, err := operations.Serve(conn, operations.Config{Name: "test"}, served...); err == nil {
				_ = service.Stop()
				t.Error("served")
			}
		})
	}
}

// FuzzDecode tries inputs of every shape: what is refused is invalid_argument, and nothing panics.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"", "null", `{"text": "a", "data": "YQ==", "options": {"pages": 1, "parts": [{"weight": 1}]}}`, "[", "\xff", `{"text":`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		_, err := operations.Decode[input](payload)
		if err != nil && bus.CodeOf(err) != bus.InvalidArgument {
			t.Errorf("error is %v, want invalid_argument", err)
		}
		if err == nil && len(payload) > 0 && !json.Valid(payload) {
			t.Error("accepted what is no JSON")
		}
	})
}
