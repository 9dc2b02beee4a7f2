package spectest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// value is a parameter, or what a result must be.
type value struct {
	Type string `json:"type"`
	// Lane is the type of a vector's lanes.
	Lane string `json:"lane_type"`
	// Value is one number, a list of lanes from the lowest, or nothing: any value of the type.
	Value texts `json:"value"`
}

// texts is a list of strings that is written as a string when there is one.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(raw []byte) error {
	if raw[0] == '[' {
		return json.Unmarshal(raw, (*[]string)(t))
	}
	var one string
	if err := json.Unmarshal(raw, &one); err != nil {
		return err
	}
	*t = texts{one}
	return nil
}

// String is the value as scripts write it.
func (v value) String() string {
	if v.Lane != "" {
		return v.Type + "." + v.Lane + ":" + strings.Join(v.Value, ",")
	}
	return v.Type + ":" + strings.Join(v.Value, ",")
}

// word is 64 bits of a value as the engine passes it, and which of them count.
type word struct{ bits, mask uint64 }

// words are the values as the engine passes them: a vector takes two words, anything else one.
func words(values []value) ([]word, error) {
	var all []word
	for _, v := range values {
		one, err := v.words()
		if err != nil {
			return nil, fmt.Errorf("decode %s: %w", v, err)
		}
		all = append(all, one...)
	}
	return all, nil
}

func (v value) words() ([]word, error) {
	switch {
	case v.Type == "v128" && len(v.Value) == 0:
		return make([]word, 2), nil
	case len(v.Value) == 0:
		return make([]word, 1), nil
	case v.Type == "v128":
		return v.lanes()
	default:
		one, err := scalar(v.Type, v.Value[0])
		return []word{one}, err
	}
}

func (v value) lanes() ([]word, error) {
	width := widths[v.Lane]
	if width == 0 || width*len(v.Value) != 128 {
		return nil, fmt.Errorf("%d lanes of type %q make no vector", len(v.Value), v.Lane)
	}
	all := make([]word, 2)
	for i, text := range v.Value {
		lane, err := scalar(v.Lane, text)
		if err != nil {
			return nil, err
		}
		half, shift := &all[i*width/64], i*width%64
		half.bits |= lane.bits << shift
		half.mask |= lane.mask << shift
	}
	return all, nil
}

var widths = map[string]int{"i8": 8, "i16": 16, "i32": 32, "i64": 64, "f32": 32, "f64": 64}

// NaNs: of a canonical one the sign is open; of an arithmetic one also the payload, but for its highest bit.
var nans = map[string]word{
	"f32 nan:canonical":  {0x7fc0_0000, 0x7fff_ffff},
	"f32 nan:arithmetic": {0x7fc0_0000, 0x7fc0_0000},
	"f64 nan:canonical":  {0x7ff8_0000_0000_0000, 0x7fff_ffff_ffff_ffff},
	"f64 nan:arithmetic": {0x7ff8_0000_0000_0000, 0x7ff8_0000_0000_0000},
}

func scalar(kind, text string) (word, error) {
	if nan, ok := nans[kind+" "+text]; ok {
		return nan, nil
	}
	width, ok := widths[kind]
	switch {
	case ok:
	case text == "null":
		return word{mask: ^uint64(0)}, nil
	case kind == "externref":
		width = 64
	default:
		return word{}, fmt.Errorf("a script cannot name a value of type %q", kind)
	}
	bits, err := strconv.ParseUint(text, 10, width)
	if err != nil {
		return word{}, err
	}
	if kind == "externref" {
		bits++ // The engine takes 0 for null, the script for a reference like any other.
	}
	return word{bits: bits, mask: ^uint64(0) >> (64 - width)}, nil
}

// match reports whether the engine's results are as expected.
func match(results []uint64, expected []word) bool {
	if len(results) != len(expected) {
		return false
	}
	for i, want := range expected {
		if results[i]&want.mask != want.bits&want.mask {
			return false
		}
	}
	return true
}
