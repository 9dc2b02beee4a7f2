package wasm

import (
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

// TooMany refuses what a module has too many of.
func TooMany(count uint64, what string, limit uint64) error {
	return fmt.Errorf("%d %s, at most %d are possible", count, what, limit)
}

// Brief is a name that a module made up, as it may stand in a sentence.
func Brief(name string) string {
	return Cut(strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, Cut(name, 128)), "?"), 64)
}

// Cut shortens a text to about limit bytes, between two characters.
func Cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit] + "…"
}

// Features that show in sections.
var (
	// ErrExceptions refuses tags, which come with exceptions.
	ErrExceptions = notAccepted(exceptions)
	// ErrMultiMemory refuses more than one memory.
	ErrMultiMemory = notAccepted(multiMemory)
)
