package schema

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/google/uuid"
)

// known are the schemas of types that JSON has no word for.
var known = map[reflect.Type]func() *jsonschema.Schema{
	reflect.TypeFor[uuid.UUID]():       func() *jsonschema.Schema { return &jsonschema.Schema{Type: "string", Format: "uuid"} },
	reflect.TypeFor[time.Time]():       func() *jsonschema.Schema { return &jsonschema.Schema{Type: "string", Format: "date-time"} },
	reflect.TypeFor[[]byte]():          func() *jsonschema.Schema { return &jsonschema.Schema{Type: "string", ContentEncoding: "base64"} },
	reflect.TypeFor[json.RawMessage](): func() *jsonschema.Schema { return &jsonschema.Schema{} },
}

var (
	readsJSON = reflect.TypeFor[json.Unmarshaler]()
	readsText = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// collect finds the types within t whose JSON is not what their fields look like.
func collect(t reflect.Type, own map[reflect.Type]*jsonschema.Schema, seen map[reflect.Type]bool) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if seen[t] || own[t] != nil {
		return nil
	}
	seen[t] = true
	if make := known[t]; make != nil {
		own[t] = make()
		return nil
	}
	switch pointer := reflect.PointerTo(t); {
	case pointer.Implements(readsJSON):
		own[t] = &jsonschema.Schema{}
		return nil
	case pointer.Implements(readsText):
		own[t] = &jsonschema.Schema{Type: "string"}
		return nil
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		return collect(t.Elem(), own, seen)
	case reflect.Struct:
		for _, field := range reflect.VisibleFields(t) {
			if field.Anonymous || !field.IsExported() || field.Tag.Get("json") == "-" {
				continue
			}
			if err := collect(field.Type, own, seen); err != nil {
				return err
			}
		}
		return nil
	default:
		return nil
	}
}

// refine makes what was inferred say what doc.go promises: unknown fields are ignored, optional ones may be null, tags hold.
func refine(t reflect.Type, s *jsonschema.Schema, own map[reflect.Type]*jsonschema.Schema) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if own[t] != nil {
		return nil
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return refine(t.Elem(), s.Items, own)
	case reflect.Map:
		return refine(t.Elem(), s.AdditionalProperties, own)
	case reflect.Struct:
	default:
		return nil
	}
	s.AdditionalProperties = nil
	for _, field := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous || !field.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = field.Name
		}
		property := s.Properties[name]
		if property == nil {
			continue
		}
		if err := refine(field.Type, property, own); err != nil {
			return err
		}
		if err := limit(property, field.Tag.Get("schema")); err != nil {
			return fmt.Errorf("field %s: %w", name, err)
		}
		optional := strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
		switch {
		case optional:
			allowNull(property)
		case field.Type.Kind() == reflect.Slice:
			forbidNull(property)
		}
	}
	return nil
}
