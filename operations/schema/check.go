package schema

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/jsonschema-go/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
)

// maxProblems bounds how many problems of one document an error names.
const maxProblems = 3

// Error is why a document does not fit. Its sentences name places and what is wanted there, never values: they may be secret.
type Error struct{ Problems []string }

// Error joins the problems.
func (e *Error) Error() string { return strings.Join(e.Problems, "; ") }

// Check tells whether a document is JSON of the schema, in UTF-8, that can be read in one way.
//
// # Errors
//
// *Error. Places are JSON pointers (RFC 6901), of broken JSON bytes.
func (s *Schema) Check(document []byte) error {
	if s.any {
		return syntax(jsontext.Value(document).IsValid(), document)
	}
	if s.quick != nil && s.quick.fits(document) {
		return nil
	}
	return s.validate(document)
}

// validate is Check, thoroughly.
func (s *Schema) validate(document []byte) error {
	value, err := read(document)
	if err != nil {
		return broken(err)
	}
	if at, known := ambiguous(s.tree, value); at != "" {
		return &Error{[]string{fmt.Sprintf("%s: write this field %q", place(at), known)}}
	}
	err = s.compile.Validate(value)
	var found *validator.ValidationError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &found):
		return fmt.Errorf("validate: %w", err)
	}
	problems := leaves(found, nil)
	slices.Sort(problems)
	problems = slices.Compact(problems)
	if more := len(problems) - maxProblems; more > 0 {
		problems = append(problems[:maxProblems], fmt.Sprintf("and %d more", more))
	}
	return &Error{problems}
}

// syntax finds out why a document is not valid.
func syntax(valid bool, document []byte) error {
	if valid {
		return nil
	}
	_, err := read(document)
	return broken(err)
}

// broken says where a document stops to be JSON.
func broken(err error) error {
	var wrong *jsontext.SyntacticError
	switch {
	case !errors.As(err, &wrong):
		return &Error{[]string{"input is not JSON: it ends too early (byte 0)"}}
	case errors.Is(err, jsontext.ErrDuplicateName):
		return &Error{[]string{fmt.Sprintf("%s: this field is there twice (byte %d)", place(string(wrong.JSONPointer)), wrong.ByteOffset)}}
	default:
		return &Error{[]string{fmt.Sprintf("input is not JSON: %v (byte %d)", wrong.Err, wrong.ByteOffset)}}
	}
}

// ambiguous finds a field that is a known one but for capitals, which some programs take for it and others do not. It returns the field's
// place and how it is written; no place when there is none.
func ambiguous(s *jsonschema.Schema, value any) (at, known string) {
	if s == nil {
		return "", ""
	}
	switch v := value.(type) {
	case []any:
		for i, item := range v {
			if at, known := ambiguous(s.Items, item); at != "" {
				return "/" + strconv.Itoa(i) + at, known
			}
		}
	case map[string]any:
		for name, field := range v {
			property := s.Properties[name]
			if property == nil {
				for known := range s.Properties {
					if strings.EqualFold(known, name) {
						return "/" + escape(name), known
					}
				}
				property = s.AdditionalProperties
			}
			if at, known := ambiguous(property, field); at != "" {
				return "/" + escape(name) + at, known
			}
		}
	}
	return "", ""
}
