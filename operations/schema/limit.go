package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// limit adds what the tag schema of a field says.
func limit(s *jsonschema.Schema, tag string) error {
	if tag == "" {
		return nil
	}
	for rule := range strings.SplitSeq(tag, ",") {
		key, value, _ := strings.Cut(rule, "=")
		if err := apply(s, key, value); err != nil {
			return fmt.Errorf("tag schema %q: %w", rule, err)
		}
	}
	return nil
}

func apply(s *jsonschema.Schema, key, value string) error {
	switch key {
	case "min", "max":
		return bound(s, key == "min", value)
	case "enum":
		if !is(s, "string") {
			return errors.New("only text has an enum")
		}
		for v := range strings.SplitSeq(value, "|") {
			s.Enum = append(s.Enum, v)
		}
		return nil
	case "default":
		s.Default = json.RawMessage(value)
		if is(s, "string") || !json.Valid(s.Default) {
			s.Default, _ = json.Marshal(value)
		}
		return nil
	default:
		return errors.New("want min, max, enum or default")
	}
}

func bound(s *jsonschema.Schema, lower bool, value string) error {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return errors.New("want a number")
	}
	length := int(n)
	switch {
	case is(s, "integer", "number") && lower:
		s.Minimum = &n
	case is(s, "integer", "number"):
		s.Maximum = &n
	case is(s, "string") && lower:
		s.MinLength = &length
	case is(s, "string"):
		s.MaxLength = &length
	case is(s, "array") && lower:
		s.MinItems = &length
	case is(s, "array"):
		s.MaxItems = &length
	default:
		return errors.New("only numbers, text and arrays have bounds")
	}
	return nil
}

func is(s *jsonschema.Schema, types ...string) bool {
	return slices.ContainsFunc(types, func(t string) bool { return s.Type == t || slices.Contains(s.Types, t) })
}
