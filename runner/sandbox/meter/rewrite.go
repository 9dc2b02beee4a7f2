package meter

import (
	"fmt"
	"slices"

	"github.com/airlock-run/airlock/runner/sandbox/validate"
	"github.com/airlock-run/airlock/runner/sandbox/wasm"
)

// What a metered module imports and exports in addition.
const (
	// Module is what the import is of.
	Module = "airlock"
	// Refill is the import: (left i32) -> (left i32). It is told what is left, less than zero or after memory.grow
	// anything, and answers what is left then.
	Refill = "refill"
	// FuelExport is the mutable global, i32, that holds what is left. It begins with 0.
	FuelExport = validate.OwnPrefix + "fuel"
	// StartExport is the start function. It is exported instead of declared, so that there is a sandbox to end before
	// anything runs.
	StartExport = validate.OwnPrefix + "start"
	// globalExport begins the names of the mutable globals.
	globalExport = validate.OwnPrefix + "global:"
)

// Result is a metered module.
type Result struct {
	Wasm []byte
	// Globals are the guest's mutable globals of number types, which a snapshot holds.
	Globals []Global
	// Changes says what the code could change that a snapshot cannot hold; empty for nothing.
	Changes []string
	// Segments is set when the code reads data segments.
	Segments bool
	// Charges is how many places charge.
	Charges int
}

// Global is a mutable global of a guest.
type Global struct {
	Index  uint32
	Type   byte
	Export string
}

// rewriter rewrites one module.
type rewriter struct {
	in        *validate.Module
	functions []*function
	helpers   []helper
	// references are the functions that code refers to, each of which has a global: the engine keeps, for as long as the
	// sandbox lives, what ref.func made, each time it is executed.
	references []uint32
	// referenceOf is the place of each of them.
	referenceOf map[uint32]int
	charges     int
	// strict rewriting has the host look where page faults add up.
	strict bool
}

// Rewrite meters a module.
//
// # Errors
//
// What in the code names something that is not there.
func Rewrite(in *validate.Module) (*Result, error) { return rewrite(in, false) }

// RewriteStrictly meters a module whose memory may have any number of pages that were never touched.
//
// # Errors
//
// Those of Rewrite.
func RewriteStrictly(in *validate.Module) (*Result, error) { return rewrite(in, true) }

func rewrite(in *validate.Module, strict bool) (*Result, error) {
	w := &rewriter{in: in, strict: strict}
	taken, err := w.taken()
	if err != nil {
		return nil, err
	}
	result := &Result{}
	if err := w.plan(taken, result); err != nil {
		return nil, err
	}
	sections := in.Sections
	sections[wasm.SectionCode] = w.code()
	sections[wasm.SectionImport] = w.imports()
	sections[wasm.SectionType], sections[wasm.SectionFunction] = w.types()
	sections[wasm.SectionGlobal] = w.globals()
	sections[wasm.SectionElement] = w.elements()
	sections[wasm.SectionExport] = w.exports(result)
	sections[wasm.SectionStart] = nil
	sections[wasm.SectionCustom] = w.names()
	result.Wasm, result.Charges = sections.Encode(), w.charges
	result.Segments = slices.ContainsFunc(w.helpers, func(h helper) bool { return h.sub == wasm.MiscMemoryInit })
	return result, nil
}

// plan plans all functions.
func (w *rewriter) plan(taken map[uint32]bool, result *Result) error {
	r := &wasm.Reader{Data: w.in.Sections[wasm.SectionCode]}
	index := w.in.ImportedFunctions
	changes := map[string]bool{}
	var err error
	r.Each(wasm.NoLimit, "functions", func() {
		f := &function{in: w.in, body: r.Bytes(r.U32()), taken: taken[index]}
		if t := w.in.FunctionType(index); t != nil {
			f.params = uint32(len(t.Params)) //nolint:gosec // bounded
		}
		if problem := f.plan(changes); problem != nil {
			err = fmt.Errorf("function %d: %w", index, problem)
			r.Fail(err)
			return
		}
		f.settle()
		w.functions = append(w.functions, f)
		index++
	})
	if err != nil {
		return err
	}
	if got, want := len(w.functions), len(w.in.Functions)-int(w.in.ImportedFunctions); got != want {
		return fmt.Errorf("%d functions have code, %d are declared", got, want)
	}
	for _, f := range w.functions {
		f.merge(w.functions, w.strict)
	}
	for change := range changes {
		result.Changes = append(result.Changes, change)
	}
	return nil
}

// code writes the code section.
func (w *rewriter) code() []byte {
	if len(w.functions) == 0 {
		return w.in.Sections[wasm.SectionCode]
	}
	e := &emitter{rewriter: w}
	bodies := make([]byte, 0, len(w.in.Sections[wasm.SectionCode])*3/2)
	add := func(body []byte) {
		bodies = append(wasm.AppendU32(bodies, uint32(len(body))), body...) //nolint:gosec // bodies are bounded
	}
	for _, f := range w.functions {
		add(e.emit(f))
	}
	for _, h := range w.helpers {
		add(h.code(w))
	}
	return append(wasm.AppendU32(nil, uint32(len(w.functions)+len(w.helpers))), bodies...) //nolint:gosec // bounded
}

// fuel writes global.get or global.set of what is left.
func (w *rewriter) fuel(out []byte, op byte) []byte {
	return wasm.AppendU32(append(out, op), uint32(len(w.in.Globals))) //nolint:gosec // bounded
}

// turn gives the host its turn.
func (w *rewriter) turn(out []byte) []byte {
	out = wasm.AppendU32(append(w.fuel(out, wasm.OpGlobalGet), wasm.OpCall), w.in.ImportedFunctions)
	return w.fuel(out, wasm.OpGlobalSet)
}

// check gives the host its turn when nothing is left.
func (w *rewriter) check(out []byte) []byte {
	out = append(wasm.AppendI32(append(w.fuel(out, wasm.OpGlobalGet), wasm.OpI32Const), -1), wasm.OpI32GtS, wasm.OpIf, wasm.BlockVoid, wasm.OpElse)
	return append(w.turn(out), wasm.OpEnd)
}

// reference writes what stands for ref.func.
func (w *rewriter) reference(out []byte, index uint32) []byte {
	global := len(w.in.Globals) + 1 + w.referenceOf[index]               // the first is fuel
	return wasm.AppendU32(append(out, wasm.OpGlobalGet), uint32(global)) //nolint:gosec // bounded
}

// shift is the number of a function with the import in front of those that are not imported.
func (w *rewriter) shift(index uint32) uint32 {
	if index >= w.in.ImportedFunctions {
		return index + 1
	}
	return index
}
