package prepare

import (
	"encoding/json"

	"github.com/airlock-run/airlock/runner/sandbox"
)

// childArgument makes an executable a child: it is its only argument.
const childArgument = "airlock-prepare-module"

// order is the first line that a child reads. The module follows it.
type order struct {
	// Size is that of the module, in bytes.
	Size     int      `json:"size"`
	Settings settings `json:"settings"`
	Limits   Limits   `json:"limits"`
}

// settings are the options that what is prepared depends on.
type settings struct {
	MaxMemory  uint64 `json:"max_memory"`
	NoSnapshot bool   `json:"no_snapshot"`
}

func settingsOf(options sandbox.Options) settings {
	return settings{MaxMemory: options.MaxMemory, NoSnapshot: options.NoSnapshot}
}

// report is a line that a child writes. Exactly one field is set.
type report struct {
	// Hello is the first: the identity of the child's executable.
	Hello string `json:"hello,omitempty"`
	// Stage is the stage that begins.
	Stage string `json:"stage,omitempty"`
	// Refused, Failed and Done are the last: one of them, or the child broke. Failed is for what is not the module's fault.
	Refused *refusal `json:"refused,omitempty"`
	Failed  string   `json:"failed,omitempty"`
	Done    *done    `json:"done,omitempty"`
}

type refusal struct {
	Stage  string `json:"stage"`
	Reason string `json:"reason"`
}

type done struct {
	// Memory is the most the child had, in bytes.
	Memory uint64 `json:"memory"`
}

// What a child leaves in its directory.
const (
	wasmFile  = "prepared.wasm"
	imageFile = "memory.image"
	factsFile = "facts.json"
	codeDir   = "code"
)

// maxReport is the longest line a child may write, and maxReports bounds all lines together.
const (
	maxReport  = 64 << 10
	maxReports = 256 << 10
)

func parseReport(line []byte) (report, error) {
	var r report
	err := json.Unmarshal(line, &r)
	return r, err //nolint:wrapcheck // who calls says what it was
}
