package schema

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
)

// Schema is what JSON of a type looks like. It may be used by several goroutines at once.
type Schema struct {
	tree    *jsonschema.Schema
	text    json.RawMessage
	compile *validator.Schema
	// quick is nil for a schema that it cannot do.
	quick *quick
	// any tells that every JSON value fits.
	any bool
}

// For makes the schema of a type.
//
// # Errors
//
// A type that JSON cannot carry, and a tag that is none or does not fit its field.
func For[T any]() (*Schema, error) {
	t := reflect.TypeFor[T]()
	own := map[reflect.Type]*jsonschema.Schema{}
	if err := collect(t, own, map[reflect.Type]bool{}); err != nil {
		return nil, fmt.Errorf("schema of %s: %w", t, err)
	}
	tree, err := jsonschema.ForType(t, &jsonschema.ForOptions{TypeSchemas: own})
	if err == nil {
		err = refine(t, tree, own)
	}
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", t, err)
	}
	if tree.Type == "object" && len(tree.Required) == 0 {
		allowNull(tree) // which is an object of no fields
	}
	text, err := json.Marshal(tree)
	if err != nil {
		return nil, fmt.Errorf("encode schema of %s: %w", t, err)
	}
	s := &Schema{tree: tree, text: text, any: tree.Type == "" && len(tree.Types) == 0 && len(tree.Enum) == 0}
	if s.compile, err = compile(text); err != nil {
		return nil, fmt.Errorf("compile schema of %s: %w", t, err)
	}
	s.quick = compileQuick(tree)
	return s, nil
}

// JSON is the schema itself, in one line. The caller leaves it as it is.
func (s *Schema) JSON() json.RawMessage { return s.text }

func compile(text []byte) (*validator.Schema, error) {
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	const name = "airlock:schema"
	c := validator.NewCompiler()
	c.UseLoader(nowhere{})
	c.AssertFormat()
	c.AssertContent()
	if err := c.AddResource(name, document); err != nil {
		return nil, err
	}
	return c.Compile(name)
}

// nowhere refuses to fetch schemas that a schema refers to.
type nowhere struct{}

// Load implements validator.URLLoader.
func (nowhere) Load(url string) (any, error) { return nil, fmt.Errorf("schema refers to %s", url) }

// allowNull lets a value be null.
func allowNull(s *jsonschema.Schema) {
	switch {
	case s.Type != "":
		s.Types, s.Type = []string{"null", s.Type}, ""
	case len(s.Types) > 0 && !slices.Contains(s.Types, "null"):
		s.Types = append([]string{"null"}, s.Types...)
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, nil) {
		s.Enum = append(s.Enum, nil)
	}
}

// forbidNull takes back that the inference lets a required array be null.
func forbidNull(s *jsonschema.Schema) {
	s.Types = slices.DeleteFunc(s.Types, func(t string) bool { return t == "null" })
	if len(s.Types) == 1 {
		s.Type, s.Types = s.Types[0], nil
	}
}
