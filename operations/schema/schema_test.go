package schema_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/operations/schema"
)

type page struct {
	Number int    `json:"number" jsonschema:"from 1" schema:"min=1,max=9"`
	Kind   string `json:"kind,omitempty" jsonschema:"what it shows; default text" schema:"enum=text|picture,default=text"`
}

type document struct {
	page

	ID     uuid.UUID       `json:"id"`
	Data   []byte          `json:"data,omitempty"`
	Pages  []page          `json:"pages" schema:"max=2"`
	Any    json.RawMessage `json:"any,omitempty"`
	At     *time.Time      `json:"at,omitempty"`
	Labels map[string]page `json:"labels,omitempty"`
}

func TestJSON(t *testing.T) {
	t.Parallel()
	s, err := schema.For[page]()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"type":"object","required":["number"],"properties":{` +
		`"number":{"type":"integer","description":"from 1","minimum":1,"maximum":9},` +
		`"kind":{"type":["null","string"],"description":"what it shows; default text","default":"text","enum":["text","picture",null]}}}`
	var got, expected any
	if json.Unmarshal(s.JSON(), &got) != nil || json.Unmarshal([]byte(want), &expected) != nil {
		t.Fatalf("schema is %s", s.JSON())
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	s, err := schema.For[document]()
	if err != nil {
		t.Fatal(err)
	}
	const id = `"id": "a1510c00-0000-4000-8000-000000000001"`
	for name, tt := range map[string]struct{ document, want string }{
		"ok":                      {`{"number": 1, ` + id + `, "pages": [{"number": 9, "kind": "picture"}], "data": "YQ==", "at": "2026-11-22T18:00:00Z"}`, ""},
		"ok with null":            {`{"number": 1, ` + id + `, "pages": [], "data": null, "kind": null, "any": null, "at": null, "labels": null}`, ""},
		"ok with unknown":         {`{"number": 1, ` + id + `, "pages": [], "more": {"Number": 1}}`, ""},
		"too small":               {`{"number": 0, ` + id + `, "pages": []}`, "input /number: want at least 1"},
		"too large":               {`{"number": 10, ` + id + `, "pages": []}`, "input /number: want at most 9"},
		"too many":                {`{"number": 1, ` + id + `, "pages": [{"number": 1}, {"number": 1}, {"number": 1}]}`, "input /pages: want at most 2 items, got 3"},
		"not of the enum":         {`{"number": 1, ` + id + `, "pages": [{"number": 1, "kind": "secret"}]}`, "input /pages/0/kind: want one of text, picture"},
		"no UUID":                 {`{"number": 1, "id": "secret", "pages": []}`, "input /id: want a UUID"},
		"no time":                 {`{"number": 1, ` + id + `, "pages": [], "at": "secret"}`, "input /at: want a time of RFC 3339"},
		"null for an array":       {`{"number": 1, ` + id + `, "pages": null}`, "input /pages: want an array, got null"},
		"wrong in a map":          {`{"number": 1, ` + id + `, "pages": [], "labels": {"a/b~": {}}}`, "input /labels/a~1b~0: missing: number"},
		"capitals in a map":       {`{"number": 1, ` + id + `, "pages": [], "labels": {"a": {"NUMBER": 1}}}`, `input /labels/a/NUMBER: write this field "number"`},
		"twice within any":        {`{"number": 1, ` + id + `, "pages": [], "any": {"a": 1, "a": 2}}`, "input /any/a: this field is there twice (byte 89)"},
		"more than three":         {`{"number": "", "id": 1, "pages": 1, "data": 1}`, "input /data: want text, got a number; input /id: want text, got a number; input /number: want a whole number, got text; and 1 more"},
		"nothing":                 {``, "input is not JSON: unexpected EOF (byte 0)"},
		"a name of great length":  {`{"number": 1, ` + id + `, "pages": [], "labels": {"` + strings.Repeat("x", 1000) + `": 1}}`, "input /labels/" + strings.Repeat("x", 192) + "…: want an object, got a number"},
		"something after the end": {`{} {}`, "input is not JSON: there is something after the value (byte 4)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := s.Check([]byte(tt.document)); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("error is  %q\nwant      %q", got, tt.want)
			}
		})
	}
}

func TestForRefuses(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func() (*schema.Schema, error){
		"a channel": schema.For[struct{ C chan int }],
		"an unknown rule": schema.For[struct {
			A int `schema:"most=3"`
		}],
		"a bound of a bool": schema.For[struct {
			A bool `schema:"max=3"`
		}],
		"a bound of no digits": schema.For[struct {
			A int `schema:"max=many"`
		}],
		"an enum of numbers": schema.For[struct {
			A int `schema:"enum=1|2"`
		}],
		"an empty text": schema.For[struct {
			A int `jsonschema:""`
		}],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if s, err := make(); err == nil {
				t.Errorf("schema is %s", s.JSON())
			}
		})
	}
}

// FuzzCheck tries documents of every shape: nothing panics, and what is accepted is read by encoding/json without a doubt.
func FuzzCheck(f *testing.F) {
	s, err := schema.For[document]()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", "null", `{"number": 1, "id": "a1510c00-0000-4000-8000-000000000001", "pages": [{"number": 1}]}`, "[", "\xff", `{"a":1,"A":2}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := s.Check(text); err == nil && !json.Valid(text) {
			t.Error("accepted what is no JSON")
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	s, err := schema.For[document]()
	if err != nil {
		b.Fatal(err)
	}
	small := []byte(`{"number": 1, "id": "a1510c00-0000-4000-8000-000000000001", "pages": [{"number": 1}]}`)
	large := []byte(`{"number": 1, "id": "a1510c00-0000-4000-8000-000000000001", "pages": [], "data": "` + strings.Repeat("AAAA", 250_000) + `"}`)
	for name, text := range map[string][]byte{"small": small, "1 MB": large} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if err := s.Check(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
