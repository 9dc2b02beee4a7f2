package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/jsonschema-go/jsonschema"
	"github.com/google/uuid"
)

// quick says of most documents that fit that they do, in one pass and without making values of them. Of all others, and of those it is
// not sure of, it says nothing: then the validator has the word, and finds the words.
type quick struct {
	// kinds are the first bytes of values, as jsontext names them, that may stand here; all if it is empty.
	kinds string
	// whole tells that a number is to be whole.
	whole      bool
	fields     map[string]*quick
	required   []string
	items      *quick
	additional *quick

	minimum, maximum     *float64
	minLength, maxLength *int
	minItems, maxItems   *int
	enum                 []string
	// format is nil for none.
	format func(text string) bool
	base64 bool
}

// formats are those that the quick way knows, each as the validator has it or narrower.
var formats = map[string]func(string) bool{
	"uuid": func(text string) bool { return len(text) == 36 && uuid.Validate(text) == nil },
	"date-time": func(text string) bool {
		_, err := time.Parse(time.RFC3339Nano, text)
		return err == nil && strings.HasSuffix(text, "Z") && !strings.Contains(text, ",")
	},
}

// compileQuick makes the quick way of a schema; nil where it has a word that is not known here.
func compileQuick(s *jsonschema.Schema) *quick {
	q := &quick{
		format:   formats[s.Format],
		required: s.Required, minimum: s.Minimum, maximum: s.Maximum, minLength: s.MinLength, maxLength: s.MaxLength,
		minItems: s.MinItems, maxItems: s.MaxItems, base64: s.ContentEncoding == "base64",
	}
	if s.Format != "" && q.format == nil {
		return nil
	}
	types := s.Types
	if s.Type != "" {
		types = []string{s.Type}
	}
	for _, t := range types {
		kind, ok := map[string]string{"object": "{", "array": "[", "string": `"`, "number": "0", "integer": "0", "boolean": "tf", "null": "n"}[t]
		if !ok {
			return nil
		}
		q.kinds += kind
		q.whole = q.whole || t == "integer"
	}
	for _, v := range s.Enum {
		switch v := v.(type) {
		case string:
			q.enum = append(q.enum, v)
		case nil:
		default:
			return nil
		}
	}
	for name, field := range s.Properties {
		compiled := compileQuick(field)
		if compiled == nil {
			return nil
		}
		if q.fields == nil {
			q.fields = map[string]*quick{}
		}
		q.fields[name] = compiled
	}
	for from, to := range map[*jsonschema.Schema]**quick{s.Items: &q.items, s.AdditionalProperties: &q.additional} {
		if from == nil {
			continue
		}
		if *to = compileQuick(from); *to == nil {
			return nil
		}
	}
	rest := *s // all that is left has to be what does not decide
	rest.Type, rest.Types, rest.Required, rest.Properties, rest.PropertyOrder, rest.Items, rest.AdditionalProperties = "", nil, nil, nil, nil, nil, nil
	rest.Minimum, rest.Maximum, rest.MinLength, rest.MaxLength, rest.MinItems, rest.MaxItems = nil, nil, nil, nil, nil, nil
	rest.Enum, rest.Format, rest.ContentEncoding, rest.Description, rest.Default = nil, "", "", "", nil
	if text, err := json.Marshal(&rest); err != nil || string(text) != "true" && string(text) != "{}" {
		return nil
	}
	return q
}

// decoders are used again: one is some kilobytes.
var decoders = sync.Pool{New: func() any { return jsontext.NewDecoder(new(bytes.Buffer)) }}

// fits tells that a document fits; false says nothing.
func (q *quick) fits(document []byte) bool {
	d := decoders.Get().(*jsontext.Decoder) //nolint:forcetypeassert // nothing else is in it
	defer decoders.Put(d)
	d.Reset(bytes.NewBuffer(document))
	if !q.value(d) {
		return false
	}
	_, err := d.ReadToken()
	d.Reset(new(bytes.Buffer)) // and lets go of the document
	return errors.Is(err, io.EOF)
}

