package extensions

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

const (
	// maxIndexes bounds the indexes of a manifest, maxIndexName the bytes of a kind of entry, maxIndexField those of a field.
	maxIndexes    = 16
	maxIndexName  = 64
	maxIndexField = 128
)

// Index is a field of the metadata of a kind of entry by which entries are found quickly and sorted.
type Index struct {
	EntryType string
	// Field is the field's name, vendor.name for one below another.
	Field string
	// Type is what values are compared as: "number" or "text". Others are not in the index.
	Type string
}

func (d *decoder) indexes(m *Manifest) func(*node) {
	return func(n *node) {
		if n.kind == isList && len(n.members) > maxIndexes {
			d.fail(n, "the list has %d indexes, at most %d are possible: each costs something with every entry of its kind", len(n.members), maxIndexes)
			return
		}
		d.list(func(n *node) { d.index(n, m) })(n)
	}
}

func (d *decoder) index(n *node, m *Manifest) {
	var i Index
	d.object(n, fields{
		"entry_type": d.checked(func(text string) error {
			i.EntryType = text
			return indexName(text, maxIndexName, "receipt")
		}),
		"field": d.checked(func(text string) error {
			i.Field = text
			if slices.Contains(strings.Split(text, "."), "") {
				return fmt.Errorf("%s is no field of metadata: write one such as total or vendor.name", quote(text))
			}
			return indexName(text, maxIndexField, "total")
		}),
		"type": d.checked(func(text string) error {
			if i.Type = text; text != "number" && text != "text" {
				return fmt.Errorf(`%s is no type of an index: want "number" or "text"`, quote(text))
			}
			return nil
		}),
	})
	d.require(n, `an index is {"entry_type": "receipt", "field": "total", "type": "number"}`, "entry_type", "field", "type")
	if slices.Contains(m.Indexes, i) {
		d.fail(n, "the index is listed twice")
	}
	m.Indexes = append(m.Indexes, i)
}

func indexName(text string, limit int, example string) error {
	if text == "" || len(text) > limit || strings.ContainsFunc(text, unicode.IsControl) {
		return fmt.Errorf("%s: want 1 to %d bytes without control characters, such as %s", quote(text), limit, example)
	}
	return nil
}
