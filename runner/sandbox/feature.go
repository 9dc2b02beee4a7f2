package sandbox

import (
	"errors"
	"fmt"
	"regexp"
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
}

func notAccepted(f feature) error {
	return fmt.Errorf("the module uses %s, which guests cannot: %s", f, remedies[f])
}

// needs finds, in the engine's words, the feature a function would need.
var needs = []struct {
	words   *regexp.Regexp
	feature feature
}{
	{regexp.MustCompile(`feature "threads" is disabled$`), threads},
	{regexp.MustCompile(`feature "tail-call" is disabled$`), tailCalls},
	{regexp.MustCompile(`feature "exception-handling" is disabled$|: invalid instruction 0x(6|7|8|9|a|18|19|1f)$`), exceptions},
	{regexp.MustCompile(`feature "typed-function-references" is disabled$|: invalid instruction 0x(fb|14|15|d[3-6])$`), references},
}

// refusal says why the engine refused a module.
func refusal(err error) error {
	for _, n := range needs {
		if n.words.MatchString(err.Error()) {
			return notAccepted(n.feature)
		}
	}
	return errors.New(cut(err.Error(), 300))
}

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
