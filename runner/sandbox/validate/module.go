package validate

import "github.com/airlock-run/airlock/runner/sandbox/wasm"

// Module is what validating a module found.
type Module struct {
	// Sections are the module as it goes on: tables bounded, without custom sections other than the names of functions.
	Sections wasm.Module
	Types    []Type
	Imports  []Import
	Exports  []Export
	// Functions are the numbers of the functions' types, those of imports first.
	Functions []uint32
	// ImportedFunctions and ImportedGlobals are how many of them are imported.
	ImportedFunctions, ImportedGlobals uint32
	// Globals are all globals, those of imports first.
	Globals []Global
	// Tables and Memories are how many there are, imports included.
	Tables, Memories uint32
	// MemoryMin and MemoryMax are the limits of the memory, in pages; MemoryMax is wasm.NoLimit when it names none.
	MemoryMin, MemoryMax uint32
	// Segments are how many data segments there are.
	Segments uint32
	// Features are the parts of WebAssembly 2.0 beyond 1.0 that the code uses.
	Features []string

	typeValues, locals, elements, entries uint64
	features                              map[string]bool
}

// Type is the type of a function: its value types, as bytes of the binary format.
type Type struct{ Params, Results []byte }

// Import is something a module imports.
type Import struct {
	Module, Name string
	// Kind is one of wasm.KindFunction and so on; Type is the number of a function's type.
	Kind byte
	Type uint32
}

// Export is something a module exports.
type Export struct {
	Name  string
	Kind  byte
	Index uint32
}

// Global is the type of a global.
type Global struct {
	Type    byte
	Mutable bool
}

// FunctionType returns the type of a function by its number, nil when there is none.
func (m *Module) FunctionType(index uint32) *Type {
	if uint64(index) >= uint64(len(m.Functions)) || uint64(m.Functions[index]) >= uint64(len(m.Types)) {
		return nil
	}
	return &m.Types[m.Functions[index]]
}

// Export returns the export of a name and kind.
func (m *Module) Export(name string, kind byte) (Export, bool) {
	for _, e := range m.Exports {
		if e.Name == name && e.Kind == kind {
			return e, true
		}
	}
	return Export{}, false
}