func (q *quick) value(d *jsontext.Decoder) bool {
	kind := d.PeekKind()
	if q.kinds != "" && strings.IndexByte(q.kinds, byte(kind)) < 0 {
		return false
	}
	switch kind {
	case '{':
		return q.object(d)
	case '[':
		return q.array(d)
	case '"':
		return q.text(d)
	case '0':
		return q.number(d)
	default:
		_, err := d.ReadToken()
		return err == nil
	}
}

func (q *quick) object(d *jsontext.Decoder) bool {
	if q.fields == nil && q.additional == nil && len(q.required) == 0 {
		return d.SkipValue() == nil
	}
	if _, err := d.ReadToken(); err != nil {
		return false
	}
	missing := len(q.required)
	for d.PeekKind() != '}' {
		raw, err := d.ReadValue()
		if err != nil || bytes.IndexByte(raw, '\\') >= 0 {
			return false
		}
		name := raw[1 : len(raw)-1]
		field := q.fields[string(name)]
		switch {
		case field != nil:
			if slices.ContainsFunc(q.required, func(r string) bool { return r == string(name) }) {
				missing-- // names come once
			}
		case q.isAmbiguous(name):
			return false
		case q.additional != nil:
			field = q.additional
		default:
			if d.SkipValue() != nil {
				return false
			}
			continue
		}
		if !field.value(d) {
			return false
		}
	}
	_, err := d.ReadToken()
	return err == nil && missing == 0
}

// isAmbiguous tells whether an unknown name may be a known one but for capitals.
func (q *quick) isAmbiguous(name []byte) bool {
	for known := range q.fields {
		if bytes.EqualFold(name, []byte(known)) {
			return true
		}
	}
	return false
}

func (q *quick) array(d *jsontext.Decoder) bool {
	if _, err := d.ReadToken(); err != nil {
		return false
	}
	n := 0
	for ; d.PeekKind() != ']'; n++ {
		if q.items != nil {
			if !q.items.value(d) {
				return false
			}
		} else if d.SkipValue() != nil {
			return false
		}
	}
	_, err := d.ReadToken()
	return err == nil && within(n, q.minItems, q.maxItems)
}

func (q *quick) text(d *jsontext.Decoder) bool {
	raw, err := d.ReadValue()
	if err != nil {
		return false
	}
	if q.enum == nil && q.format == nil && q.minLength == nil && q.maxLength == nil && !q.base64 {
		return true
	}
	if bytes.IndexByte(raw, '\\') >= 0 {
		return false
	}
	text := raw[1 : len(raw)-1]
	switch {
	case q.enum != nil && !slices.Contains(q.enum, string(text)):
		return false
	case q.format != nil && !q.format(string(text)):
		return false
	case q.base64 && !isBase64(text):
		return false
	case q.minLength == nil && q.maxLength == nil:
		return true
	}
	return within(utf8.RuneCount(text), q.minLength, q.maxLength)
}

func within(n int, least, most *int) bool {
	return (least == nil || n >= *least) && (most == nil || n <= *most)
}

// isBase64 is true of the standard alphabet, padded.
func isBase64(text []byte) bool {
	if len(text)%4 != 0 {
		return false
	}
	text = bytes.TrimSuffix(text, []byte("="))
	text = bytes.TrimSuffix(text, []byte("="))
	for _, b := range text {
		if !alphabet[b] {
			return false
		}
	}
	return true
}

var alphabet = func() (in [256]bool) {
	for _, b := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		in[b] = true
	}
	return in
}()

func (q *quick) number(d *jsontext.Decoder) bool {
	token, err := d.ReadToken()
	if err != nil {
		return false
	}
	if q.minimum == nil && q.maximum == nil && !q.whole {
		return true
	}
	n, err := token.Float()
	if err != nil || q.whole && n != float64(int64(n)) || q.whole && (n > 1<<53 || n < -1<<53) {
		return false
	}
	return (q.minimum == nil || n >= *q.minimum) && (q.maximum == nil || n <= *q.maximum)
}
