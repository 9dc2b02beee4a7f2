package spectest

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// A pipeline that uses all it may, and changes nothing that a guest could see, passes: what modules import from the host
// comes from another module, start sections become exports, and each module is replaced by a second instance of itself.
func TestExercise(t *testing.T) {
	t.Parallel()
	s := loadSuite(t)
	Exercise(t, Pipeline{
		Link: func(ctx context.Context, r wazero.Runtime) error {
			_, err := r.InstantiateWithConfig(ctx, s.host, wazero.NewModuleConfig().WithName("faithful"))
			return err
		},
		Rewrite: func(wasm []byte) ([]byte, error) {
			wasm, err := exportStart(t.Context(), wasm)
			return bytes.ReplaceAll(wasm, []byte("\x08spectest"), []byte("\x08faithful")), err
		},
		StartExport: startExport,
		Settle: func(
			ctx context.Context, r wazero.Runtime, name string, wasm []byte, first api.Module,
		) (api.Module, error) {
			if first.ExportedFunction(startExport) != nil {
				return first, nil // What its start has done to others is not to be done twice.
			}
			return r.InstantiateWithConfig(ctx, wasm, wazero.NewModuleConfig().WithName(name))
		},
	})
}

// Each call into an instance is announced, the one that starts it included.
func TestEnter(t *testing.T) {
	t.Parallel()
	s := loadSuite(t)
	one := s.script(t, "v1/start")
	entered, calls, starts := 0, 0, 0
	for _, c := range one.commands {
		switch {
		case c.Action.Kind == "invoke":
			calls++
		case c.Kind == "assert_uninstantiable":
			starts++
		}
	}
	playScript(t, s, wazero.NewRuntimeConfigInterpreter(), one, Pipeline{
		Rewrite:     func(wasm []byte) ([]byte, error) { return exportStart(t.Context(), wasm) },
		StartExport: startExport,
		Settle: func(_ context.Context, _ wazero.Runtime, _ string, _ []byte, first api.Module) (api.Module, error) {
			if first.ExportedFunction(startExport) != nil {
				starts++
			}
			return first, nil
		},
		Enter: func(context.Context, api.Module) { entered++ },
	})
	if entered != calls+starts || calls == 0 || starts < 2 {
		t.Errorf("entered %d times, want %d for calls and %d for starts", entered, calls, starts)
	}
}

func loadSuite(t *testing.T) *suite {
	t.Helper()
	s, err := load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *suite) script(t *testing.T, name string) *script {
	t.Helper()
	for i := range s.scripts {
		if s.scripts[i].name == name {
			return &s.scripts[i]
		}
	}
	t.Fatalf("there is no script %s among %d", name, len(s.scripts))
	return nil
}

func playScript(t *testing.T, s *suite, config wazero.RuntimeConfig, one *script, through Pipeline) *record {
	t.Helper()
	r, err := s.play(t.Context(), config, one, &through)
	if err != nil {
		t.Fatalf("play %s: %v", one.name, err)
	}
	return r
}

// contains reports whether one of the lines starts and goes on like this.
func contains(lines []string, start, rest string) bool {
	for _, line := range lines {
		if strings.HasPrefix(line, start) && strings.Contains(line, rest) {
			return true
		}
	}
	return false
}
