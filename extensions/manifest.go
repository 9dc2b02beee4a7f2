package extensions

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/airlock-run/airlock/capabilities"
)

// ManifestFile is the manifest's name in an extension's folder.
const ManifestFile = "manifest.json"

// maxManifest bounds a manifest, in bytes.
const maxManifest = 256 << 10

// Manifest is what an extension says about itself and asks for. It comes from [ParseManifest] or from JSON, always
// checked; treat it as read-only. It is safe for concurrent use.
type Manifest struct {
	ID          ID
	Name        string
	Version     string
	Description string
	Author      string
	Homepage    string
	// WasmFile is the module's path in the extension's folder.
	WasmFile    string
	Permissions Permissions
	// ConfigSchema is a JSON Schema of the extension's settings, without references; nil when there is none. Use [Manifest.Settings].
	ConfigSchema json.RawMessage
	Triggers     []Trigger
	Schedules    []Schedule
	// Indexes are fields of metadata by which entries are found quickly.
	Indexes []Index
	// Jobs holds the settings of those jobs that the manifest lists. Use [Manifest.JobSettings].
	Jobs   map[string]JobSettings
	Limits Limits
	// NoSnapshot has each job start the guest anew, instead of where it had come to when it was prepared.
	NoSnapshot bool
	// MinHostVersion is the oldest host that can run the extension; empty for any.
	MinHostVersion string

	raw      json.RawMessage
	warnings []string
	grant    *capabilities.Grant
	settings *settingsSchema
}

// Limits bound what one attempt may use. The host has limits of its own, which a manifest can only lower.
type Limits struct {
	// Fuel is what one attempt may burn; 0 means the host's limit.
	Fuel int
}

// ParseManifest reads a manifest and checks all that can be checked without the module.
//
// # Errors
//
// *InvalidError with every problem found, each with line, column and the path in the document.
func ParseManifest(text []byte) (*Manifest, error) {
	if len(text) > maxManifest {
		return nil, invalidFile(ManifestFile, "the file has %d bytes, at most %d are allowed", len(text), maxManifest)
	}
	document, problem := parseDocument(text)
	if problem != nil {
		return nil, &InvalidError{Problems: []Problem{*problem}}
	}
	m := &Manifest{Permissions: defaultPermissions()}
	d := &decoder{document: document}
	d.manifest(m)
	d.finish()
	if len(d.problems) > 0 {
		return nil, &InvalidError{Problems: d.problems}
	}
	m.warnings = d.warnings
	var err error
	if m.raw, err = json.Marshal(document.raw(document.root)); err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	if m.grant, err = m.compile(); err != nil {
		return nil, invalidFile(ManifestFile, "%s", err)
	}
	return m, nil
}

func (d *decoder) manifest(m *Manifest) {
	var schedules *node
	d.object(d.root, fields{
		"id": d.checked(func(text string) (err error) {
			m.ID, err = ParseID(text)
			return err
		}),
		"name":             d.line(&m.Name),
		"version":          d.line(&m.Version),
		"description":      d.lines(&m.Description),
		"author":           d.line(&m.Author),
		"homepage":         d.line(&m.Homepage),
		"wasm_file":        d.checked(m.setWasmFile),
		"permissions":      d.permissions(&m.Permissions),
		"config_schema":    d.configSchema(m),
		"triggers":         d.list(func(n *node) { d.trigger(n, m) }),
		"schedules":        func(n *node) { schedules = n },
		"indexes":          d.indexes(m),
		"jobs":             func(n *node) { d.jobs(n, m) },
		"limits":           d.limits(&m.Limits),
		"snapshot":         d.boolean(func(wanted bool) { m.NoSnapshot = !wanted }),
		"min_host_version": d.checked(m.setMinHostVersion),
	})
	if schedules != nil {
		d.schedules(schedules, m)
	}
	d.require(d.root, `a manifest begins {"id": "my-extension", "name": "My extension", "version": "0.1.0", "wasm_file": "my_extension.wasm", …}`,
		"id", "name", "version", "wasm_file")
}

func (d *decoder) limits(l *Limits) func(*node) {
	return func(n *node) { d.object(n, fields{"fuel": d.integer(&l.Fuel, maxInt, "units")}) }
}

func (m *Manifest) setWasmFile(text string) error {
	switch {
	case text == "":
		return errors.New("the file's name is empty")
	case strings.HasPrefix(text, "/"):
		return fmt.Errorf("%s is absolute: write the path from the extension's folder", quote(text))
	case strings.ContainsAny(text, "\\\x00"):
		return fmt.Errorf(`%s: write "/" between folders`, quote(text))
	case !filepath.IsLocal(filepath.FromSlash(text)):
		return fmt.Errorf("%s is outside the extension's folder: put the file into it", quote(text))
	}
	m.WasmFile = text
	return nil
}

func (m *Manifest) compile() (*capabilities.Grant, error) {
	asked, err := m.asked()
	if err != nil {
		return nil, err
	}
	return capabilities.NewGrant(string(m.ID), *asked)
}

// asked is what the manifest asks for, as capabilities has it.
func (m *Manifest) asked() (*capabilities.Permissions, error) {
	scope, err := m.Permissions.scope()
	if err != nil {
		return nil, err
	}
	triggers := make([]string, len(m.Triggers))
	for i, trigger := range m.Triggers {
		triggers[i] = string(trigger.Event)
	}
	return &capabilities.Permissions{
		Methods: m.Permissions.Methods, Scope: scope, Triggers: triggers,
		Libraries: m.Permissions.Libraries, RequestsPerMinute: m.Permissions.RequestsPerMinute,
	}, nil
}

// Wider lists what the manifest asks for and an earlier one did not.
func (m *Manifest) Wider(before *Manifest) []string {
	now, err := m.asked()
	then, also := before.asked()
	if err != nil || also != nil { // neither would have been parsed
		return []string{"what cannot be read"}
	}
	return now.Wider(then)
}

// Asks lists what the extension asks for, in words: methods, targets, libraries, events that start its jobs, and a rate beyond the default.
func (m *Manifest) Asks() []string {
	all, err := m.asked()
	if err != nil {
		return []string{"what cannot be read"} // it would not have been parsed
	}
	return all.Wider(&capabilities.Permissions{Libraries: []string{""}})
}

// Grant is what the extension asks for.
func (m *Manifest) Grant() *capabilities.Grant { return m.grant }

// Warnings says, in sentences with line and column, what was accepted and is likely not meant. It never changes.
func (m *Manifest) Warnings() []string { return slices.Clone(m.warnings) }

// Raw is the document the manifest was read from, with all its keys, without the space between them.
func (m *Manifest) Raw() json.RawMessage { return bytes.Clone(m.raw) }

// Equal reports whether two manifests were read from the same document, space aside.
func (m *Manifest) Equal(other *Manifest) bool {
	if m == nil || other == nil {
		return m == other
	}
	return bytes.Equal(m.raw, other.raw)
}

// MarshalJSON writes the document the manifest was read from.
func (m *Manifest) MarshalJSON() ([]byte, error) {
	if m.raw == nil {
		return nil, errors.New("encode manifest: it was not parsed")
	}
	return m.raw, nil
}

// UnmarshalJSON is [ParseManifest].
func (m *Manifest) UnmarshalJSON(text []byte) error {
	parsed, err := ParseManifest(text)
	if err != nil {
		return err
	}
	*m = *parsed
	return nil
}
