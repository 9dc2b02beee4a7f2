package entries

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// Type is what an indexed field is compared as.
type Type string

// The types.
const (
	Number Type = "number"
	Text   Type = "text"
)

// maxIndexed is how much of a text is in an index, in bytes. Longer ones are found by their beginning.
const maxIndexed = 512

// metadata is an entry's, decoded.
type metadata map[string]any

func decode(raw []byte) (metadata, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var m metadata
	if err := decoder.Decode(&m); err != nil {
		return nil, fmt.Errorf("decode metadata: %w", err)
	}
	return m, nil
}

// value is that of a field: float64, string, bool, or nil for anything else.
func (m metadata) value(field string) any {
	parts := strings.Split(field, ".")
	object := map[string]any(m)
	for _, part := range parts[:len(parts)-1] {
		object, _ = object[part].(map[string]any)
	}
	return scalar(object[parts[len(parts)-1]])
}

func scalar(value any) any {
	switch value := value.(type) {
	case json.Number:
		number, err := value.Float64()
		if err != nil || math.IsInf(number, 0) {
			return nil // a number that is beyond those of computers
		}
		return number
	case string, bool:
		return value
	default:
		return nil
	}
}

// indexed is how a value stands in an index of a type, or nil where it does not.
func (t Type) indexed(value any) any {
	switch value := value.(type) {
	case float64:
		if t == Number {
			return value
		}
	case string:
		if t == Text && !strings.ContainsRune(value, 0) { // which PostgreSQL has no room for
			return cut(value, maxIndexed)
		}
	}
	return nil
}

// has tells whether a value is of the type.
func (t Type) has(value any) bool { return t.indexed(value) != nil }

// column is that of entry_fields.
func (t Type) column() string {
	if t == Number {
		return "number"
	}
	return "text"
}

// cut returns at most size bytes of a text, and no part of a character.
func cut(text string, size int) string {
	if len(text) <= size {
		return text
	}
	for size > 0 && !utf8.RuneStart(text[size]) {
		size--
	}
	return text[:size]
}
