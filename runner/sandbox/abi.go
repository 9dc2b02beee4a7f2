package sandbox

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// The import modules a guest may use.
const (
	hostModule = "spacedrive"
	wasiModule = "wasi_snapshot_preview1"
	// wbindgenPrefix begins the names of import modules that older Rust binaries import and never call.
	wbindgenPrefix = "__wbindgen_"
)

// signature is the type of a function.
type signature struct {
	params, results []api.ValueType
}

// sig makes a signature from letters: i for i32, I for i64, f for f32. "ii:i" takes two i32 and returns one.
func sig(text string) signature {
	params, results, _ := strings.Cut(text, ":")
	return signature{params: valueTypes(params), results: valueTypes(results)}
}

func valueTypes(letters string) []api.ValueType {
	types := make([]api.ValueType, 0, len(letters))
	for _, letter := range letters {
		switch letter {
		case 'I':
			types = append(types, api.ValueTypeI64)
		case 'f':
			types = append(types, api.ValueTypeF32)
		default:
			types = append(types, api.ValueTypeI32)
		}
	}
	return types
}

func (s signature) String() string {
	name := func(types []api.ValueType) string {
		names := make([]string, 0, len(types))
		for i, t := range types {
			if i == 16 {
				names = append(names, "…")
				break
			}
			names = append(names, api.ValueTypeName(t))
		}
		return "(" + strings.Join(names, ", ") + ")"
	}
	return name(s.params) + " -> " + name(s.results)
}

func signatureOf(def api.FunctionDefinition) signature {
	return signature{params: def.ParamTypes(), results: def.ResultTypes()}
}

func (s signature) equal(other signature) bool {
	return slices.Equal(s.params, other.params) && slices.Equal(s.results, other.results)
}

// jobSignature is the type of the export of a job: (ctx_ptr, ctx_len, state_ptr, state_len) -> exit code.
var jobSignature = sig("iiii:i")

// export is a function that the host calls.
type export struct {
	name string
	sig  signature
}

// The functions each guest exports, and those it may; docs/protocol.md says what they do.
var (
	requiredExports = []export{{"wasm_alloc", sig("i:i")}, {"wasm_free", sig("ii:")}, {"plugin_init", sig(":i")}}
	optionalExports = []export{{"plugin_cleanup", sig(":i")}, {"_initialize", sig(":")}}
)

// checkABI reports what of a module's imports and exports does not fit. Foreign are its imports that are no functions.
func checkABI(compiled wazero.CompiledModule, foreign []string) error {
	if err := checkImports(compiled, foreign); err != nil {
		return err
	}
	return checkExports(compiled)
}

// maxNamed is how many unknown imports an error names.
const maxNamed = 16

func checkImports(compiled wazero.CompiledModule, unknown []string) error {
	for _, def := range compiled.ImportedFunctions() {
		module, name, _ := def.Import()
		want, known := importSignature(module, name)
		switch {
		case strings.HasPrefix(module, wbindgenPrefix):
		case !known:
			unknown = append(unknown, brief(module)+"."+brief(name))
		case !want.equal(signatureOf(def)):
			return fmt.Errorf("import %s.%s has type %s, want %s", module, name, signatureOf(def), want)
		}
	}
	if more := len(unknown) - maxNamed; more > 0 {
		unknown = append(unknown[:maxNamed], fmt.Sprintf("and %d more", more))
	}
	if len(unknown) > 0 {
		return fmt.Errorf("unknown imports: %s; a guest may import %s and %s", strings.Join(unknown, ", "), hostModule, wasiModule)
	}
	return nil
}

func importSignature(module, name string) (signature, bool) {
	table := hostFunctions
	if module == wasiModule {
		table = wasiFunctions
	} else if module != hostModule {
		return signature{}, false
	}
	for _, f := range table {
		if f.name == name {
			return f.sig, true
		}
	}
	return signature{}, false
}

func checkExports(compiled wazero.CompiledModule) error {
	if _, ok := compiled.ExportedMemories()["memory"]; !ok {
		return fmt.Errorf("missing export %q: the guest's memory", "memory")
	}
	functions := compiled.ExportedFunctions()
	if start, ok := functions[startExport]; ok && !signatureOf(start).equal(sig(":")) {
		return fmt.Errorf("the start function has type %s, want %s", signatureOf(start), sig(":"))
	}
	for _, want := range requiredExports {
		if err := checkExport(functions, want.name, want.sig); err != nil {
			return err
		}
	}
	for _, want := range optionalExports {
		if _, ok := functions[want.name]; !ok {
			continue
		}
		if err := checkExport(functions, want.name, want.sig); err != nil {
			return err
		}
	}
	return nil
}

func checkExport(functions map[string]api.FunctionDefinition, name string, want signature) error {
	def, ok := functions[name]
	if !ok {
		return fmt.Errorf("missing export %s, a function %s", brief(name), want)
	}
	if got := signatureOf(def); !got.equal(want) {
		return fmt.Errorf("export %s has type %s, want %s", brief(name), got, want)
	}
	return nil
}
