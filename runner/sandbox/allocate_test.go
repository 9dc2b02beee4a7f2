package sandbox_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/runner/sandbox"
)

//go:embed testdata/hostile.wasm
var hostile []byte

// onHostile runs a test of the guest of testdata/hostile.wat on each engine.
func onHostile(t *testing.T, test func(t *testing.T, m *sandbox.Module)) {
	t.Helper()
	eachEngine(t, func(t *testing.T, engine *sandbox.Engine) { test(t, prepareOn(t, engine, hostile)) })
}

// answers makes a host that answers each call with JSON of a length.
func answers(length int) *recorder {
	text := json.RawMessage(`"` + strings.Repeat("x", length-2) + `"`)
	return &recorder{answer: func(context.Context, sandbox.Call) json.RawMessage { return text }}
}

// lies are the sizes that the wasm_alloc of testdata/hostile.wat lies about.
const (
	lieZero = 1000 + iota
	lieOutside
	lieSame
	lieTraps
	lieCalls
	lieExits
	lieGrows
	lieFull
)

const noRoom = `log info {"code":"resource_exhausted","error":"the guest has no memory for an answer of `

// An answer of n bytes is n+4 for wasm_alloc.
func TestAllocatorThatLiesAboutResults(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		length int
		want   []string
		fails  string
	}{
		"zero":     {length: lieZero - 4, want: []string{noRoom + `996 bytes"}`}},
		"full":     {length: lieFull - 4, want: []string{"log error the guest has no memory for an answer of 1003 bytes", "log error no room"}},
		"same":     {length: lieSame - 4, want: []string{"log info " + string(answers(lieSame-4).answer(nil, sandbox.Call{}))}},
		"grows":    {length: lieGrows - 4, want: []string{"log info " + string(answers(lieGrows-4).answer(nil, sandbox.Call{}))}},
		"outside":  {length: lieOutside - 4, fails: "wasm_alloc: answered 4294967280 for 1001 bytes, which is outside of the guest's memory of 131072 bytes"},
		"traps":    {length: lieTraps - 4, fails: "wasm_alloc: the guest trapped: unreachable, in "},
		"calls":    {length: lieCalls - 4, fails: "wasm_alloc: spacedrive_call: called by wasm_alloc, which is to make room for its result"},
		"exits":    {length: lieExits - 4, fails: "wasm_alloc: the guest exited with code 0 (proc_exit)"},
		"too much": {length: maxMemory, want: []string{noRoom + `4194304 bytes"}`}},
		"8 MB":     {length: 8 << 20, want: []string{`log info {"code":"resource_exhausted","error":"the guest has no memory for an answer of 8388608 bytes"}`}},
		"101 MB":   {length: 101 << 20, want: []string{`log info {"code":"resource_exhausted","error":"the answer of query:x is 105906176 bytes, at most 104857600 fit"}`}},
	}
	onHostile(t, func(t *testing.T, m *sandbox.Module) {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				host := answers(c.length)
				_, err := run(t.Context(), m, "call", "", host)
				checkFailure(t, err, c.fails)
				if c.fails != "" {
					return
				}
				if diff := cmp.Diff(c.want, host.trace[1:]); diff != "" {
					t.Errorf("after the call (-want +got):\n%s", diff)
				}
			})
		}
	})
}

func TestAllocatorThatLiesAboutState(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		length int
		fails  string
	}{
		"zero":     {lieZero, "the guest failed: the guest has no memory for its state of 1000 bytes"},
		"outside":  {lieOutside, "wasm_alloc: answered 4294967280 for 1001 bytes, which is outside of the guest's memory of 131072 bytes"},
		"same":     {lieSame, ""},
		"grows":    {lieGrows, ""},
		"traps":    {lieTraps, "wasm_alloc: the guest trapped: unreachable, in "},
		"calls":    {lieCalls, "wasm_alloc: spacedrive_call: called by wasm_alloc, which is to make room for its result"},
		"exits":    {lieExits, "wasm_alloc: the guest exited with code 0 (proc_exit)"},
		"too much": {maxMemory + 1, "limit of memory: the guest has no memory for its state of 4194305 bytes, it may have 4194304"},
	}
	onHostile(t, func(t *testing.T, m *sandbox.Module) {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				host := &recorder{}
				_, err := run(t.Context(), m, "nothing", strings.Repeat("x", c.length), host)
				checkFailure(t, err, c.fails)
				if host.trace != nil {
					t.Errorf("the host was called: %q", host.trace)
				}
			})
		}
	})
}

// A checkpoint there is no room for ends the run. A guest told that there is none would begin again.
func TestCheckpointWithoutRoom(t *testing.T) {
	t.Parallel()
	onHostile(t, func(t *testing.T, m *sandbox.Module) {
		_, err := m.Run(t.Context(), sandbox.Input{Job: "load", Context: []byte("{}")}, &recorder{checkpoint: make([]byte, lieZero-4)})
		checkFailure(t, err, "job_load_checkpoint: the guest has no memory for a checkpoint of 996 bytes")
	})
}

// A host that panics is a bug of ours: it must neither end the process nor be put down to the guest.
func TestHostPanics(t *testing.T) {
	t.Parallel()
	onHostile(t, func(t *testing.T, m *sandbox.Module) {
		host := &recorder{answer: func(_ context.Context, c sandbox.Call) json.RawMessage {
			return c.Payload[len(c.Method):] // out of range
		}}
		_, err := run(t.Context(), m, "call", "", host)
		checkFailure(t, err, "a host function broke, which is no fault of the guest: runtime error: slice bounds out of range [7:0]")
	})
}

// checkFailure compares an error with what it is to begin with; empty for none.
func checkFailure(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Fatalf("run: %v", err)
	case want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)):
		t.Fatalf("error is %v\nwant %s", err, want)
	}
}
