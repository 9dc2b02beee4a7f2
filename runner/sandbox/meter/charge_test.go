package meter_test

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/airlock-run/airlock/runner/sandbox/meter"
	"github.com/airlock-run/airlock/runner/sandbox/validate"
)

//go:embed testdata/small.wasm
var small []byte

func rewrite(tb testing.TB, module []byte) *meter.Result {
	tb.Helper()
	in, err := validate.Validate(module)
	if err != nil {
		tb.Fatal(err)
	}
	out, err := meter.Rewrite(in)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// guest is an instance of a module, metered or not, with a host that hands out rations of one size.
type guest struct {
	api.Module

	runtime        wazero.Runtime
	granted, turns int64
}

func instantiate(t *testing.T, config wazero.RuntimeConfig, module []byte, ration int64) *guest {
	t.Helper()
	r := wazero.NewRuntimeWithConfig(t.Context(), config.WithCoreFeatures(api.CoreFeaturesV2))
	t.Cleanup(func() { _ = r.Close(context.Background()) })
	g := &guest{runtime: r}
	i32 := []api.ValueType{api.ValueTypeI32}
	_, err := r.NewHostModuleBuilder(meter.Module).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, _ api.Module, stack []uint64) {
			left := int64(api.DecodeI32(stack[0]))
			grant := ration - max(left, 0)
			g.granted, g.turns = g.granted+grant, g.turns+1
			stack[0] = api.EncodeI32(int32(left + grant))
		}), i32, i32).Export(meter.Refill).Instantiate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if g.Module, err = r.InstantiateWithConfig(t.Context(), module, wazero.NewModuleConfig().WithStartFunctions(meter.StartExport)); err != nil {
		t.Fatal(err)
	}
	return g
}

// used is how much fuel was used up since the instance was made.
func (g *guest) used() int64 {
	return g.granted - int64(api.DecodeI32(g.ExportedGlobal(meter.FuelExport).Get()))
}

// call calls a function and returns what came of it: its result, or how it trapped.
func (g *guest) call(t *testing.T, name string, argument int32) string {
	t.Helper()
	results, err := g.ExportedFunction(name).Call(t.Context(), api.EncodeI32(argument))
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return first
	}
	return strconv.Itoa(int(api.DecodeI32(results[0])))
}

// pattern fills the memory with bytes that tell where they were.
func (g *guest) pattern(t *testing.T) {
	t.Helper()
	for i, memory := 0, g.memory(t); i+4 <= len(memory); i += 4 {
		binary.LittleEndian.PutUint32(memory[i:], uint32(i)*0x9e3779b1)
	}
}

// memory is the memory itself.
func (g *guest) memory(t *testing.T) []byte {
	t.Helper()
	memory, ok := g.Memory().Read(0, g.Memory().Size())
	if !ok {
		t.Fatal("there is no memory")
	}
	return memory
}

var engines = map[string]func() wazero.RuntimeConfig{"compiler": wazero.NewRuntimeConfigCompiler, "interpreter": wazero.NewRuntimeConfigInterpreter}

// What small functions are charged, by the weights of weight.go. The numbers are the price list: a change of one is a
// change for whoever set a limit.
func TestCharges(t *testing.T) {
	t.Parallel()
	module := rewrite(t, small).Wasm
	cases := []struct {
		function string
		argument int32
		fuel     int64
	}{
		{"empty", 1, 0},
		{"leaf", 1, 4},
		{"load", 0, 0},
		{"branch", 0, 0},
		{"branch", 1, 0},
		{"calls", 1, 22},
		{"indirect", 1, 23},
		{"global", 1, 0},
		{"sum", 0, 18},
		{"sum", 1, 31},
		{"sum", 100, 1331},
		{"with_result", 10, 132},
		{"with_parameters", 10, 80},
		{"returns", 64, 84},
		{"table", 0, 867},
		{"nested", 1, 53},
		{"nested", 2, 106},
		{"out_of_two", 9, 136},
		{"calls_in_loop", 1, 21},
		{"calls_in_loop", 11, 221},
		{"fibonacci", 1, 0},
		{"fibonacci", 2, 37},
		{"fibonacci", 10, 3256},
		{"grow", 1, 0},
		{"reference", 1, 33},
		{"jumps", 0, 132},
		{"jumps", 1, 198},
		{"jumps", 2, 198},
		{"fill_little", 1, 66},
		{"copy_any", 1024, 0},
		{"copy_any", 1025, 8},
		{"copy_any", 1 << 20, 8192},
	}
	for engine, config := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			for _, c := range cases {
				g := instantiate(t, config(), module, 1000)
				before := g.used()
				g.call(t, c.function, c.argument)
				if got := g.used() - before; got != c.fuel {
					t.Errorf("%s(%d) is charged %d, want %d", c.function, c.argument, got, c.fuel)
				}
			}
		})
	}
}

