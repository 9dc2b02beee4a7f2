package snapshot_test

import (
	"context"
	"math"
	"os"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/airlock-run/airlock/runner/sandbox/meter"
	"github.com/airlock-run/airlock/runner/sandbox/sandboxtest"
	"github.com/airlock-run/airlock/runner/sandbox/snapshot"
	"github.com/airlock-run/airlock/runner/sandbox/validate"
)

func metered(t *testing.T, module []byte) (*validate.Module, *meter.Result) {
	t.Helper()
	in, err := validate.Validate(module)
	if err != nil {
		t.Fatal(err)
	}
	out, err := meter.Rewrite(in)
	if err != nil {
		t.Fatal(err)
	}
	return in, out
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	module, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return module
}

func TestPossible(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		module []byte
		want   string
	}{
		"ok":              {read(t, "../testdata/dirty.wasm"), ""},
		"all it may not":  {read(t, "../testdata/dirty_tables.wasm"), "its code can change data.drop, elem.drop, globals of type v128, globals that hold references, tables"},
		"table.set":       {sandboxtest.Code([]byte("\x41\x00\xd0\x70\x26\x00\x0b")), "its code can change tables"},
		"table.grow":      {sandboxtest.Code([]byte("\xd0\x70\x41\x01\xfc\x0f\x00\x1a\x0b")), "its code can change tables"},
		"table.fill":      {sandboxtest.Code([]byte("\x41\x00\xd0\x70\x41\x01\xfc\x11\x00\x0b")), "its code can change tables"},
		"data.drop":       {sandboxtest.Code([]byte("\xfc\x09\x00\x0b")), "its code can change data.drop"},
		"elem.drop":       {sandboxtest.Code([]byte("\xfc\x0d\x00\x0b")), "its code can change elem.drop"},
		"memory.init":     {sandboxtest.Code([]byte("\x41\x00\x41\x00\x41\x00\xfc\x08\x00\x00\x0b")), ""},
		"no memory":       {[]byte("\x00asm\x01\x00\x00\x00"), "it has no memory of its own"},
		"memory imported": {[]byte("\x00asm\x01\x00\x00\x00\x02\x08\x01\x01a\x01b\x02\x00\x01"), "it has no memory of its own"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := snapshot.Possible(metered(t, c.module)); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// A frozen module begins with the values, to the bit, and as much memory; its passive segments are there, its active
// ones are not written again.
func TestFreeze(t *testing.T) {
	t.Parallel()
	_, out := metered(t, read(t, "../testdata/dirty.wasm"))
	bits := map[byte]uint64{
		api.ValueTypeI32: api.EncodeI32(math.MinInt32), api.ValueTypeI64: 1<<63 | 1,
		api.ValueTypeF32: 0xffc00001, api.ValueTypeF64: 0x7ff0000000000001, // signalling, with a payload
	}
	var values []snapshot.Value
	kinds := map[byte]bool{}
	for _, g := range out.Globals {
		values = append(values, snapshot.Value{Global: g, Bits: bits[g.Type]})
		kinds[g.Type] = true
	}
	if len(kinds) != 4 {
		t.Fatalf("there are globals of %d types", len(kinds))
	}
	frozen, err := snapshot.Freeze(out, values, 40)
	if err != nil {
		t.Fatal(err)
	}
	for name, config := range map[string]wazero.RuntimeConfig{"compiler": wazero.NewRuntimeConfigCompiler(), "interpreter": wazero.NewRuntimeConfigInterpreter()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := wazero.NewRuntimeWithConfig(t.Context(), config)
			t.Cleanup(func() { _ = r.Close(context.Background()) })
			link(t, r)
			m, err := r.InstantiateWithConfig(t.Context(), frozen, wazero.NewModuleConfig().WithStartFunctions())
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				if got := m.ExportedGlobal(v.Export).Get(); got != v.Bits {
					t.Errorf("%s is %x, want %x", v.Export, got, v.Bits)
				}
			}
			if got := m.Memory().Size(); got != 40*snapshot.PageSize {
				t.Errorf("the memory is %d bytes", got)
			}
			if text, _ := m.Memory().Read(8, 7); string(text) == "written" {
				t.Error("an active segment is written again")
			}
		})
	}
}

// link gives a module functions that do nothing for its imports.
func link(t *testing.T, r wazero.Runtime) {
	t.Helper()
	nothing := api.GoModuleFunc(func(context.Context, api.Module, []uint64) {})
	for _, f := range []struct {
		module, name string
		params       int
	}{{meter.Module, meter.Refill, 1}, {"spacedrive", "register_job", 5}, {"wasi_snapshot_preview1", "fd_write", 4}} {
		params := make([]api.ValueType, f.params)
		for i := range params {
			params[i] = api.ValueTypeI32
		}
		_, err := r.NewHostModuleBuilder(f.module).NewFunctionBuilder().
			WithGoModuleFunction(nothing, params, []api.ValueType{api.ValueTypeI32}).Export(f.name).Instantiate(t.Context())
		if err != nil {
			t.Fatal(err)
		}
	}
}
