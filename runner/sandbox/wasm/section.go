package wasm

import (
	"bytes"
	"fmt"
)

// The sections of a module.
const (
	SectionCustom = iota
	SectionType
	SectionImport
	SectionFunction
	SectionTable
	SectionMemory
	SectionGlobal
	SectionExport
	SectionStart
	SectionElement
	SectionCode
	SectionData
	SectionDataCount
	SectionTag
	// Sections is how many kinds there are.
	Sections
)

var sectionNames = [Sections]string{
	"custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data", "data count", "tag",
}

// SectionName is how a section is called in a sentence.
func SectionName(id byte) string {
	if int(id) < len(sectionNames) {
		return sectionNames[id]
	}
	return fmt.Sprintf("unknown (%d)", id)
}

// order is how sections follow each other; the names of functions may stand anywhere, and come last here.
var order = []byte{
	SectionType, SectionImport, SectionFunction, SectionTable, SectionMemory, SectionTag, SectionGlobal, SectionExport, SectionStart,
	SectionElement, SectionDataCount, SectionCode, SectionData, SectionCustom,
}

// The kinds of imports and exports.
const (
	KindFunction = iota
	KindTable
	KindMemory
	KindGlobal
	KindTag
)

// Preamble begins every module.
const Preamble = "\x00asm\x01\x00\x00\x00"

// Module is a module by its sections: the content of each by its number, nil for one that it does not have. Of custom
// sections it has the names of functions at most.
type Module [Sections][]byte

// Encode returns the module in the binary format.
func (m *Module) Encode() []byte {
	size := len(Preamble)
	for _, content := range m {
		size += len(content) + 6
	}
	wasm := append(make([]byte, 0, size), Preamble...)
	for _, id := range order {
		if content := m[id]; content != nil {
			wasm = AppendU32(append(wasm, id), uint32(len(content))) //nolint:gosec // modules are far below 4 GiB
			wasm = append(wasm, content...)
		}
	}
	return wasm
}

// Decode takes a module that was validated into its sections.
//
// # Errors
//
// ErrMalformed.
func Decode(wasm []byte) (*Module, error) {
	m := &Module{}
	rest, whole := bytes.CutPrefix(wasm, []byte(Preamble))
	if !whole {
		return nil, ErrMalformed
	}
	for r := (&Reader{Data: rest}); len(r.Data) > 0; {
		id := r.Byte()
		content := r.Bytes(r.U32())
		if r.Err != nil || int(id) >= len(m) {
			return nil, ErrMalformed
		}
		if section := &m[id]; *section == nil {
			*section = append([]byte{}, content...)
		}
	}
	return m, nil
}

// Place is the place of a section of a module: after those before it.
func Place(id byte, after int) (place int, ok bool) {
	next := bytes.IndexByte(order[after:], id)
	return after + next + 1, next >= 0
}

// Extended returns a section with more items. The section, which is a vector, may be missing.
func Extended(section []byte, items ...[]byte) []byte {
	r := &Reader{Data: section}
	count := uint32(len(items)) //nolint:gosec // a few
	if section != nil {
		count += r.U32()
	}
	extended := append(AppendU32(make([]byte, 0, len(section)+64), count), r.Data...)
	for _, item := range items {
		extended = append(extended, item...)
	}
	return extended
}
