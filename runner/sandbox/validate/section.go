package validate

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/airlock-run/airlock/runner/sandbox/wasm"
)

func (m *Module) typeSection(r *wasm.Reader) {
	r.Each(maxItems, "types", func() {
		r.FunctionType()
		if r.Err != nil {
			return
		}
		var values [2][]byte
		for i := range values { // parameters, results
			r.Each(maxValues, "values in a function's type", func() {
				m.typeValues++
				values[i] = append(values[i], m.valueType(r))
			})
		}
		if len(values[1]) > 1 {
			m.features["multi-value"] = true
		}
		if m.typeValues > maxTypes {
			r.Fail(wasm.TooMany(m.typeValues, "parameters and results", maxTypes))
		}
		m.Types = append(m.Types, Type{Params: values[0], Results: values[1]})
	})
}

func (m *Module) valueType(r *wasm.Reader) byte {
	kind := r.ValueType()
	switch kind {
	case wasm.V128:
		m.features["simd"] = true
	case wasm.FuncRef, wasm.ExternRef:
		m.features["reference-types"] = true
	}
	return kind
}

func (m *Module) importSection(r *wasm.Reader) {
	r.Each(maxImports, "imports", func() {
		i := Import{Module: r.Name(), Name: r.Name(), Kind: r.Byte()}
		switch i.Kind {
		case wasm.KindFunction:
			i.Type = r.U32()
			m.Functions = append(m.Functions, i.Type)
			m.ImportedFunctions++
		case wasm.KindTable:
			r.ReferenceType()
			r.TableLimits()
			m.Tables++
		case wasm.KindMemory:
			m.MemoryMin, m.MemoryMax = r.MemoryLimits()
			m.Memories++
		case wasm.KindGlobal:
			m.global(r)
			m.ImportedGlobals++
		case wasm.KindTag:
			r.Fail(wasm.ErrExceptions)
		default:
			r.Fail(wasm.ErrMalformed)
		}
		if r.Err == nil {
			m.Imports = append(m.Imports, i)
		}
	})
}

func (m *Module) global(r *wasm.Reader) {
	g := Global{Type: m.valueType(r)}
	mutable := r.Byte()
	if mutable > 1 {
		r.Fail(wasm.ErrMalformed)
	}
	g.Mutable = mutable == 1
	m.Globals = append(m.Globals, g)
}

// tableSection returns the section with each table bounded: without that, table.grow takes what memory the host has.
func (m *Module) tableSection(r *wasm.Reader) []byte {
	var tables []byte
	var count uint32
	r.Each(maxTables, "tables", func() {
		kind := r.ReferenceType()
		low, high := r.TableLimits()
		if r.Err != nil {
			return
		}
		if m.elements += uint64(low); m.elements > maxElements {
			r.Fail(wasm.TooMany(m.elements, "table entries", maxElements))
			return
		}
		count++
		// An upper limit below the lower one is the engine's to refuse.
		high = min(high, max(low, maxTableGrown))
		tables = wasm.AppendU32(wasm.AppendU32(append(tables, kind, 1), low), high)
	})
	m.Tables += count
	return append(wasm.AppendU32(nil, count), tables...)
}

func (m *Module) memorySection(r *wasm.Reader) {
	count := r.U32()
	if m.Memories += count; m.Memories > 1 {
		r.Fail(wasm.ErrMultiMemory)
	}
	if count == 1 {
		m.MemoryMin, m.MemoryMax = r.MemoryLimits()
	}
}

// OwnPrefix begins the names of what a module exports in addition, for the host.
const OwnPrefix = "airlock:"

func (m *Module) exportSection(r *wasm.Reader) {
	r.Each(maxItems, "exports", func() {
		e := Export{Name: r.Name(), Kind: r.Byte(), Index: r.U32()}
		if strings.HasPrefix(e.Name, OwnPrefix) {
			r.Fail(fmt.Errorf("export %s: names that begin with %s are taken", wasm.Brief(e.Name), OwnPrefix))
		}
		m.Exports = append(m.Exports, e)
	})
}

// elementSegment reads one of the eight forms of an element segment.
func (m *Module) elementSegment(r *wasm.Reader) {
	form := r.U32()
	if form > 7 {
		r.Fail(wasm.ErrMalformed)
		return
	}
	passive, explicit, expressions := form&1 != 0, form&2 != 0, form&4 != 0
	if !passive {
		if explicit {
			r.U32() // its table
		}
		r.Constant()
	}
	switch {
	case (passive || explicit) && expressions:
		r.ReferenceType()
	case passive || explicit:
		r.Byte() // what kind of elements: functions
	}
	r.Each(maxElements, "entries of an element segment", func() {
		m.entries++
		if expressions {
			r.Constant()
		} else {
			r.U32()
		}
	})
	if m.entries > maxElements {
		r.Fail(wasm.TooMany(m.entries, "entries of element segments", maxElements))
	}
}

func (m *Module) dataSegment(r *wasm.Reader) {
	m.Segments++
	form := r.U32()
	if form > 2 {
		r.Fail(wasm.ErrMalformed)
	}
	if form == 2 {
		r.U32() // its memory
	}
	if form != 1 {
		r.Constant()
	}
	r.Bytes(r.U32())
}

// functionNames returns a custom section that names the functions, for stack traces, if r is one, and otherwise nil. What
// is in a custom section makes no module wrong; its name may.
func functionNames(r *wasm.Reader) ([]byte, error) {
	name := r.Name()
	if r.Err == nil && !utf8.ValidString(name) {
		r.Fail(wasm.ErrMalformed)
	}
	if r.Err != nil {
		return nil, r.Err
	}
	if name != "name" {
		return nil, nil
	}
	const functions = 1
	for r.Err == nil && len(r.Data) > 0 {
		id := r.Byte()
		content := r.Bytes(r.U32())
		if id != functions || r.Err != nil {
			continue
		}
		names := &wasm.Reader{Data: content}
		names.Each(maxItems, "names", func() {
			names.U32()
			if !utf8.ValidString(names.Name()) {
				names.Fail(wasm.ErrMalformed)
			}
		})
		if names.Err != nil || len(names.Data) > 0 {
			break
		}
		section := wasm.AppendU32(append([]byte("\x04name"), functions), uint32(len(content))) //nolint:gosec // as it was
		return append(section, content...), nil
	}
	return nil, nil //nolint:nilerr // names that cannot be read are none
}
