package sandbox

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// valueType reads the type of a value.
func valueType(r *reader) {
	switch r.byte() {
	case 0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f: // i32, i64, f32, f64, v128, funcref, externref
	case 0x69, 0x68: // exnref, and what is thrown with it
		r.fail(notAccepted(exceptions))
	case 0x63, 0x64, 0x65, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x71, 0x72, 0x73, 0x78, 0x77: // typed references, packed types
		r.fail(notAccepted(references))
	default:
		r.fail(errMalformed)
	}
}

// referenceType reads the type of what a table holds; the engine would take any byte for one.
func referenceType(r *reader) byte {
	kind := r.byte()
	switch kind {
	case 0x70, 0x6f: // funcref, externref
	case 0x40, 0x63, 0x64, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e: // a first value for the entries, typed references
		r.fail(notAccepted(references))
	default:
		r.fail(errMalformed)
	}
	return kind
}

func (in *inspection) typeSection(r *reader) {
	each(r, maxItems, "types", func() {
		switch r.byte() {
		case 0x60: // a function
		case 0x4e, 0x4f, 0x50, 0x5e, 0x5f: // recursive groups, sub-types, arrays and structures
			r.fail(notAccepted(references))
			return
		default:
			r.fail(errMalformed)
			return
		}
		for range 2 { // parameters, results
			each(r, maxImports, "values in a function's type", func() {
				in.types++
				valueType(r)
			})
		}
		if in.types > maxTypes {
			r.fail(tooMany(in.types, "parameters and results", maxTypes))
		}
	})
}

func (in *inspection) importSection(r *reader) {
	each(r, maxImports, "imports", func() {
		module, name := r.name(), r.name()
		foreign := func(what string) {
			if r.err == nil {
				in.foreign = append(in.foreign, brief(module)+"."+brief(name)+" ("+what+")")
			}
		}
		switch r.byte() {
		case 0:
			r.skipNumber()
		case 1:
			referenceType(r)
			limits(r)
			foreign("a table")
		case 2:
			memoryLimits(r)
			in.memories++
			foreign("a memory; a guest brings its own")
		case 3:
			valueType(r)
			r.byte()
			in.globals++
			foreign("a global")
		case 4:
			r.fail(notAccepted(exceptions))
		default:
			r.fail(errMalformed)
		}
	})
}

// tableSection returns the section with each table bounded: without that, table.grow takes what memory the host has.
func (in *inspection) tableSection(r *reader) []byte {
	var tables []byte
	var count uint32
	each(r, maxTables, "tables", func() {
		kind := referenceType(r)
		low, high := limits(r)
		if r.err != nil {
			return
		}
		if in.elements += uint64(low); in.elements > maxElements {
			r.fail(tooMany(in.elements, "table entries", maxElements))
			return
		}
		count++
		high = min(high, max(low, maxTableGrown))
		tables = appendU32(appendU32(append(tables, kind, 1), low), high)
	})
	return append(appendU32(nil, count), tables...)
}

const noLimit = 1<<32 - 1

// limits reads the limits of a table.
func limits(r *reader) (low, high uint32) {
	flags := r.byte()
	if flags > 1 {
		r.fail(errMalformed)
	}
	if low, high = r.u32(), noLimit; flags&1 != 0 {
		high = r.u32()
	}
	return low, high
}

func (in *inspection) memorySection(r *reader) {
	count := r.u32()
	in.memories += count
	if count > 1 {
		r.fail(notAccepted(multiMemory))
	}
	if count == 1 {
		memoryLimits(r)
	}
}

// memoryLimits reads the limits of a memory.
func memoryLimits(r *reader) {
	switch flags := r.byte(); {
	case flags > 7:
		r.fail(errMalformed)
	case flags&4 != 0:
		r.fail(notAccepted(memory64))
	case flags&2 != 0:
		r.fail(notAccepted(threads))
	case flags&1 != 0:
		r.u32()
	}
	r.u32()
}

// exportSection reads the exports. Those we add are known by their names.
func (in *inspection) exportSection(r *reader) {
	each(r, maxItems, "exports", func() {
		name := r.name()
		if strings.HasPrefix(name, ownPrefix) {
			r.fail(fmt.Errorf("export %s: names that begin with %s are taken", brief(name), ownPrefix))
		}
		kind, index := r.byte(), r.u32()
		if kind == exportedGlobal && index >= in.globals {
			r.fail(fmt.Errorf("export %s is global %d of %d", brief(name), index, in.globals))
		}
	})
}

// elementSegment reads one of the eight forms of an element segment.
func (in *inspection) elementSegment(r *reader) {
	form := r.u32()
	if form > 7 {
		r.fail(errMalformed)
		return
	}
	passive, explicit, expressions := form&1 != 0, form&2 != 0, form&4 != 0
	if !passive {
		if explicit {
			r.skipNumber() // its table
		}
		r.constant()
	}
	switch {
	case (passive || explicit) && expressions:
		referenceType(r)
	case passive || explicit:
		r.byte() // what kind of elements: functions
	}
	item := r.skipNumber
	if expressions {
		item = r.constant
	}
	each(r, maxElements, "entries of an element segment", func() {
		in.entries++
		item()
	})
	if in.entries > maxElements {
		r.fail(tooMany(in.entries, "entries of element segments", maxElements))
	}
}

func dataSegment(r *reader) {
	form := r.u32()
	if form > 2 {
		r.fail(errMalformed)
	}
	if form == 2 {
		r.skipNumber() // its memory
	}
	if form != 1 {
		r.constant()
	}
	r.bytes(r.u32())
}

// functionNames returns a custom section that names the functions, for stack traces, if r is one, and otherwise nil:
// what is in custom sections makes no module wrong.
func functionNames(r *reader) []byte {
	if r.name() != "name" {
		return nil
	}
	const functions = 1
	for r.err == nil && len(r.data) > 0 {
		id := r.byte()
		content := r.bytes(r.u32())
		if id != functions || r.err != nil {
			continue
		}
		names := &reader{data: content}
		each(names, maxItems, "names", func() {
			names.u32()
			if !utf8.ValidString(names.name()) {
				names.fail(errMalformed)
			}
		})
		if names.err != nil || len(names.data) > 0 {
			return nil
		}
		section := appendU32(append([]byte("\x04name"), functions), uint32(len(content))) //nolint:gosec // as it was
		return append(section, content...)
	}
	return nil
}
