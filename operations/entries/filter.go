package entries

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"unicode"

	"github.com/airlock-run/airlock/bus"
)

const (
	maxFilters   = 16
	maxField     = 128
	maxIn        = 100
	maxValueSize = 1024
)

// Filter is a condition that an entry's metadata has to fit.
type Filter struct {
	Field string          `json:"field" jsonschema:"field of the metadata, such as total, or vendor.name for one below another"`
	Op    string          `json:"op" jsonschema:"eq, in, gt, gte, lt, lte or prefix"`
	Value json.RawMessage `json:"value" jsonschema:"what it is compared with: a number, text, true or false; for in a list of them, for prefix the beginning of a text"`

	values []any
}

// The operators.
const (
	opEqual    = "eq"
	opIn       = "in"
	opAbove    = "gt"
	opAtLeast  = "gte"
	opBelow    = "lt"
	opAtMost   = "lte"
	opPrefixed = "prefix"
)

// checkFilters reads the values of filters.
//
// # Errors
//
// invalid_argument.
func checkFilters(filters []Filter) ([]Filter, error) {
	if len(filters) > maxFilters {
		return nil, bus.Errorf(bus.InvalidArgument, "filters are %d, at most %d are possible", len(filters), maxFilters)
	}
	checked := slices.Clone(filters)
	for i := range checked {
		if err := checked[i].check(); err != nil {
			return nil, bus.Errorf(bus.InvalidArgument, "filters/%d: %s", i, bus.AsError(err).Message)
		}
	}
	return checked, nil
}

func (f *Filter) check() error {
	if err := CheckField(f.Field); err != nil {
		return err
	}
	if !slices.Contains([]string{opEqual, opIn, opAbove, opAtLeast, opBelow, opAtMost, opPrefixed}, f.Op) {
		return bus.Errorf(bus.InvalidArgument, "op is %.20q, want eq, in, gt, gte, lt, lte or prefix", f.Op)
	}
	decoded, err := decode([]byte(`{"value":` + string(f.Value) + `}`))
	if err != nil {
		return bus.Errorf(bus.InvalidArgument, "value is missing")
	}
	list := []any{decoded["value"]}
	if f.Op == opIn {
		var ok bool
		if list, ok = decoded["value"].([]any); !ok || len(list) == 0 || len(list) > maxIn {
			return bus.Errorf(bus.InvalidArgument, "value of in: want a list of 1 to %d", maxIn)
		}
	}
	for _, one := range list {
		value := scalar(one)
		text, isText := value.(string)
		_, isBool := value.(bool)
		switch {
		case value == nil:
			return bus.Errorf(bus.InvalidArgument, "value: want a number, text, true or false")
		case len(text) > maxValueSize:
			return bus.Errorf(bus.InvalidArgument, "value is %d bytes, at most %d are possible", len(text), maxValueSize)
		case f.Op == opPrefixed && !isText:
			return bus.Errorf(bus.InvalidArgument, "value of prefix: want text")
		case isBool && f.Op != opEqual && f.Op != opIn:
			return bus.Errorf(bus.InvalidArgument, "true and false are not ordered: want eq")
		}
		f.values = append(f.values, value)
	}
	return nil
}

// CheckField tells whether a text names a field.
//
// # Errors
//
// invalid_argument.
func CheckField(field string) error {
	if field == "" || len(field) > maxField || slices.Contains(strings.Split(field, "."), "") || strings.ContainsFunc(field, unicode.IsControl) {
		return bus.Errorf(bus.InvalidArgument, "field %.200q: want the name of a field of the metadata, of at most %d bytes, such as total or vendor.name", field, maxField)
	}
	return nil
}

// fits tells whether metadata fits the filter.
func (f *Filter) fits(m metadata) bool {
	value := m.value(f.Field)
	for _, want := range f.values {
		switch want := want.(type) {
		case float64:
			if number, ok := value.(float64); ok && f.compare(cmp.Compare(number, want)) {
				return true
			}
		case string:
			if text, ok := value.(string); ok && (f.Op == opPrefixed && strings.HasPrefix(text, want) || f.Op != opPrefixed && f.compare(strings.Compare(text, want))) {
				return true
			}
		case bool:
			if is, ok := value.(bool); ok && is == want {
				return true
			}
		}
	}
	return false
}

func (f *Filter) compare(order int) bool {
	switch f.Op {
	case opAbove:
		return order > 0
	case opAtLeast:
		return order >= 0
	case opBelow:
		return order < 0
	case opAtMost:
		return order <= 0
	default:
		return order == 0
	}
}

// valueType is the type of all the filter's values; none when they differ or are in no index.
func (f *Filter) valueType() (t Type, ok bool) {
	for i, value := range f.values {
		one := Number
		switch value.(type) {
		case string:
			one = Text
		case bool:
			return "", false
		}
		if i > 0 && one != t {
			return "", false
		}
		t = one
	}
	return t, true
}
