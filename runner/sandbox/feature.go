package sandbox

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// feature is a proposal of WebAssembly that guests cannot use. WebAssembly 2.0, SIMD included, is accepted.
type feature string

const (
	threads       feature = "threads"
	references    feature = "garbage-collected or typed references"
	exceptions    feature = "exceptions"
	tailCalls     feature = "tail calls"
	extendedConst feature = "extended constant expressions"
	memory64      feature = "64-bit memory"
	multiMemory   feature = "several memories"
	relaxedSIMD   feature = "relaxed SIMD"
)

// remedies say what to do without a feature.
var remedies = map[feature]string{
	threads:       "build it without atomics and shared memory",
	references:    "write it in a language that compiles to linear memory",
	exceptions:    "build it without them (Rust: panic=abort, C++: -fno-exceptions)",
	tailCalls:     "build it without them (clang: -mno-tail-call)",
	extendedConst: "build it without them (clang: -mno-extended-const)",
	memory64:      "build it for wasm32",
	multiMemory:   "build it with one",
	relaxedSIMD:   "build it without (clang: -mno-relaxed-simd)",
}

func notAccepted(f feature) error {
	return fmt.Errorf("the module uses %s, which guests cannot: %s", f, remedies[f])
}

// refusal says why the engine refused a module.
func refusal(err error) error { return errors.New(cut(err.Error(), 300)) }

// brief is a name that a module made up, as it may stand in a sentence.
func brief(name string) string {
	return cut(strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, cut(name, 128)), "?"), 64)
}

// cut shortens a text to about limit bytes, between two characters.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit] + "…"
}
