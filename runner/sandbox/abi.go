package sandbox

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/airlock-run/airlock/runner/sandbox/validate"
	"github.com/airlock-run/airlock/runner/sandbox/wasm"
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

func signatureOf(t *validate.Type) signature {
	if t == nil {
		return signature{}
	}
	return signature{params: t.Params, results: t.Results}
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

// What the host calls by name.
const (
	memoryExport     = "memory"
	allocExport      = "wasm_alloc"
	initExport       = "plugin_init"
	cleanupExport    = "plugin_cleanup"
	reseedExport     = "plugin_reseed"
	initializeExport = "_initialize"
)

// The functions each guest exports, and those it may; docs/protocol.md says what they do.
var (
	requiredExports = []export{{allocExport, sig("i:i")}, {"wasm_free", sig("ii:")}, {initExport, sig(":i")}}
	optionalExports = []export{{cleanupExport, sig(":i")}, {initializeExport, sig(":")}, {reseedExport, sig("I:")}}
)

// checkABI reports what of a module's imports and exports does not fit.
func checkABI(m *validate.Module) error {
	if err := checkImports(m); err != nil {
		return err
	}
	return checkExports(m)
}

// maxNamed is how many unknown imports an error names.
const maxNamed = 16

func checkImports(m *validate.Module) error {
	var unknown []string
	for _, i := range m.Imports {
		name := wasm.Brief(i.Module) + "." + wasm.Brief(i.Name)
		if what, ok := foreign[i.Kind]; ok {
			unknown = append(unknown, name+" ("+what+")")
			continue
		}
		want, known := importSignature(i.Module, i.Name)
		var got signature
		if uint64(i.Type) < uint64(len(m.Types)) {
			got = signatureOf(&m.Types[i.Type])
		}
		switch {
		case strings.HasPrefix(i.Module, wbindgenPrefix):
		case !known:
			unknown = append(unknown, name)
		case !want.equal(got):
			return fmt.Errorf("import %s has type %s, want %s", name, got, want)
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

// foreign are the kinds of imports that no guest has.
var foreign = map[byte]string{
	wasm.KindTable: "a table", wasm.KindMemory: "a memory; a guest brings its own", wasm.KindGlobal: "a global",
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

func checkExports(m *validate.Module) error {
	if _, ok := m.Export(memoryExport, wasm.KindMemory); !ok {
		return fmt.Errorf("missing export %q: the guest's memory", memoryExport)
	}
	for _, want := range requiredExports {
		if err := checkExport(m, want.name, want.sig); err != nil {
			return err
		}
	}
	for _, want := range optionalExports {
		if _, ok := m.Export(want.name, wasm.KindFunction); !ok {
			continue
		}
		if err := checkExport(m, want.name, want.sig); err != nil {
			return err
		}
	}
	return nil
}

func checkExport(m *validate.Module, name string, want signature) error {
	e, ok := m.Export(name, wasm.KindFunction)
	if !ok {
		return fmt.Errorf("missing export %s, a function %s", wasm.Brief(name), want)
	}
	if got := signatureOf(m.FunctionType(e.Index)); !got.equal(want) {
		return fmt.Errorf("export %s has type %s, want %s", wasm.Brief(name), got, want)
	}
	return nil
}
