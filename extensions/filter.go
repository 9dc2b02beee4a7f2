package extensions

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxFilterFields is how many fields of an event a filter may be about, maxFilterText how long one of its texts may be, in bytes.
	maxFilterFields = 20
	maxFilterText   = 1 << 10
)

// Filter is what an event must hold beside its type: all of its fields. The empty one is held by every event. It is a part of the event
// patterns of Amazon EventBridge, https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html.
type Filter struct {
	fields []filterField
	raw    json.RawMessage
}

// filterField is one field, by its path in the event, and what it may be.
type filterField struct {
	path []string
	any  []condition
}

// condition is what a value may be: exactly one, or a text that begins or ends so, or there at all.
type condition struct {
	value  any
	kind   conditionKind
	exists bool
}

type conditionKind int

const (
	equals conditionKind = iota
	hasPrefix
	hasSuffix
	exists
)

// String is the filter as JSON; empty for none.
func (f Filter) String() string { return string(f.raw) }

// Equal tells whether two filters are written alike.
func (f Filter) Equal(other Filter) bool { return bytes.Equal(f.raw, other.raw) }

// MarshalJSON returns the filter as it stands in the manifest.
func (f Filter) MarshalJSON() ([]byte, error) {
	if f.raw == nil {
		return []byte("{}"), nil
	}
	return f.raw, nil
}

// Holds tells whether an event holds it.
func (f Filter) Holds(e *Event) bool {
	return !slices.ContainsFunc(f.fields, func(field filterField) bool { return !field.holds(e) })
}

func (f filterField) holds(e *Event) bool {
	value, there := e.field(f.path)
	list, isList := value.([]any)
	return slices.ContainsFunc(f.any, func(c condition) bool {
		switch {
		case c.kind == exists:
			return c.exists == there
		case !there:
			return false
		case isList:
			return slices.ContainsFunc(list, c.holds)
		}
		return c.holds(value)
	})
}

func (c condition) holds(value any) bool {
	text, isText := value.(string)
	switch c.kind {
	case hasPrefix:
		return isText && strings.HasPrefix(text, c.value.(string)) //nolint:forcetypeassert // the decoder made it one
	case hasSuffix:
		return isText && strings.HasSuffix(text, c.value.(string)) //nolint:forcetypeassert // the decoder made it one
	default:
		switch value.(type) {
		case []any, map[string]any:
			return false
		}
		return value == c.value
	}
}

// filter reads a filter. What it does not know is a problem, as without it the filter would let more through.
func (d *decoder) filter(into *Filter) func(*node) {
	return func(n *node) {
		if !d.is(n, isObject) {
			return
		}
		if len(n.members) == 0 || len(n.members) > maxFilterFields {
			d.fail(n, "a filter is about 1 to %d fields, this one is about %d", maxFilterFields, len(n.members))
			return
		}
		for _, member := range n.members {
			field, err := filterPath(member.key)
			if err != nil {
				d.fail(member, "%s", err)
				continue
			}
			if slices.ContainsFunc(into.fields, func(f filterField) bool { return slices.Equal(f.path, field.path) }) {
				d.fail(member, "the field is written twice: put what it may be into one list")
			}
			field.any = d.conditions(member)
			into.fields = append(into.fields, field)
		}
		var compact bytes.Buffer
		_ = json.Compact(&compact, d.raw(n)) // it was read already
		into.raw = compact.Bytes()
	}
}

func filterPath(key string) (filterField, error) {
	path := strings.Split(key, ".")
	switch {
	case len(key) > maxFilterText || !utf8.ValidString(key) || slices.Contains(path, ""):
	case slices.Contains([]string{"source", "subject", "datacontenttype"}, key), path[0] == "data" && len(path) > 1:
		return filterField{path: path}, nil
	}
	return filterField{}, fmt.Errorf("%s is no field of an event that is looked at: want source, subject, datacontenttype, or data.NAME for a field of its JSON data, data.NAME.NAME for one within",
		quote(key))
}

// conditions reads what a field may be: one, or a list of which one has to hold.
func (d *decoder) conditions(n *node) []condition {
	items := []*node{n}
	if n.kind == isList {
		if items = n.members; len(items) == 0 || len(items) > maxListed {
			d.fail(n, "the list has %d items, want 1 to %d", len(items), maxListed)
			return nil
		}
	}
	all := make([]condition, 0, len(items))
	for _, item := range items {
		if c, err := d.condition(item); err != nil {
			d.fail(item, "%s", err)
		} else {
			all = append(all, c)
		}
	}
	return all
}

func (d *decoder) condition(n *node) (condition, error) {
	want := fmt.Errorf(`want a text, a number, true or false, {"prefix": "…"}, {"suffix": "…"} or {"exists": true}, got %s`, n.kind)
	if len(n.text) > maxFilterText {
		return condition{}, fmt.Errorf("the text has %d bytes, at most %d are allowed", len(n.text), maxFilterText)
	}
	switch n.kind {
	case isString:
		return condition{value: n.text}, nil
	case isNumber:
		number, err := strconv.ParseFloat(n.text, 64)
		if err != nil {
			return condition{}, fmt.Errorf("%s is no number that can be compared", quote(n.text))
		}
		return condition{value: number}, nil
	case isBool:
		return condition{value: string(d.raw(n)) == "true"}, nil
	case isList, isNull:
	case isObject:
		if len(n.members) != 1 {
			return condition{}, want
		}
		member := n.members[0]
		switch {
		case member.key == "prefix" && member.kind == isString:
			return condition{kind: hasPrefix, value: member.text}, nil
		case member.key == "suffix" && member.kind == isString:
			return condition{kind: hasSuffix, value: member.text}, nil
		case member.key == "exists" && member.kind == isBool:
			return condition{kind: exists, exists: string(d.raw(member)) == "true"}, nil
		}
	}
	return condition{}, want
}
