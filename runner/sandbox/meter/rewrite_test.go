package meter_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/airlock-run/airlock/runner/sandbox/meter"
	"github.com/airlock-run/airlock/runner/sandbox/validate"
)

func engine(tb testing.TB) wazero.Runtime {
	tb.Helper()
	r := wazero.NewRuntimeWithConfig(context.Background(), wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(api.CoreFeaturesV2))
	tb.Cleanup(func() { _ = r.Close(context.Background()) })
	return r
}

func compile(r wazero.Runtime, module []byte) error {
	compiled, err := r.CompileModule(context.Background(), module)
	if err != nil {
		return err
	}
	return compiled.Close(context.Background())
}

func TestSpecModulesStayWhatTheyWere(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "internal/integration_test/spectest/v*/testdata/*.wasm"))
	r := engine(t)
	taken := 0
	for _, file := range files {
		module, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		before := compile(r, module)
		in, err := validate.Validate(module)
		if err != nil {
			if before == nil {
				t.Errorf("%s: refused: %v", filepath.Base(file), err)
			}
			continue
		}
		result, err := meter.Rewrite(in)
		if err != nil {
			if before == nil {
				t.Errorf("%s: refused: %v", filepath.Base(file), err)
			}
			continue
		}
		after := compile(r, result.Wasm)
		if (before == nil) != (after == nil) {
			t.Errorf("%s: before: %v, after: %v", filepath.Base(file), before, after)
		}
		if before == nil {
			taken++
		}
	}
	t.Log(len(files), taken)
}
