package validate

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/airlock-run/airlock/runner/sandbox/wasm"
)

// ErrNotWasm is returned for bytes that are no WebAssembly module.
var ErrNotWasm = errors.New("not a WebAssembly module; build it for wasm32-unknown-unknown or wasip1")

// Validate checks that a module is whole, within limits and without features that are not accepted.
//
// # Errors
//
// ErrNotWasm; otherwise what of the module does not fit and in which section, in words for its author.
func Validate(module []byte) (*Module, error) {
	if err := checkPreamble(module); err != nil {
		return nil, err
	}
	m := &Module{features: map[string]bool{}}
	place := 0
	for r := (&wasm.Reader{Data: module[8:]}); len(r.Data) > 0; {
		offset := len(module) - len(r.Data)
		id := r.Byte()
		content := r.Bytes(r.U32())
		if r.Err != nil {
			return nil, fmt.Errorf("the module is cut off in its %s section: %d bytes are there", wasm.SectionName(id), len(module))
		}
		kept, err := m.section(id, content)
		if err != nil {
			return nil, fmt.Errorf("%s section at offset %d: %w", wasm.SectionName(id), offset, err)
		}
		if id != wasm.SectionCustom {
			next, ok := wasm.Place(id, place)
			if !ok {
				return nil, fmt.Errorf("%s section at offset %d: it is there twice or too late", wasm.SectionName(id), offset)
			}
			place = next
		}
		if m.Sections[id] == nil {
			m.Sections[id] = kept
		}
	}
	if err := m.whole(); err != nil {
		return nil, err
	}
	m.Features = slices.Sorted(maps.Keys(m.features))
	return m, nil
}

// whole checks what is a matter of several sections.
func (m *Module) whole() error {
	for _, e := range m.Exports {
		count := [...]int{len(m.Functions), int(m.Tables), int(m.Memories), len(m.Globals)}
		if int(e.Kind) < len(count) && uint64(e.Index) >= uint64(count[e.Kind]) { //nolint:gosec // counts are positive
			return fmt.Errorf("export section: %s is number %d of %d", wasm.Brief(e.Name), e.Index, count[e.Kind])
		}
	}
	for _, index := range m.Functions {
		if uint64(index) >= uint64(len(m.Types)) {
			return fmt.Errorf("function section: type %d of %d", index, len(m.Types))
		}
	}
	if start := m.Sections[wasm.SectionStart]; start != nil {
		index := (&wasm.Reader{Data: start}).U32()
		if t := m.FunctionType(index); t == nil || len(t.Params)+len(t.Results) > 0 {
			return fmt.Errorf("start section: function %d is none without parameters and results", index)
		}
	}
	return nil
}

func checkPreamble(module []byte) error {
	switch {
	case len(module) > MaxModule:
		return fmt.Errorf("module is %d bytes, at most %d are possible", len(module), MaxModule)
	case bytes.HasPrefix(bytes.TrimSpace(module[:min(len(module), 1024)]), []byte("(")):
		return fmt.Errorf("%w: this is the text format; translate it with wat2wasm", ErrNotWasm)
	case len(module) < 8 && bytes.HasPrefix([]byte(wasm.Preamble), module[:min(len(module), 4)]):
		return fmt.Errorf("%w: it is cut off after %d bytes", ErrNotWasm, len(module))
	case !bytes.HasPrefix(module, []byte(wasm.Preamble[:4])):
		return ErrNotWasm
	case module[6] == 1:
		return fmt.Errorf("%w: this is a component; guests are core modules", ErrNotWasm)
	case !bytes.HasPrefix(module, []byte(wasm.Preamble)):
		return fmt.Errorf("%w: its version is %x, want 01000000", ErrNotWasm, module[4:8])
	default:
		return nil
	}
}

// section checks the content of a section and returns what is kept of it; nil drops a custom section.
func (m *Module) section(id byte, content []byte) ([]byte, error) {
	r := &wasm.Reader{Data: content}
	switch id {
	case wasm.SectionCustom:
		return functionNames(r)
	case wasm.SectionType:
		m.typeSection(r)
	case wasm.SectionImport:
		m.importSection(r)
	case wasm.SectionFunction:
		r.Each(maxItems, "functions", func() { m.Functions = append(m.Functions, r.U32()) })
	case wasm.SectionTable:
		content = m.tableSection(r)
	case wasm.SectionMemory:
		m.memorySection(r)
	case wasm.SectionGlobal:
		r.Each(maxItems, "globals", func() {
			m.global(r)
			r.Constant()
		})
	case wasm.SectionExport:
		m.exportSection(r)
	case wasm.SectionStart, wasm.SectionDataCount:
		r.U32()
	case wasm.SectionElement:
		r.Each(maxItems, "element segments", func() { m.elementSegment(r) })
	case wasm.SectionCode:
		m.codeSection(r)
	case wasm.SectionData:
		r.Each(maxItems, "data segments", func() { m.dataSegment(r) })
	case wasm.SectionTag:
		return nil, wasm.ErrExceptions
	default:
		return nil, wasm.ErrMalformed
	}
	if r.Err == nil && len(r.Data) > 0 {
		r.Fail(wasm.ErrMalformed)
	}
	if content == nil {
		content = []byte{}
	}
	return content, r.Err
}
