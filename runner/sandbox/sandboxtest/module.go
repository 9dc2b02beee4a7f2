package sandboxtest

import (
	"encoding/binary"
	"maps"
	"slices"
)

// The types that every module made here has, by number; those of a program come after them.
const (
	typeAlloc = iota
	typeFree
	typeInit
	typeJob
	typeRegister
	typeFirst
)

// The functions that every module made here has, by number; those of a program come after them.
const (
	functionRegister = iota
	functionAlloc
	functionFree
	functionInit
	functionJob
	functionFirst
)

// program is what differs between the modules made here: one job, and what it needs.
type program struct {
	types [][]byte
	// job is the body of the job's function, functions are those of others.
	job       []byte
	functions []body
	// alloc and start are the bodies of wasm_alloc and plugin_init. Default: it answers 1024, it registers the job.
	alloc, start []byte
	pages        int
	// sections are further sections by their numbers.
	sections map[byte][]byte
	data     []byte
}

// body is a function: the number of its type and its body, locals included.
type body struct {
	kind int
	code []byte
}

// number is a number as the binary format has it.
func number(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) } //nolint:gosec // not negative

// sized is content with its length before it.
func sized(content ...[]byte) []byte {
	all := slices.Concat(content...)
	return append(number(len(all)), all...)
}

// code is a body without locals.
func code(content ...[]byte) []byte {
	return slices.Concat([]byte{0}, slices.Concat(content...), []byte{opEnd})
}

// The instructions that are needed by name.
const (
	opLoop, opIf, opEnd, opBr, opBrIf, opReturn, opCall, opDrop = 0x03, 0x04, 0x0b, 0x0c, 0x0d, 0x0f, 0x10, 0x1a
	opLocalGet, opLocalSet, opI32Const, opI32Add                = 0x20, 0x21, 0x41, 0x6a
)

// endless is a body that has content in a loop without end.
func endless(locals []byte, content ...[]byte) []byte {
	return slices.Concat(locals, []byte{opLoop, 0x40}, slices.Concat(content...), []byte{opBr, 0, opEnd, opI32Const, 0, opEnd})
}

func orElse(body []byte, other string) []byte {
	if body == nil {
		return []byte(other)
	}
	return body
}

// wasm is the module. Its job is called j, which is where the memory begins, too.
func (p program) wasm() []byte {
	types := slices.Concat([][]byte{
		{0x60, 1, 0x7f, 1, 0x7f},
		{0x60, 2, 0x7f, 0x7f, 0},
		{0x60, 0, 1, 0x7f},
		{0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f},
		{0x60, 5, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f},
	}, p.types)
	functions := slices.Concat([]body{
		{typeAlloc, orElse(p.alloc, "\x00\x41\x80\x08\x0b")},
		{typeFree, []byte("\x00\x0b")},
		{typeInit, orElse(p.start, "\x00\x41\x00\x41\x01\x41\x00\x41\x01\x41\x01\x10\x00\x0b")},
		{typeJob, orElse(p.job, "\x00\x41\x00\x0b")},
	}, p.functions)
	kinds, bodies := number(len(functions)), number(len(functions))
	for _, f := range functions {
		kinds = append(kinds, number(f.kind)...)
		bodies = append(bodies, sized(f.code)...)
	}
	exports := slices.Concat(number(5), []byte("\x06memory\x02\x00"), []byte("\x0awasm_alloc\x00\x01"), []byte("\x09wasm_free\x00\x02"),
		[]byte("\x0bplugin_init\x00\x03"), []byte("\x01j\x00\x04"))
	data := slices.Concat(number(1), []byte{0, opI32Const, 0, opEnd}, sized([]byte("j"), p.data))
	content := map[byte][]byte{
		1: append(number(len(types)), slices.Concat(types...)...), 2: []byte("\x01\x0aspacedrive\x0cregister_job\x00\x04"),
		3: kinds, 5: append([]byte{1, 0}, number(max(1, p.pages))...), 7: exports, 10: bodies, 11: data,
	}
	maps.Copy(content, p.sections)
	module := []byte("\x00asm\x01\x00\x00\x00")
	for _, id := range []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11} {
		if section, ok := content[id]; ok {
			module = append(append(module, id), sized(section)...)
		}
	}
	return module
}

// Code is a module with a memory, a table and a global, and one function of this code, which has two locals: for tests of
// what reads code. It is no guest.
func Code(code []byte) []byte {
	module := []byte("\x00asm\x01\x00\x00\x00")
	add := func(id byte, content ...byte) { module = append(append(module, id), sized(content)...) }
	add(1, 2, 0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f)
	add(3, 1, 0)
	add(4, 1, 0x70, 0, 1)
	add(5, 1, 0, 1)
	add(6, 1, 0x7f, 1, opI32Const, 0, opEnd)
	add(9, 1, 0, opI32Const, 0, opEnd, 1, 0)
	add(12, 1)
	add(10, append([]byte{1}, sized([]byte{2, 1, 0x7f, 1, v128}, code)...)...)
	add(11, 1, 0, opI32Const, 0, opEnd, 1, 'x')
	return module
}
