package main

import "slices"

// What the bombs are made of. They are guests by their imports and exports, and have one job, which is written to keep the
// compiler busy: its work grows with the locals of a function times the places where branches meet.
const (
	opLoop, opIf, opEnd, opBrIf    = 0x03, 0x04, 0x0b, 0x0d
	opLocalGet, opLocalSet         = 0x20, 0x21
	opCall, opI32Const, opI32Add   = 0x10, 0x41, 0x6a
	blockVoid, typeI32, typeFunc   = 0x40, 0x7f, 0x60
	exportedFunction, exportMemory = 0, 2
)

// timeBomb has loops in one another, and locals that the innermost changes: each is a value of its own in each loop.
func timeBomb() []byte {
	const depth, locals = 1000, 1000
	var body []byte
	for range depth {
		body = append(body, opLoop, blockVoid)
	}
	for i := range uint32(locals) {
		body = setLocal(append(getLocal(body, 4+i), opI32Const, 1, opI32Add), 4+i)
	}
	for range depth {
		body = append(getLocal(body, 0), opBrIf, 0, opEnd)
	}
	return bomb(locals, body)
}

// memoryBomb has conditions in one another, each of which changes a local: each local is a value of its own behind each.
func memoryBomb() []byte {
	const depth, locals = 4000, 4000
	var body []byte
	for i := range uint32(depth) {
		body = setLocal(getLocal(append(getLocal(body, 0), opIf, blockVoid), 0), 4+i%locals)
	}
	for range depth {
		body = append(body, opEnd)
	}
	return bomb(locals, body)
}

// bomb makes a guest whose job has that body, and uses all its locals in the end. They come after its four parameters.
func bomb(locals uint32, body []byte) []byte {
	body = getLocal(body, 0)
	for i := range locals {
		body = append(getLocal(body, 4+i), opI32Add)
	}
	job := function(slices.Concat(number(1), number(locals), []byte{typeI32}), body)
	registers := []byte{opI32Const, 0, opI32Const, 1, opI32Const, 0, opI32Const, 1, opI32Const, 0, opCall, 0}
	return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"),
		section(1, vector(signature(1, 1), signature(2, 0), signature(0, 1), signature(4, 1), signature(5, 1))),
		section(2, vector(slices.Concat(text("spacedrive"), text("register_job"), []byte{0, 4}))),
		section(3, []byte{4, 0, 1, 2, 3}),
		section(5, []byte{1, 0, 1}),
		section(7, vector(
			append(text("memory"), exportMemory, 0), append(text("wasm_alloc"), exportedFunction, 1),
			append(text("wasm_free"), exportedFunction, 2), append(text("plugin_init"), exportedFunction, 3),
			append(text("x"), exportedFunction, 4),
		)),
		section(10, vector(
			function([]byte{0}, []byte{opI32Const, 16}), function([]byte{0}, nil), function([]byte{0}, registers), job,
		)),
		section(11, vector(slices.Concat([]byte{0, opI32Const, 0, opEnd}, text("x")))),
	)
}

// signature is a type of a function, of i32 alone.
func signature(params, results byte) []byte {
	return slices.Concat([]byte{typeFunc, params}, slices.Repeat([]byte{typeI32}, int(params)),
		[]byte{results}, slices.Repeat([]byte{typeI32}, int(results)))
}

// function is the code of one.
func function(locals, body []byte) []byte {
	code := slices.Concat(locals, body, []byte{opEnd})
	return append(number(uint32(len(code))), code...) //nolint:gosec // a few megabytes at most
}

func getLocal(body []byte, local uint32) []byte {
	return append(append(body, opLocalGet), number(local)...)
}

func setLocal(body []byte, local uint32) []byte {
	return append(append(body, opLocalSet), number(local)...)
}

func section(id byte, content []byte) []byte {
	return slices.Concat([]byte{id}, number(uint32(len(content))), content) //nolint:gosec // a few megabytes at most
}

func vector(items ...[]byte) []byte {
	return append(number(uint32(len(items))), slices.Concat(items...)...) //nolint:gosec // a few
}

func text(s string) []byte { return append(number(uint32(len(s))), s...) } //nolint:gosec // names of ours

// number is an unsigned LEB128 number.
func number(value uint32) []byte {
	var data []byte
	for ; value >= 0x80; value >>= 7 {
		data = append(data, byte(value)|0x80)
	}
	return append(data, byte(value))
}
