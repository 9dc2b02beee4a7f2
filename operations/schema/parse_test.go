package schema_test

import (
	"strings"
	"testing"

	"github.com/airlock-run/airlock/operations/schema"
)

func TestParse(t *testing.T) {
	t.Parallel()
	s, err := schema.Parse([]byte(`{"type": "object", "properties": {"at": {"type": "string", "format": "time"}, "code": {"pattern": "^[a-z]+$"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for document, part := range map[string]string{
		`{"at": "12:00:00Z", "code": "ab"}`: "",
		`{"at": "noon"}`:                    `input /at: want what JSON Schema calls "time"`,
		`{"code": "AB"}`:                    "input /code: ",
		`{"code": "a", "code": "b"}`:        "there twice",
		`[]`:                                "want an object",
		`{`:                                 "not JSON",
	} {
		err := s.Check([]byte(document))
		if part == "" && err != nil || part != "" && (err == nil || !strings.Contains(err.Error(), part)) {
			t.Errorf("%s: error is %v, want %q", document, err, part)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, part string }{
		"nothing":                {``, "not JSON"},
		"no object":              {`true`, "which is an object"},
		"an unknown type":        {`{"type": "nombre"}`, "no JSON Schema"},
		"a broken pattern":       {`{"pattern": "("}`, "no JSON Schema"},
		"a keyword twice":        {`{"type": "object", "type": "array"}`, "there twice"},
		"a reference to itself":  {`{"items": {"$ref": "#"}}`, "$ref is not possible"},
		"a reference in a list":  {`{"allOf": [{"$dynamicRef": "#a"}]}`, "$dynamicRef is not possible"},
		"a name for itself":      {`{"$id": "http://example.com/a"}`, "$id is not possible"},
		"a dialect of elsewhere": {`{"$schema": "http://example.com/mine"}`, "no JSON Schema"},
		"too much":               {`{"title": "` + strings.Repeat("x", schema.MaxForeign) + `"}`, "at most 65536"},
		"too deep":               {strings.Repeat(`{"not": `, 7_000) + "{}" + strings.Repeat("}", 7_000), "nested too deep"},
		"too many parts":         {`{"allOf": [` + strings.Repeat("{},", 2_000) + `{}]}`, "at most 2000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := schema.Parse([]byte(test.text)); err == nil || !strings.Contains(err.Error(), test.part) {
				t.Errorf("error is %v, want %q", err, test.part)
			}
		})
	}
}

// FuzzParse checks that no schema of somebody else's, and no document held to it, is more than an error.
func FuzzParse(f *testing.F) {
	f.Add(`{"type": "object", "required": ["a"]}`, `{"a": 1}`)
	f.Add(`{"pattern": "(a+)+$", "multipleOf": 1e-300}`, `"aaaa"`)
	f.Add(`{"$defs": {"a": {"$ref": "#/$defs/a"}}}`, `1e999999999`)
	f.Fuzz(func(_ *testing.T, text, document string) {
		if s, err := schema.Parse([]byte(text)); err == nil {
			_ = s.Check([]byte(document)) // fits or not
		}
	})
}
