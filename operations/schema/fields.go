package schema

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Field is a line of a schema that is shown to people as a table.
type Field struct {
	// Path is a field's, such as options.pages, or pages[].text of each item of an array; empty for the value itself.
	Path string
	// Type is a word or two, such as "array of string".
	Type        string
	Description string
	Required    bool
}

// maxFields bounds what of a schema is shown.
const maxFields = 200

// Fields are what a JSON Schema says of a value and the fields in it, which may be anybody's schema: nothing is trusted, and what it says in
// words this does not know is left out.
//
// # Errors
//
// A schema that is missing or no JSON Schema.
func Fields(schema json.RawMessage) ([]Field, error) {
	if schema == nil {
		return nil, errors.New("the service tells no schema")
	}
	if string(schema) == "true" {
		schema = json.RawMessage("{}")
	}
	var root property
	if json.Unmarshal(schema, &root) != nil {
		return nil, errors.New("what the service tells is no JSON Schema that can be shown")
	}
	if fields := root.fields("", nil); len(fields) > 0 {
		return fields, nil
	}
	return []Field{{Type: root.word(), Description: root.Description}}, nil
}

// property is what is shown of a JSON Schema.
type property struct {
	Type        any             `json:"type"`
	Description string          `json:"description"`
	Format      string          `json:"format"`
	Encoding    string          `json:"contentEncoding"`
	Enum        []any           `json:"enum"`
	Minimum     *float64        `json:"minimum"`
	Maximum     *float64        `json:"maximum"`
	Required    []string        `json:"required"`
	Properties  map[string]node `json:"properties"`
	Items       *node           `json:"items"`
}

// node is a schema within another: an object, or true or false.
type node struct{ property }

// UnmarshalJSON reads a schema.
func (n *node) UnmarshalJSON(text []byte) error {
	if string(text) == "true" || string(text) == "false" {
		return nil
	}
	return json.Unmarshal(text, &n.property)
}

// fields adds the fields below a value: those required first, then by name.
func (p property) fields(below string, to []Field) []Field {
	optional := func(name string) int {
		if slices.Contains(p.Required, name) {
			return 0
		}
		return 1
	}
	names := slices.SortedFunc(maps.Keys(p.Properties), func(a, b string) int {
		return cmp.Or(optional(a)-optional(b), cmp.Compare(a, b))
	})
	for _, name := range names {
		if len(to) >= maxFields {
			return to
		}
		value := p.Properties[name]
		to = append(to, Field{Path: below + name, Type: value.word(), Description: value.Description, Required: optional(name) == 0})
		to = value.fields(below+name+".", to)
		if value.Items != nil {
			to = value.Items.fields(below+name+"[].", to)
		}
	}
	return to
}

// word is the type of a value in a word or two.
func (p property) word() string {
	word := cmp.Or(strings.Join(p.types(), " or "), "any")
	switch {
	case p.Encoding != "":
		word = p.Encoding
	case p.Format != "":
		word = p.Format
	case p.Items != nil:
		word = "array of " + p.Items.word()
	case len(p.Enum) > 0:
		word = values(p.Enum)
	}
	switch {
	case p.Minimum != nil && p.Maximum != nil:
		word += fmt.Sprintf(" %g..%g", *p.Minimum, *p.Maximum)
	case p.Minimum != nil:
		word += fmt.Sprintf(" from %g", *p.Minimum)
	}
	return word
}

// types are those a value may have besides null.
func (p property) types() (types []string) {
	switch t := p.Type.(type) {
	case string:
		return []string{t}
	case []any:
		for _, one := range t {
			if one != "null" {
				types = append(types, fmt.Sprint(one))
			}
		}
	}
	return types
}
