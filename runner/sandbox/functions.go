package sandbox

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/airlock-run/airlock/runner/sandbox/meter"
)

// function is one function a guest may import. serve finds its parameters on the stack and leaves its result there.
type function struct {
	name  string
	sig   signature
	serve func(ctx context.Context, s *instance, stack []uint64)
}

// hostFunctions are the imports of module spacedrive.
var hostFunctions = []function{
	{"spacedrive_call", sig("iiiii:i"), spacedriveCall},
	{"spacedrive_call_many", sig("ii:i"), spacedriveCallMany},
	{"spacedrive_log", sig("iii:"), spacedriveLog},
	{"register_job", sig("iiiii:i"), registerJob},
	{"job_report_progress", sig("ifii:"), jobReportProgress},
	{"job_checkpoint", sig("iii:i"), jobCheckpoint},
	{"job_load_checkpoint", sig("i:i"), jobLoadCheckpoint},
	{"job_check_interrupt", sig("i:i"), jobCheckInterrupt},
	{"job_add_warning", sig("iii:"), jobAddWarning},
	{"job_increment_bytes", sig("iI:"), jobIncrementBytes},
	{"job_increment_items", sig("iI:"), jobIncrementItems},
}

// meterFunctions is what package meter has guests import.
var meterFunctions = []function{{meter.Refill, sig("i:i"), refill}}

// link makes the import modules in a runtime.
func link(ctx context.Context, runtime wazero.Runtime, compiled wazero.CompiledModule) error {
	for module, functions := range map[string][]function{hostModule: hostFunctions, wasiModule: wasiFunctions, meter.Module: meterFunctions} {
		builder := runtime.NewHostModuleBuilder(module)
		for _, f := range functions {
			builder.NewFunctionBuilder().WithGoModuleFunction(adapt(f), f.sig.params, f.sig.results).Export(f.name)
		}
		if _, err := builder.Instantiate(ctx); err != nil {
			return err //nolint:wrapcheck // Prepare says which step it was
		}
	}
	return linkTraps(ctx, runtime, compiled)
}

func adapt(f function) api.GoModuleFunc {
	serve, metered := f.serve, f.name == meter.Refill
	return func(ctx context.Context, _ api.Module, stack []uint64) {
		r, ok := ctx.(*run)
		if !ok {
			fault(f.name, "called outside of a run")
		}
		if !metered {
			r.s.called(ctx, f.name)
		}
		serve(ctx, r.s, stack)
	}
}

// called is what comes before each call of the host.
func (s *instance) called(ctx context.Context, function string) {
	if ctx.Err() != nil { // a guest looks at it now and then only
		fault(function, "called after the end of the run")
	}
	if s.spent.hostCalls++; s.spent.hostCalls > s.limits.HostCalls {
		panic(&LimitError{LimitHostCalls, fmt.Sprintf("more than %d", s.limits.HostCalls)})
	}
}

// linkTraps gives a module what it imports from __wbindgen_*: functions that fail when they are called.
func linkTraps(ctx context.Context, runtime wazero.Runtime, compiled wazero.CompiledModule) error {
	builders := map[string]wazero.HostModuleBuilder{}
	for _, def := range compiled.ImportedFunctions() {
		module, name, _ := def.Import()
		if module == hostModule || module == wasiModule || module == meter.Module {
			continue
		}
		builder, ok := builders[module]
		if !ok {
			builder = runtime.NewHostModuleBuilder(module)
			builders[module] = builder
		}
		trap := api.GoModuleFunc(func(context.Context, api.Module, []uint64) {
			fault(module+"."+name, "is not there: build the guest without wasm-bindgen")
		})
		builder.NewFunctionBuilder().WithGoModuleFunction(trap, def.ParamTypes(), def.ResultTypes()).Export(name)
	}
	for _, builder := range builders {
		if _, err := builder.Instantiate(ctx); err != nil {
			return err //nolint:wrapcheck // Prepare says which step it was
		}
	}
	return nil
}
