package extensions

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/google/jsonschema-go/jsonschema"
)

// ErrSettings is in the chain of errors about settings that are not what a manifest's config_schema wants.
var ErrSettings = errors.New("settings do not fit the extension's config_schema")

// Settings are the extension's settings: those of the layers, of which a later one has the last word about each of its members, and
// where none has a member, the default of the manifest's config_schema. A layer that is nil has none. Without a config_schema any object
// will do.
//
// # Errors
//
// ErrSettings, with the place and what is wanted there.
func (m *Manifest) Settings(layers ...json.RawMessage) (json.RawMessage, error) {
	settings := map[string]any{}
	for _, layer := range layers {
		if layer == nil {
			continue
		}
		var members map[string]any
		if err := json.Unmarshal(layer, &members); err != nil || members == nil {
			return nil, fmt.Errorf("%w: want a JSON object", ErrSettings)
		}
		maps.Copy(settings, members)
	}
	if m.settings != nil {
		if err := m.settings.whole.ApplyDefaults(&settings); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSettings, err)
		}
		if err := m.settings.whole.Validate(settings); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSettings, err)
		}
	}
	data, err := json.Marshal(settings)
	if err != nil {
		return nil, fmt.Errorf("encode settings: %w", err)
	}
	return data, nil
}

// CheckLayer tells whether a layer can be one: what it has has to fit, and what the config_schema requires beside it may come from another.
//
// # Errors
//
// As Settings'.
func (m *Manifest) CheckLayer(layer json.RawMessage) error {
	var members map[string]any
	if err := json.Unmarshal(layer, &members); err != nil || members == nil {
		return fmt.Errorf("%w: want a JSON object", ErrSettings)
	}
	if m.settings == nil {
		return nil
	}
	if err := m.settings.layer.Validate(members); err != nil {
		return fmt.Errorf("%w: %w", ErrSettings, err)
	}
	return nil
}

// settingsSchema is a config_schema, and the same without what it requires.
type settingsSchema struct{ whole, layer *jsonschema.Resolved }

// compileSettings reads a config_schema.
func compileSettings(text json.RawMessage) (*settingsSchema, error) {
	var s settingsSchema
	for _, into := range []**jsonschema.Resolved{&s.whole, &s.layer} {
		var schema jsonschema.Schema
		if err := json.Unmarshal(text, &schema); err != nil {
			return nil, fmt.Errorf("no JSON Schema: %w", err)
		}
		if schema.Type != "object" {
			return nil, errors.New(`settings are an object: begin the schema with "type": "object"`)
		}
		if into == &s.layer {
			schema.Required = nil
		}
		var err error
		if *into, err = schema.Resolve(&jsonschema.ResolveOptions{ValidateDefaults: true}); err != nil {
			return nil, fmt.Errorf("no JSON Schema: %w", err)
		}
	}
	return &s, nil
}

// configSchema reads the manifest's. References in it are refused: one that refers to itself has no end, and a few of them can stand for
// more than anybody can check.
func (d *decoder) configSchema(m *Manifest) func(*node) {
	return func(n *node) {
		if at := n.reference(); at != nil {
			d.fail(at, "%s is not possible in a config_schema: write out what it refers to", at.key)
			return
		}
		text := d.raw(n)
		settings, err := compileSettings(text)
		if err != nil {
			d.fail(n, "%s", err)
			return
		}
		m.ConfigSchema, m.settings = text, settings
	}
}

// reference finds the first member that refers to another schema.
func (n *node) reference() *node {
	if n.key == "$ref" || n.key == "$dynamicRef" {
		return n
	}
	for _, member := range n.members {
		if found := member.reference(); found != nil {
			return found
		}
	}
	return nil
}
