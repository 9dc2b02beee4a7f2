package meter_test

import (
	"context"
	"crypto/sha256"
	"sync"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/airlock-run/airlock/runner/sandbox/meter"
	"github.com/airlock-run/airlock/runner/sandbox/snapshot"
	"github.com/airlock-run/airlock/runner/sandbox/spectest"
	"github.com/airlock-run/airlock/runner/sandbox/validate"
)

// metering is the pipeline of the stages validate and meter. It remembers what came of each module.
type metering struct {
	mu      sync.Mutex
	modules map[[sha256.Size]byte]metered
}

type metered struct {
	in  *validate.Module
	out *meter.Result
}

func (m *metering) rewrite(module []byte) ([]byte, error) {
	in, err := validate.Validate(module)
	if err != nil {
		return nil, err
	}
	out, err := meter.Rewrite(in)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.modules[sha256.Sum256(out.Wasm)] = metered{in, out}
	return out.Wasm, nil
}

// link gives modules small rations, so that they ask for many.
func link(ctx context.Context, r wazero.Runtime) error {
	const ration = 50
	_, err := r.NewHostModuleBuilder(meter.Module).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, _ api.Module, stack []uint64) {
			stack[0] = api.EncodeI32(api.DecodeI32(stack[0]) + ration)
		}), []api.ValueType{api.ValueTypeI32}, []api.ValueType{api.ValueTypeI32}).
		Export(meter.Refill).Instantiate(ctx)
	return err
}

func (m *metering) pipeline() spectest.Pipeline {
	return spectest.Pipeline{Link: link, Rewrite: m.rewrite, StartExport: meter.StartExport, AnyTrap: true}
}

// The core specification's test suite passes as it did before.
func TestSpecAfterMetering(t *testing.T) {
	t.Parallel()
	spectest.Exercise(t, (&metering{modules: map[[sha256.Size]byte]metered{}}).pipeline())
}

// The same of modules that were frozen once they had started.
func TestSpecAfterSnapshot(t *testing.T) {
	t.Parallel()
	m := &metering{modules: map[[sha256.Size]byte]metered{}}
	p := m.pipeline()
	var mu sync.Mutex
	frozen := 0
	p.Settle = func(ctx context.Context, r wazero.Runtime, name string, module []byte, instance api.Module) (api.Module, error) {
		m.mu.Lock()
		of := m.modules[sha256.Sum256(module)]
		m.mu.Unlock()
		if snapshot.Possible(of.in, of.out) != "" {
			return instance, nil
		}
		mu.Lock()
		frozen++
		mu.Unlock()
		return thaw(ctx, r, name, of.out, instance)
	}
	t.Cleanup(func() { // the scripts run in parallel, after this function
		if t.Logf("%d modules frozen", frozen); frozen < 300 {
			t.Error("that are few: does anything stand in the way?")
		}
	})
	spectest.Exercise(t, p)
}

// thaw makes an instance that begins where another one has come to.
func thaw(ctx context.Context, r wazero.Runtime, name string, of *meter.Result, instance api.Module) (api.Module, error) {
	var values []snapshot.Value
	for _, g := range of.Globals {
		values = append(values, snapshot.Value{Global: g, Bits: instance.ExportedGlobal(g.Export).Get()})
	}
	image, _ := instance.Memory().Read(0, instance.Memory().Size())
	frozen, err := snapshot.Freeze(of, values, uint32(len(image)/snapshot.PageSize))
	if err != nil {
		return nil, err
	}
	thawed, err := r.InstantiateWithConfig(ctx, frozen, wazero.NewModuleConfig().WithName(name).WithStartFunctions())
	if err != nil {
		return nil, err
	}
	thawed.Memory().Write(0, image)
	return thawed, nil
}
