package snapshot

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/airlock-run/airlock/runner/sandbox/meter"
	"github.com/airlock-run/airlock/runner/sandbox/validate"
	"github.com/airlock-run/airlock/runner/sandbox/wasm"
)

// PageSize is the size of a page of memory, in bytes.
const PageSize = 64 << 10

// Possible says why there can be no snapshot of a module, and nothing when there can.
func Possible(module *validate.Module, metered *meter.Result) (reason string) {
	switch {
	case len(metered.Changes) > 0:
		return "its code can change " + strings.Join(slices.Sorted(slices.Values(metered.Changes)), ", ")
	case module.Memories != 1 || importsOne(module, wasm.KindMemory):
		return "it has no memory of its own"
	case importsOne(module, wasm.KindTable):
		return "its table is imported"
	case importsOne(module, wasm.KindGlobal):
		return "it imports globals"
	default:
		return ""
	}
}

func importsOne(module *validate.Module, kind byte) bool {
	return slices.ContainsFunc(module.Imports, func(i validate.Import) bool { return i.Kind == kind })
}

// Value is what a mutable global held.
type Value struct {
	meter.Global

	// Bits are its bits, as api.Global returns them.
	Bits uint64
}

// Freeze returns the metered module with the values its globals and the size, in pages, its memory had.
//
// # Errors
//
// That the module is none that was metered.
func Freeze(metered *meter.Result, values []Value, pages uint32) ([]byte, error) {
	sections, err := wasm.Decode(metered.Wasm)
	if err != nil {
		return nil, fmt.Errorf("freeze: %w", err)
	}
	if sections[wasm.SectionGlobal], err = globals(sections, values); err != nil {
		return nil, fmt.Errorf("freeze globals: %w", err)
	}
	if sections[wasm.SectionMemory], err = memory(sections[wasm.SectionMemory], pages); err != nil {
		return nil, fmt.Errorf("freeze memory: %w", err)
	}
	if !metered.Segments { // nobody reads them any more, and the engine goes through all of them for each instance
		sections[wasm.SectionData], sections[wasm.SectionDataCount] = nil, nil
	}
	if sections[wasm.SectionData], err = data(sections[wasm.SectionData]); err != nil {
		return nil, fmt.Errorf("freeze data: %w", err)
	}
	return sections.Encode(), nil
}

// globals writes the global section with the values.
func globals(sections *wasm.Module, values []Value) ([]byte, error) {
	byIndex := map[uint32]Value{}
	for _, v := range values {
		byIndex[v.Index] = v
	}
	imported := importedGlobals(sections[wasm.SectionImport])
	r := &wasm.Reader{Data: sections[wasm.SectionGlobal]}
	count := r.U32()
	out := wasm.AppendU32(nil, count)
	for i := range count {
		out = append(out, r.Byte(), r.Byte())
		initial := r.Constant()
		if v, ok := byIndex[imported+i]; ok {
			initial = constant(v)
		}
		out = append(out, initial...)
	}
	return out, r.Err
}

func importedGlobals(section []byte) (count uint32) {
	if section == nil {
		return 0
	}
	r := &wasm.Reader{Data: section}
	r.Each(wasm.NoLimit, "imports", func() {
		r.Name()
		r.Name()
		switch r.Byte() {
		case wasm.KindFunction:
			r.U32()
		case wasm.KindTable:
			r.ReferenceType()
			r.TableLimits()
		case wasm.KindMemory:
			r.MemoryLimits()
		case wasm.KindGlobal:
			r.ValueType()
			r.Byte()
			count++
		}
	})
	return count
}

// constant is the expression for a value.
func constant(v Value) []byte {
	switch v.Type {
	case wasm.I64:
		return append(wasm.AppendI64([]byte{wasm.OpI64Const}, int64(v.Bits)), wasm.OpEnd) //nolint:gosec // the bits
	case wasm.F32:
		return append(binary.LittleEndian.AppendUint32([]byte{wasm.OpF32Const}, uint32(v.Bits)), wasm.OpEnd) //nolint:gosec // the bits
	case wasm.F64:
		return append(binary.LittleEndian.AppendUint64([]byte{wasm.OpF64Const}, v.Bits), wasm.OpEnd)
	default:
		return append(wasm.AppendI32([]byte{wasm.OpI32Const}, int32(v.Bits)), wasm.OpEnd) //nolint:gosec // the bits
	}
}

// memory writes the memory section with a size to begin with.
func memory(section []byte, pages uint32) ([]byte, error) {
	r := &wasm.Reader{Data: section}
	if r.U32() != 1 {
		return nil, wasm.ErrMalformed
	}
	_, high := r.MemoryLimits()
	if high == wasm.NoLimit {
		return wasm.AppendU32([]byte{1, 0}, pages), r.Err
	}
	return wasm.AppendU32(wasm.AppendU32([]byte{1, 1}, pages), high), r.Err
}

// data writes the data section with nothing in its active segments. An active segment is one that was dropped, and a
// passive one of no bytes is the same.
func data(section []byte) ([]byte, error) {
	if section == nil {
		return nil, nil
	}
	r := &wasm.Reader{Data: section}
	count := r.U32()
	out := wasm.AppendU32(nil, count)
	for range count {
		form := r.U32()
		if form == 2 {
			r.U32()
		}
		if form != 1 {
			r.Constant()
		}
		content := r.Bytes(r.U32())
		if form != 1 {
			content = nil
		}
		out = append(out, 1)
		out = append(wasm.AppendU32(out, uint32(len(content))), content...) //nolint:gosec // modules are below 4 GiB
	}
	return out, r.Err
}
