package sandbox_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/internal/guests"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// BenchmarkRunEmpty is what a sandbox costs.
func BenchmarkRunEmpty(b *testing.B) {
	m := prepareOn(b, newEngine(b, false), guest)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := run(b.Context(), m, "empty", "", &recorder{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRunEmptyParallel is what sandboxes cost when each processor makes them.
func BenchmarkRunEmptyParallel(b *testing.B) {
	m := prepareOn(b, newEngine(b, false), guest)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := run(b.Context(), m, "empty", "", &recorder{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkImport is what one call of an import costs, a loop of the guest around it.
func BenchmarkImport(b *testing.B) {
	m := prepareOn(b, newEngine(b, false), guest)
	host := &recorder{}
	calls := 0
	host.interrupt = func() sandbox.Interrupt {
		if calls++; calls < b.N {
			return sandbox.Continue
		}
		return sandbox.Shutdown
	}
	if _, err := run(b.Context(), m, "asked", "", host); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkPrepare is what the smallest module costs before it can run.
func BenchmarkPrepare(b *testing.B) {
	engine := newEngine(b, false)
	for b.Loop() {
		m, err := engine.Prepare(b.Context(), guest, sandbox.Options{MaxMemory: maxMemory})
		if err != nil {
			b.Fatal(err)
		}
		if err := m.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRunGo runs 25 rounds of the counter of extensions/counter, a guest of the Go toolchain.
func BenchmarkRunGo(b *testing.B) {
	wasm, err := os.ReadFile(filepath.Join(guests.Build(b, "counter"), "counter.wasm"))
	if err != nil {
		b.Fatal(err)
	}
	m, err := newEngine(b, false).Prepare(b.Context(), wasm, sandbox.Options{MaxMemory: 64 << 20})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = m.Close(b.Context()) })
	id := uuid.New()
	input := sandbox.Input{
		Job: "counter", JobID: id, State: []byte(`{"current":0,"target":25,"processed":[]}`),
		Context: []byte(`{"job_id":"` + id.String() + `","library_id":"` + uuid.NewString() + `"}`),
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Run(b.Context(), input, &recorder{}); err != nil {
			b.Fatal(err)
		}
	}
}
