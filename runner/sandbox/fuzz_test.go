package sandbox_test

import (
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/airlock-run/airlock/runner/sandbox"
)

//go:embed testdata/abi.wasm
var abi []byte

// FuzzPrepare prepares arbitrary bytes: they are refused in a sentence or taken, never a panic.
func FuzzPrepare(f *testing.F) {
	for _, wasm := range modules(f) {
		f.Add(wasm)
	}
	f.Add(guest)
	f.Add(hostile)
	f.Add([]byte(nil))
	engine := newEngine(f, true)
	f.Fuzz(func(t *testing.T, wasm []byte) {
		if len(wasm) > 16<<10 {
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		m, err := engine.Prepare(ctx, wasm, sandbox.Options{MaxMemory: 1 << 20})
		if err != nil {
			if text := err.Error(); text == "" || len(text) > 3000 {
				t.Fatalf("error of %d bytes: %.200s", len(text), text)
			}
			return
		}
		for _, job := range m.Jobs() {
			_, _ = run(ctx, m, job.Name, "", &recorder{})
		}
		if err := m.Close(context.WithoutCancel(ctx)); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzABI lets a guest call one import with arbitrary numbers: the run ends in order or with the guest's fault, never
// with a panic of the host.
func FuzzABI(f *testing.F) {
	engine := newEngine(f, true)
	m := prepareOn(f, engine, abi)
	jobs := m.Jobs()
	state := func(numbers ...uint64) []byte {
		var data []byte
		for _, n := range numbers {
			data = binary.LittleEndian.AppendUint64(data, n)
		}
		return append(data, make([]byte, 16)...)
	}
	for i := range jobs {
		f.Add(byte(i), state(0, 8, 0, 8, 0, 0, 0, 0, 0))
		f.Add(byte(i), state(1, 65536, 2, 65544, 16, 1, 1, 1, 1))
		f.Add(byte(i), state(1<<32-1, 1<<32-1, 1<<32-1, 1<<32-1, 1<<32-1, 1<<64-1, 1<<64-1, 1<<32-1, 1<<32-1))
		f.Add(byte(i), append(state(65548, 30, 0, 0, 0, 0, 0, 0, 0), `[{"method":"query:x","payload":[1]}]`...))
	}
	f.Fuzz(func(t *testing.T, which byte, state []byte) {
		if len(state) < 80 || len(state) > 64<<10 {
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		host := &recorder{checkpoint: []byte("saved")}
		_, err := m.Run(ctx, sandbox.Input{Job: jobs[int(which)%len(jobs)].Name, Context: []byte("{}"), State: state}, host)
		if broken := runtime.Error(nil); errors.As(err, &broken) {
			t.Fatalf("host function broke: %v", err)
		}
		if err != nil && len(err.Error()) > 3000 {
			t.Fatalf("error of %d bytes", len(err.Error()))
		}
		for _, line := range host.trace {
			if strings.HasPrefix(line, "progress ") && strings.ContainsAny(line[9:10], "NI-") {
				t.Fatalf("not a fraction: %s", line)
			}
		}
	})
}
