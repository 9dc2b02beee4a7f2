package meter

import (
	"fmt"
	"maps"

	"github.com/airlock-run/airlock/runner/sandbox/wasm"
)

// The types that are added, from the last one of the guest on.
const (
	typeTurn = iota // i32 -> i32
	typeBulk        // i32 i32 i32 ->
)

func (w *rewriter) types() (types, functions []byte) {
	first := uint32(len(w.in.Types)) //nolint:gosec // bounded
	types = wasm.Extended(w.in.Sections[wasm.SectionType],
		[]byte{0x60, 1, wasm.I32, 1, wasm.I32}, []byte{0x60, 3, wasm.I32, wasm.I32, wasm.I32, 0})
	functions = w.in.Sections[wasm.SectionFunction]
	if len(w.helpers) == 0 {
		return types, functions
	}
	var added [][]byte
	for _, h := range w.helpers {
		kind := first + typeBulk
		if h.sub == 0 {
			kind = first + typeTurn
		}
		added = append(added, wasm.AppendU32(nil, kind))
	}
	return types, wasm.Extended(functions, added...)
}

func (w *rewriter) imports() []byte {
	refill := append(wasm.AppendName(wasm.AppendName(nil, Module), Refill), wasm.KindFunction)
	return wasm.Extended(w.in.Sections[wasm.SectionImport], wasm.AppendU32(refill, uint32(len(w.in.Types))+typeTurn)) //nolint:gosec // bounded
}

func (w *rewriter) globals() []byte {
	added := [][]byte{{wasm.I32, 1, wasm.OpI32Const, 0, wasm.OpEnd}} // fuel
	for _, function := range w.references {
		added = append(added, append(wasm.AppendU32([]byte{wasm.FuncRef, 0, wasm.OpRefFunc}, w.shift(function)), wasm.OpEnd))
	}
	if w.in.Sections[wasm.SectionGlobal] == nil {
		return wasm.Extended(nil, added...)
	}
	r := &wasm.Reader{Data: w.in.Sections[wasm.SectionGlobal]}
	globals := wasm.AppendU32(nil, r.U32())
	for len(r.Data) > 0 {
		globals = append(globals, r.Byte(), r.Byte())
		globals = append(globals, r.ShiftedConstant(w.shift)...)
	}
	return wasm.Extended(globals, added...)
}

func (w *rewriter) exports(result *Result) []byte {
	r := &wasm.Reader{Data: w.in.Sections[wasm.SectionExport]}
	var items [][]byte
	add := func(name string, kind byte, index uint32) {
		items = append(items, wasm.AppendU32(append(wasm.AppendName(nil, name), kind), index))
	}
	if r.Data != nil {
		for range r.U32() {
			name, kind, index := r.Name(), r.Byte(), r.U32()
			if kind == wasm.KindFunction {
				index = w.shift(index)
			}
			add(name, kind, index)
		}
	}
	add(FuelExport, wasm.KindGlobal, uint32(len(w.in.Globals))) //nolint:gosec // bounded
	if start := w.in.Sections[wasm.SectionStart]; start != nil {
		add(StartExport, wasm.KindFunction, w.shift((&wasm.Reader{Data: start}).U32()))
	}
	for i, g := range w.in.Globals {
		index := uint32(i)
		if index >= w.in.ImportedGlobals && g.Mutable && g.Type >= wasm.F64 {
			name := fmt.Sprint(globalExport, index)
			add(name, wasm.KindGlobal, index)
			result.Globals = append(result.Globals, Global{Index: index, Type: g.Type, Export: name})
		}
	}
	return wasm.Extended(nil, items...)
}

// elements writes the element segments.
func (w *rewriter) elements() []byte {
	section := w.in.Sections[wasm.SectionElement]
	if section == nil {
		return nil
	}
	out := make([]byte, 0, len(section)+len(section)/8)
	w.walkElements(func(raw []byte) { out = append(out, raw...) }, func(r *wasm.Reader, expression bool) {
		if expression {
			out = append(out, r.ShiftedConstant(w.shift)...)
		} else {
			out = wasm.AppendU32(out, w.shift(r.U32()))
		}
	})
	return out
}

