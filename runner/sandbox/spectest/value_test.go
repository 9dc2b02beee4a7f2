package spectest

import (
	"encoding/json"
	"math"
	"testing"
)

func TestValue(t *testing.T) {
	t.Parallel()
	const (
		negativeNaN  = 0xffc0_0000
		payloadNaN   = 0x7fc0_0001
		signalingNaN = 0x7fa0_0000
	)
	for name, tt := range map[string]struct {
		script string
		result []uint64
		want   bool
	}{
		"i32":                        {`{"type":"i32","value":"4294967295"}`, []uint64{math.MaxUint32}, true},
		"i32_high_bits_are_open":     {`{"type":"i32","value":"1"}`, []uint64{1<<40 | 1}, true},
		"i32_other":                  {`{"type":"i32","value":"1"}`, []uint64{2}, false},
		"i64_high_bits_count":        {`{"type":"i64","value":"1"}`, []uint64{1<<40 | 1}, false},
		"f32_zero_has_a_sign":        {`{"type":"f32","value":"0"}`, []uint64{1 << 31}, false},
		"f32_bits_of_nan":            {`{"type":"f32","value":"2143289345"}`, []uint64{payloadNaN}, true},
		"f32_bits_of_another_nan":    {`{"type":"f32","value":"2143289345"}`, []uint64{payloadNaN + 1}, false},
		"f32_canonical_either_sign":  {`{"type":"f32","value":"nan:canonical"}`, []uint64{negativeNaN}, true},
		"f32_canonical_no_payload":   {`{"type":"f32","value":"nan:canonical"}`, []uint64{payloadNaN}, false},
		"f32_arithmetic_any_payload": {`{"type":"f32","value":"nan:arithmetic"}`, []uint64{payloadNaN}, true},
		"f32_arithmetic_is_quiet":    {`{"type":"f32","value":"nan:arithmetic"}`, []uint64{signalingNaN}, false},
		"f64_canonical":              {`{"type":"f64","value":"nan:canonical"}`, []uint64{0xfff8 << 48}, true},
		"f64_canonical_no_payload":   {`{"type":"f64","value":"nan:canonical"}`, []uint64{0xfff8<<48 | 1}, false},
		"f64_arithmetic_is_quiet":    {`{"type":"f64","value":"nan:arithmetic"}`, []uint64{0x7ff4 << 48}, false},
		"null":                       {`{"type":"externref","value":"null"}`, []uint64{0}, true},
		"externref_is_not_null":      {`{"type":"externref","value":"0"}`, []uint64{0}, false},
		"externref":                  {`{"type":"externref","value":"7"}`, []uint64{8}, true},
		"funcref_is_not_null":        {`{"type":"funcref","value":"null"}`, []uint64{8}, false},
		"any":                        {`{"type":"i64"}`, []uint64{8}, true},
		"any_vector":                 {`{"type":"v128"}`, []uint64{8, 9}, true},
		"lanes_from_the_lowest": {
			`{"type":"v128","lane_type":"i16","value":["1","2","3","4","5","6","7","65535"]}`,
			[]uint64{0x0004_0003_0002_0001, 0xffff_0007_0006_0005},
			true,
		},
		"nan_in_a_lane": {
			`{"type":"v128","lane_type":"f32","value":["1","nan:canonical","3","nan:arithmetic"]}`,
			[]uint64{negativeNaN<<32 | 1, payloadNaN<<32 | 3},
			true,
		},
		"lane_beside_a_nan": {
			`{"type":"v128","lane_type":"f64","value":["nan:canonical","3"]}`, []uint64{0x7ff8 << 48, 4}, false,
		},
		"vector_needs_two_words": {`{"type":"v128","lane_type":"i64","value":["1","2"]}`, []uint64{1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expected, err := decode(tt.script)
			if err != nil {
				t.Fatal(err)
			}
			if got := match(tt.result, expected); got != tt.want {
				t.Errorf("%#x matches %s: got %t, want %t", tt.result, tt.script, got, tt.want)
			}
		})
	}
}

func TestValueRefused(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"too_large":          `{"type":"i32","value":"4294967296"}`,
		"unknown_nan":        `{"type":"f32","value":"nan:0x1"}`,
		"function_reference": `{"type":"funcref","value":"1"}`,
		"lanes_missing":      `{"type":"v128","lane_type":"i32","value":["1"]}`,
		"unknown_lane":       `{"type":"v128","lane_type":"i128","value":["1"]}`,
		"unknown_type":       `{"type":"anyref","value":"1"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := decode(script); err == nil {
				t.Errorf("%s: got %v, want an error", script, got)
			}
		})
	}
}

func decode(script string) ([]word, error) {
	var v value
	if err := json.Unmarshal([]byte(script), &v); err != nil {
		return nil, err
	}
	return words([]value{v})
}
