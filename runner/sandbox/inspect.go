package sandbox

import (
	"bytes"
	"fmt"
	"slices"
)

// Limits of what a module may consist of. The engine allocates by the numbers a module states, before it reads what
// they count, and the Go runtime does not survive an allocation that is too large.
const (
	maxItems      = 100_000 // of each kind: types, functions, globals, exports, segments, names
	maxImports    = 1_000
	maxTables     = 8
	maxElements   = 1 << 18 // entries of all tables together, at the start
	maxTableGrown = 1 << 16 // entries of one table that started with fewer
	maxTypes      = 1 << 20 // parameters and results of all types together
	maxLocals     = 50_000  // of one function
	maxAllLocals  = 4 << 20
	maxChecked    = 1 << 20 // loops and bulk instructions of all functions together
)

// The sections of a module.
const (
	sectionCustom = iota
	sectionType
	sectionImport
	sectionFunction
	sectionTable
	sectionMemory
	sectionGlobal
	sectionExport
	sectionStart
	sectionElement
	sectionCode
	sectionData
	sectionDataCount
	sectionTag
)

var sectionNames = [...]string{
	"custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data", "data count", "tag",
}

var (
	magic       = []byte("\x00asm")
	coreVersion = []byte{1, 0, 0, 0}
)

// order is how sections follow each other; the names of functions may stand anywhere, and come last here.
var order = []byte{
	sectionType, sectionImport, sectionFunction, sectionTable, sectionMemory, sectionGlobal, sectionExport, sectionStart,
	sectionElement, sectionDataCount, sectionCode, sectionData, sectionCustom,
}

// inspection walks a module before the engine sees it.
type inspection struct {
	// clean is the module as the engine gets it: without custom sections other than the names of functions, with tables
	// that cannot grow without limit, with checks in its code, and without a start function, which is exported instead.
	clean []byte
	// foreign are the imports that are no functions.
	foreign []string

	// kept are the sections, rewritten, by number; nil for one that the module does not have.
	kept [sectionTag][]byte
	// globals and memories are how many there are, imports included.
	globals, memories                         uint32
	types, locals, elements, entries, checked uint64
}

// inspect checks that a module is whole and within limits, and takes from it what a guest does not need.
//
// # Errors
//
// ErrNotWasm; otherwise what of the module does not fit, in words for its author.
func inspect(wasm []byte) (*inspection, error) {
	if err := checkPreamble(wasm); err != nil {
		return nil, err
	}
	in := &inspection{}
	place := 0
	for r := (&reader{data: wasm[8:]}); len(r.data) > 0; {
		id := r.byte()
		content := r.bytes(r.u32())
		if r.err != nil {
			return nil, fmt.Errorf("the module is cut off in its %s section: %d bytes are there", sectionName(id), len(wasm))
		}
		rewritten, err := in.section(id, content)
		if err != nil {
			return nil, fmt.Errorf("%s section: %w", sectionName(id), err)
		}
		if id != sectionCustom {
			next := bytes.IndexByte(order[place:], id)
			if next < 0 {
				return nil, fmt.Errorf("%s section: it is there twice or too late", sectionName(id))
			}
			place += next + 1
		}
		if in.kept[id] == nil {
			in.kept[id] = rewritten
		}
	}
	in.addStop()
	in.clean = slices.Clone(wasm[:8])
	for _, id := range order {
		if content := in.kept[id]; content != nil {
			in.clean = appendU32(append(in.clean, id), uint32(len(content))) //nolint:gosec // about as long as it was
			in.clean = append(in.clean, content...)
		}
	}
	return in, nil
}

func checkPreamble(wasm []byte) error {
	switch {
	case len(wasm) > MaxModule:
		return fmt.Errorf("module is %d bytes, at most %d are possible", len(wasm), MaxModule)
	case bytes.HasPrefix(bytes.TrimSpace(wasm[:min(len(wasm), 1024)]), []byte("(")):
		return fmt.Errorf("%w: this is the text format; translate it with wat2wasm", ErrNotWasm)
	case len(wasm) < 8 && bytes.HasPrefix(magic, wasm[:min(len(wasm), 4)]):
		return fmt.Errorf("%w: it is cut off after %d bytes", ErrNotWasm, len(wasm))
	case !bytes.HasPrefix(wasm, magic):
		return ErrNotWasm
	case wasm[6] == 1:
		return fmt.Errorf("%w: this is a component; guests are core modules", ErrNotWasm)
	case !bytes.Equal(wasm[4:8], coreVersion):
		return fmt.Errorf("%w: its version is %x, want 01000000", ErrNotWasm, wasm[4:8])
	default:
		return nil
	}
}

func sectionName(id byte) string {
	if int(id) < len(sectionNames) {
		return sectionNames[id]
	}
	return fmt.Sprintf("unknown (%d)", id)
}

// section checks the content of a section and returns what is kept of it; nil drops a custom section.
func (in *inspection) section(id byte, content []byte) ([]byte, error) {
	r := &reader{data: content}
	switch id {
	case sectionCustom:
		return functionNames(r), nil
	case sectionType:
		in.typeSection(r)
	case sectionImport:
		in.importSection(r)
	case sectionFunction:
		each(r, maxItems, "functions", r.skipNumber)
	case sectionTable:
		content = in.tableSection(r)
	case sectionMemory:
		in.memorySection(r)
	case sectionGlobal:
		each(r, maxItems, "globals", func() {
			in.globals++
			valueType(r)
			r.byte()
			r.constant()
		})
	case sectionExport:
		in.exportSection(r)
	case sectionStart, sectionDataCount:
		r.skipNumber()
	case sectionElement:
		each(r, maxItems, "element segments", func() { in.elementSegment(r) })
	case sectionCode:
		content = in.codeSection(r)
	case sectionData:
		each(r, maxItems, "data segments", func() { dataSegment(r) })
	case sectionTag:
		return nil, notAccepted(exceptions)
	default:
		return nil, errMalformed
	}
	if r.err == nil && len(r.data) > 0 {
		r.fail(errMalformed)
	}
	return content, r.err
}

// each reads a vector: its length, and that many items.
func each(r *reader, limit uint32, what string, item func()) {
	count := r.u32()
	if count > limit {
		r.fail(tooMany(uint64(count), what, uint64(limit)))
	}
	for range count {
		if r.err != nil {
			return
		}
		item()
	}
}

func tooMany(count uint64, what string, limit uint64) error {
	return fmt.Errorf("%d %s, at most %d are possible", count, what, limit)
}
