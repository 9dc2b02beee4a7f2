package schema

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
)

type part struct {
	Number int    `json:"number" schema:"min=1,max=9"`
	Kind   string `json:"kind,omitempty" schema:"enum=text|picture,default=text"`
}

type whole struct {
	part

	ID     uuid.UUID       `json:"id"`
	Name   string          `json:"name,omitempty" schema:"min=2,max=4"`
	Data   []byte          `json:"data,omitempty"`
	Parts  []part          `json:"parts,omitempty" schema:"max=2"`
	Any    json.RawMessage `json:"any,omitempty"`
	At     *time.Time      `json:"at,omitempty"`
	Labels map[string]part `json:"labels,omitempty"`
	Ratio  float64         `json:"ratio,omitempty"`
	Yes    bool            `json:"yes,omitempty"`
}

func wholeSchema(tb testing.TB) *Schema {
	tb.Helper()
	s, err := For[whole]()
	if err != nil {
		tb.Fatal(err)
	}
	if s.quick == nil {
		tb.Fatal("the schema has no quick way")
	}
	return s
}

const some = `"number": 1, "id": "a1510c00-0000-4000-8000-000000000001"`

// What fits in the ways that callers write it fits the quick way.
func TestQuickFits(t *testing.T) {
	t.Parallel()
	s := wholeSchema(t)
	for name, document := range map[string]string{
		"the least":        `{` + some + `}`,
		"all":              `{` + some + `, "kind": "picture", "name": "ünïq", "data": "YQ==", "parts": [{"number": 9}], "any": {"a": [1]}, "at": "2026-11-23T08:00:00.5Z", "labels": {"x": {"number": 2}}, "ratio": 0.5, "yes": true}`,
		"nulls":            `{` + some + `, "kind": null, "name": null, "data": null, "parts": null, "at": null}`,
		"unknown fields":   `{` + some + `, "more": {"number": "x"}}`,
		"space everywhere": " {\n" + some + " } ",
	} {
		if !s.quick.fits([]byte(document)) || s.validate([]byte(document)) != nil {
			t.Errorf("%s: quick %t, thorough %v", name, s.quick.fits([]byte(document)), s.validate([]byte(document)))
		}
	}
}

// FuzzQuick holds that what the quick way accepts the validator accepts.
func FuzzQuick(f *testing.F) {
	s := wholeSchema(f)
	for _, seed := range []string{
		"", "null", `{` + some + `}`, `{` + some + `, "NUMBER": 2}`, `{` + some + `, "name": "a"}`, `{` + some + `, "data": "YQ="}`, `{` + some + `, "data": "Y==="}`,
		`{` + some + `, "ratio": 1e999}`, `{"number": 1.5, "id": "a1510c00-0000-4000-8000-000000000001"}`, `{` + some + `, "id": ""}`,
		`{` + some + `, "at": "2026-11-23T08:00:00,5Z"}`, `{` + some + `, "parts": [{"number": 1}, {"number": 0}]}`, `{` + some + `, "n\u0075mber": 1}`,
		`{` + some + `, "at": "2026-11-23T24:00:00Z"}`, `{` + some + `} {}`, `{` + some + `, "labels": {"a": {"number": 1, "Kind": 1}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		if err := s.validate(document); err != nil && s.quick.fits(document) {
			t.Errorf("accepted, and it should say %v", err)
		}
	})
}