// Functions answer what they answered before they were metered, whenever the host has its turn.
func TestMeaningStays(t *testing.T) {
	t.Parallel()
	module := rewrite(t, small).Wasm
	const step = 1 << 20
	arguments := map[string][]int32{
		"sum": {0, 1, 100}, "with_result": {0, 1, 50}, "with_parameters": {1, 2, 15}, "returns": {-1, 5, 1 << 30}, "table": {0, 1, 2, 7, 60},
		"nested": {1, 20}, "out_of_two": {0, 1, 30}, "calls_in_loop": {1, 30}, "fibonacci": {0, 1, 15}, "grow": {0, 1, 16, 17, -1},
		"leaf": {1}, "empty": {1}, "load": {0, 0x400000 - 4, 0x400000 - 3, -1}, "branch": {0, 1}, "calls": {1}, "indirect": {1}, "global": {1}, "reference": {4},
		"fill":          {0, 1, step - 1, step, step + 1, 4*step - 4, 4*step - 3, 4*step - 2, -1},
		"copy_up":       {0, 1, step, step + 1, 3*step + 7, 4*step - 5, 4*step - 4, -1},
		"copy_down":     {0, 1, step, step + 1, 3*step + 7, 4*step - 5, 4*step - 4, -1},
		"copy_in_place": {step, 2*step + 1, 4*step - 5, 4*step - 4},
		"copy_to_end":   {1, step, 2*step + 3, 4*step - 1, 4 * step},
		"fill_beyond":   {1, step, step + 1, 2 * step}, "copy_beyond": {1, step + 1, 2 * step}, "copy_around": {8, 16, step + 1},
		"init":  {0, 1, 10, 11, -1, step + 1},
		"jumps": {0, 1, 2, 3, 4, 9, 10, 1000, -1}, "no_jumps": {0}, "fill_little": {0, 1, 99, 4<<20 - 16, 4<<20 - 15, -1},
		"copy_any": {0, 1, 1023, 1024, 1025, step, 4*step - 2000, 4*step - 1999, -1},
	}
	for engine, config := range engines {
		for _, ration := range []int64{100, 100_000} {
			if engine == "interpreter" && (ration != 100 || testing.Short()) {
				continue
			}
			t.Run(fmt.Sprint(engine, " with rations of ", ration), func(t *testing.T) {
				t.Parallel()
				cache := wazero.NewCompilationCache()
				t.Cleanup(func() { _ = cache.Close(context.Background()) })
				for name, values := range arguments {
					for _, value := range values {
						before, after := instantiate(t, config().WithCompilationCache(cache), small, 0), instantiate(t, config().WithCompilationCache(cache), module, ration)
						before.pattern(t)
						after.pattern(t)
						if diff := cmp.Diff(before.call(t, name, value), after.call(t, name, value)); diff != "" {
							t.Errorf("%s(%d) (-before +after):\n%s", name, value, diff)
						}
						if !bytes.Equal(before.memory(t), after.memory(t)) {
							t.Errorf("%s(%d) leaves another memory", name, value)
						}
						_, _ = before.runtime.Close(t.Context()), after.runtime.Close(t.Context()) // each has 4 MB
					}
				}
			})
		}
	}
}

// A function of each shape that goes on for long gives the host a turn for every ration, and few more.
func TestTurns(t *testing.T) {
	t.Parallel()
	module := rewrite(t, small).Wasm
	for name, argument := range map[string]int32{
		"sum": 100_000, "with_result": 100_000, "with_parameters": 100_000, "nested": 20_000, "out_of_two": 100_000, "calls_in_loop": 100_000, "fibonacci": 20,
		"fill": 4<<20 - 16, "copy_up": 4<<20 - 16, "copy_down": 4<<20 - 16,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const ration = 5000
			g := instantiate(t, wazero.NewRuntimeConfigCompiler(), module, ration)
			g.call(t, name, argument)
			if least, used := g.used()/(ration+meter.MaxStep), g.used(); g.turns < least || g.turns > used/ration+2 {
				t.Errorf("%d turns for %d units in rations of %d", g.turns, used, ration)
			}
		})
	}
}

// The start function is exported instead of run, and charged.
func TestStartIsNotRunByItself(t *testing.T) {
	t.Parallel()
	r := wazero.NewRuntimeWithConfig(t.Context(), wazero.NewRuntimeConfigInterpreter())
	t.Cleanup(func() { _ = r.Close(context.Background()) })
	compiled, err := r.CompileModule(t.Context(), rewrite(t, small).Wasm)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := compiled.ExportedFunctions()[meter.StartExport]; !ok {
		t.Error("there is no export for it")
	}
}

// References are made once: the engine keeps what ref.func makes for as long as the instance lives.
func TestReferencesAreMadeOnce(t *testing.T) {
	t.Parallel()
	code := rewrite(t, small)
	if in, err := validate.Validate(small); err != nil || len(in.Globals) != 1 {
		t.Fatalf("%d globals, %v", len(in.Globals), err)
	}
	g := instantiate(t, wazero.NewRuntimeConfigCompiler(), code.Wasm, 1000)
	for range 3 {
		if got := g.call(t, "reference", 4); got != "5" {
			t.Errorf("calls another function: %s", got)
		}
	}
}
