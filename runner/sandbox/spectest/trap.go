package spectest

import "strings"

// traps tells what the engine calls the traps that scripts expect, by what scripts call them.
var traps = map[string]string{
	"call stack exhausted":          "stack overflow",
	"indirect call":                 "indirect call type mismatch",
	"indirect call type mismatch":   "indirect call type mismatch",
	"integer divide by zero":        "integer divide by zero",
	"integer overflow":              "integer overflow",
	"invalid conversion to integer": "invalid conversion to integer",
	"out of bounds memory access":   "out of bounds memory access",
	"out of bounds table access":    "invalid table access",
	"undefined":                     "invalid table access",
	"undefined element":             "invalid table access",
	"unreachable":                   "unreachable",
}

// trapExpected is the engine's name of the trap that a command expects, or empty when there is none.
func trapExpected(text string) string {
	if strings.HasPrefix(text, "uninitialized") {
		return "invalid table access" // Some scripts add which element.
	}
	return traps[text]
}

// trapOf is the engine's name of the trap that ended a call, or the first line of the error when it was none of these.
func trapOf(err error) string {
	text := err.Error()
	if _, name, ok := strings.Cut(text, "wasm error: "); ok {
		text = name
	}
	first, _, _ := strings.Cut(text, "\n")
	return first
}
