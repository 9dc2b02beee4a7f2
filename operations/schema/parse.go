package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Bounds of a schema that Parse reads.
const (
	// MaxForeign is how many bytes it may have.
	MaxForeign = 64 << 10
	// maxNested bounds objects and arrays in each other: the compiler's work grows with the square of it, to minutes.
	maxNested = 50
	// maxParts bounds all objects and arrays: each may be held to each item of a document.
	maxParts = 2_000
)

// refers are the words by which a schema refers to another, or gives itself a name for that.
var refers = []string{"$ref", "$dynamicRef", "$recursiveRef", "$id", "$anchor", "$dynamicAnchor"}

// Parse reads a schema that somebody else wrote, who is not trusted. It has to be an object without references: one that refers to itself
// has no end, and a few of them can stand for more than anybody can check.
//
// # Errors
//
// Text that is too long or has too many parts, is no JSON Schema, or refers to others.
func Parse(text []byte) (*Schema, error) {
	if len(text) > MaxForeign {
		return nil, fmt.Errorf("it has %d bytes; at most %d are possible", len(text), MaxForeign)
	}
	value, err := read(text)
	if err != nil {
		return nil, broken(err)
	}
	if _, ok := value.(map[string]any); !ok {
		return nil, errors.New("want a JSON Schema, which is an object")
	}
	parts := maxParts
	if err := bounded(value, maxNested, &parts); err != nil {
		return nil, err
	}
	s := &Schema{text: json.RawMessage(slices.Clone(text))}
	if s.compile, err = compile(text); err != nil {
		return nil, fmt.Errorf("no JSON Schema: %w", err)
	}
	return s, nil
}

// bounded refuses words that refer to another schema, also as the name of a property, and more than so much depth and so many parts.
func bounded(value any, depth int, parts *int) error {
	var inner []any
	switch v := value.(type) {
	case []any:
		inner = v
	case map[string]any:
		for name, field := range v {
			if slices.Contains(refers, name) {
				return fmt.Errorf("%s is not possible here: write out what it refers to", name)
			}
			inner = append(inner, field)
		}
	default:
		return nil
	}
	if depth == 0 {
		return fmt.Errorf("it is nested too deep; at most %d levels are possible", maxNested)
	}
	if *parts--; *parts < 0 {
		return fmt.Errorf("it is too large; at most %d objects and arrays are possible", maxParts)
	}
	for _, part := range inner {
		if err := bounded(part, depth-1, parts); err != nil {
			return err
		}
	}
	return nil
}