// walkElements goes through the element segments: raw is handed what belongs to no entry, entry reads an entry.
func (w *rewriter) walkElements(raw func([]byte), entry func(r *wasm.Reader, expression bool)) {
	r := &wasm.Reader{Data: w.in.Sections[wasm.SectionElement]}
	pass := func(read func()) {
		before := r.Data
		read()
		raw(before[:len(before)-len(r.Data)])
	}
	var count uint32
	pass(func() { count = r.U32() })
	for range count {
		var form, entries uint32
		pass(func() {
			form = r.U32()
			passive, explicit, expressions := form&1 != 0, form&2 != 0, form&4 != 0
			if !passive {
				if explicit {
					r.U32()
				}
				r.Constant()
			}
			switch {
			case (passive || explicit) && expressions:
				r.ReferenceType()
			case passive || explicit:
				r.Byte()
			}
			entries = r.U32()
		})
		for range entries {
			entry(r, form&4 != 0)
		}
	}
}

// taken are the functions that can be called otherwise than by their number: those in element segments and those that
// code or globals refer to.
func (w *rewriter) taken() (map[uint32]bool, error) {
	taken := map[uint32]bool{}
	var err error
	take := func(index uint32) uint32 {
		if uint64(index) >= uint64(len(w.in.Functions)) {
			err = fmt.Errorf("a segment or global refers to function %d of %d", index, len(w.in.Functions))
		}
		taken[index] = true
		return index
	}
	if w.in.Sections[wasm.SectionElement] != nil {
		w.walkElements(func([]byte) {}, func(r *wasm.Reader, expression bool) {
			if expression {
				r.ShiftedConstant(take)
			} else {
				take(r.U32())
			}
		})
	}
	if globals := w.in.Sections[wasm.SectionGlobal]; globals != nil {
		r := &wasm.Reader{Data: globals}
		r.U32()
		for len(r.Data) > 0 {
			r.Bytes(2)
			r.ShiftedConstant(take)
		}
	}
	declared := maps.Clone(taken)
	for _, e := range w.in.Exports {
		declared[e.Index] = declared[e.Index] || e.Kind == wasm.KindFunction
	}
	w.referenceOf = map[uint32]int{}
	code := &wasm.Reader{Data: w.in.Sections[wasm.SectionCode]}
	code.Each(wasm.NoLimit, "functions", func() {
		body := &wasm.Reader{Data: code.Bytes(code.U32())}
		body.Each(wasm.NoLimit, "groups of locals", func() {
			body.U32()
			body.ValueType()
		})
		for len(body.Data) > 0 {
			if i := body.Instruction(0); i.Op == wasm.OpRefFunc {
				if !declared[i.Index] { // exporting the start function would declare it
					err = fmt.Errorf("ref.func of function %d, which no segment, export or global declares", i.Index)
				}
				if _, ok := w.referenceOf[i.Index]; !ok {
					w.referenceOf[i.Index] = len(w.references)
					w.references = append(w.references, i.Index)
				}
				take(i.Index)
			}
		}
	})
	return taken, err
}

// names writes the section with the names of the functions.
func (w *rewriter) names() []byte {
	section := w.in.Sections[wasm.SectionCustom]
	if section == nil {
		return nil
	}
	r := &wasm.Reader{Data: section}
	r.Name()
	r.Byte()
	names := &wasm.Reader{Data: r.Bytes(r.U32())}
	count := names.U32()
	content := wasm.AppendU32(make([]byte, 0, len(section)+64), count+uint32(len(w.helpers))) //nolint:gosec // bounded
	for range count {
		content = wasm.AppendU32(content, w.shift(names.U32()))
		content = wasm.AppendName(content, names.Name())
	}
	for i, h := range w.helpers {
		content = wasm.AppendU32(content, w.shift(uint32(len(w.in.Functions)+i))) //nolint:gosec // bounded
		content = wasm.AppendName(content, h.name())
	}
	out := append(wasm.AppendName(nil, "name"), 1)
	return append(wasm.AppendU32(out, uint32(len(content))), content...) //nolint:gosec // bounded
}

// name is how a helper stands in stack traces.
func (h helper) name() string {
	return map[byte]string{
		0: "memory.grow", wasm.MiscMemoryInit: "memory.init", wasm.MiscMemoryCopy: "memory.copy", wasm.MiscMemoryFill: "memory.fill",
	}[h.sub]
}
