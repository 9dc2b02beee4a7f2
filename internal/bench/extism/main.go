// Command extism runs the benchmarks' small guest as a plug-in of Extism, with a fresh instance for each call as its
// documentation has it, and prints how many microseconds one takes: instance, call and close.
//
//	extism PLUGIN.wasm EXPORT INPUT.json
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	extism "github.com/extism/go-sdk"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

func main() {
	took, err := run(context.Background(), os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "extism:", err)
		os.Exit(1)
	}
	fmt.Println(float64(took.Nanoseconds()) / 1e3)
}

func run(ctx context.Context, args []string) (time.Duration, error) {
	if len(args) != 3 {
		return 0, errors.New("usage: extism PLUGIN.wasm EXPORT INPUT.json")
	}
	input, err := os.ReadFile(args[2])
	if err != nil {
		return 0, err
	}
	// As if a host listened: guests' lines are read, and dropped.
	extism.SetLogLevel(extism.LogLevelInfo)
	config := extism.PluginConfig{
		EnableWasi:    true,
		RuntimeConfig: wazero.NewRuntimeConfigCompiler().WithCoreFeatures(api.CoreFeaturesV2),
	}
	manifest := extism.Manifest{Wasm: []extism.Wasm{extism.WasmFile{Path: args[0]}}}
	plugin, err := extism.NewCompiledPlugin(ctx, manifest, config, functions())
	if err != nil {
		return 0, fmt.Errorf("compile plug-in: %w", err)
	}
	defer plugin.Close(ctx)
	return median(func() error { return call(ctx, plugin, args[1], input) })
}

// call is one call in an instance of its own.
func call(ctx context.Context, compiled *extism.CompiledPlugin, export string, input []byte) error {
	plugin, err := compiled.Instance(ctx, extism.PluginInstanceConfig{})
	if err != nil {
		return fmt.Errorf("make instance: %w", err)
	}
	defer plugin.Close(ctx)
	plugin.SetLogger(func(extism.LogLevel, string) {})
	if _, _, err := plugin.CallWithContext(ctx, export, input); err != nil {
		return fmt.Errorf("call %s: %w", export, err)
	}
	return nil
}

// median is the median of the means of some batches, each of which begins without garbage and pays for its own.
func median(do func() error) (time.Duration, error) {
	const batches, warm, turns = 9, 200, 500
	for range warm {
		if err := do(); err != nil {
			return 0, err
		}
	}
	var means []time.Duration
	for range batches {
		runtime.GC()
		start := time.Now()
		for range turns {
			if err := do(); err != nil {
				return 0, err
			}
		}
		means = append(means, time.Since(start)/turns)
	}
	slices.Sort(means)
	return means[batches/2], nil
}

// functions are the host functions that Airlock's guests have, as an Extism host provides them. They do what the
// benchmark's other hosts do: read what they are given, and answer.
func functions() []extism.HostFunction {
	function := func(name string, serve func(*extism.CurrentPlugin, []uint64) error, params, results []extism.ValueType) extism.HostFunction {
		return extism.NewHostFunctionWithStack(name, func(_ context.Context, plugin *extism.CurrentPlugin, stack []uint64) {
			if err := serve(plugin, stack); err != nil {
				panic(err) // wazero makes it the error of the call
			}
		}, params, results)
	}
	i32, i64, f32, ptr := extism.ValueTypeI32, extism.ValueTypeI64, extism.ValueTypeF32, extism.ValueTypePTR
	return []extism.HostFunction{
		function("interrupted", func(_ *extism.CurrentPlugin, stack []uint64) error {
			stack[0] = 0
			return nil
		}, nil, []extism.ValueType{i32}),
		function("progress", func(plugin *extism.CurrentPlugin, stack []uint64) error {
			_, err := plugin.ReadString(stack[1])
			return err
		}, []extism.ValueType{f32, ptr}, nil),
		function("add_items", func(*extism.CurrentPlugin, []uint64) error { return nil }, []extism.ValueType{i64}, nil),
		function("checkpoint", func(plugin *extism.CurrentPlugin, stack []uint64) error {
			_, err := plugin.ReadBytes(stack[0])
			stack[0] = 0
			return err
		}, []extism.ValueType{ptr}, []extism.ValueType{i32}),
		function("call", ping, []extism.ValueType{ptr, ptr}, []extism.ValueType{ptr}),
	}
}

// ping answers {"pong": payload}.
func ping(plugin *extism.CurrentPlugin, stack []uint64) error {
	if _, err := plugin.ReadString(stack[0]); err != nil {
		return err
	}
	payload, err := plugin.ReadBytes(stack[1])
	if err != nil {
		return err
	}
	stack[0], err = plugin.WriteBytes(append(append([]byte(`{"pong":`), payload...), '}'))
	return err
}
