package sandboxtest

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// many is how often a dense job does what it does in one round of its loop.
const many = 500

// The types of numbers and vectors, where they are needed by name.
const i32, v128 = 0x7f, 0x7b

// value of a local, and what is done to it many times.
func onLocal(local byte, instructions []byte) []byte {
	return slices.Concat([]byte{opLocalGet, local}, bytes.Repeat(instructions, many), []byte{opDrop})
}

// chain is a job that applies instructions to a value over and over.
func chain(value, instructions []byte) []byte {
	return program{job: endless([]byte{0}, value, bytes.Repeat(instructions, many), []byte{opDrop})}.wasm()
}

func f64(bits uint64) []byte { return binary.LittleEndian.AppendUint64([]byte{0x44}, bits) }

// vector is a constant of 16 bytes, all of them the same 8.
func vector(bits uint64) []byte {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64([]byte{0xfd, 0x0c}, bits), bits)
}

// denormal is a number so small that processors take a detour; as f32 it is one as well.
const denormal = 0x37e0000000000000

// references asks for a reference to a function, which the engine answers outside of machine code.
func references() []byte {
	return program{job: endless([]byte{0}, bytes.Repeat([]byte{0xd2, functionJob, opDrop}, many))}.wasm()
}

// divisions are the slowest of all instructions on numbers.
func divisions() []byte {
	return chain([]byte{0x42, 0x7f}, []byte{0x42, 0x03, 0x80})
}

func roots() []byte { return chain(f64(0x4000000000000001), []byte{0x9f}) }

// denormals converts a number that is denormal as f32 there and back.
func denormals() []byte { return chain(f64(denormal), []byte{0xb6, 0xbb}) }

// denormalProducts multiplies denormal vectors.
func denormalProducts() []byte {
	locals := []byte{1, 1, v128}
	return program{job: endless(locals, vector(0x0000100000001000), []byte{opLocalSet, 4},
		onLocal(4, slices.Concat([]byte{opLocalGet, 4}, []byte{0xfd, 0xe4, 0x01}, []byte{0xfd, 0xe1, 0x01})))}.wasm()
}

// denormalConversions converts two numbers at once.
func denormalConversions() []byte {
	return chain(vector(denormal), []byte{0xfd, 0x5e, 0xfd, 0x5f})
}

// wide is a type that takes or leaves as many values of a type as there may be.
func wide(params, results int, kind byte) []byte { //nolint:unparam // the type is part of a signature
	return slices.Concat([]byte{0x60}, number(params), bytes.Repeat([]byte{kind}, params), number(results), bytes.Repeat([]byte{kind}, results))
}

const widest = 1000

// wideResults recurses through functions that leave a thousand vectors and have three bytes of code.
func wideResults() []byte {
	return program{
		types:     [][]byte{wide(0, widest, v128)},
		functions: []body{{typeFirst, code([]byte{opCall, functionFirst})}},
		job:       code([]byte{opCall, functionFirst, 0x00}),
	}.wasm()
}

// wideParameters hands a thousand vectors on, for ever.
func wideParameters() []byte {
	return program{
		types: [][]byte{wide(0, widest, v128), wide(widest, 0, v128), {0x60, 0, 0}},
		functions: []body{
			{typeFirst, code(bytes.Repeat(vector(1), widest))},
			{typeFirst + 1, code([]byte{opCall, functionFirst, opCall, functionFirst + 1})},
		},
		job: code([]byte{opCall, functionFirst, opCall, functionFirst + 1, opI32Const, 0}),
	}.wasm()
}

// wideUpAndDown goes down a few such calls and comes back, again and again.
func wideUpAndDown() []byte {
	down := slices.Concat([]byte{opLocalGet, 0, 0x45, 0x04, 0x40}, bytes.Repeat(vector(1), widest), []byte{opReturn, opEnd},
		[]byte{opLocalGet, 0, opI32Const, 1, 0x6b, opCall, functionFirst})
	kind := slices.Concat([]byte{0x60, 1, 0x7f}, number(widest), bytes.Repeat([]byte{v128}, widest))
	return program{
		types:     [][]byte{kind, {0x60, 0, 0}},
		functions: []body{{typeFirst, code(down)}, {typeFirst + 1, code([]byte{opI32Const, 40, opCall, functionFirst, opReturn})}},
		job:       endless([]byte{0}, []byte{opCall, functionFirst + 1}),
	}.wasm()
}

// spills has thousands of values that live across a call of itself.
func spills() []byte {
	const values = 4000
	var down []byte
	for i := range values {
		down = slices.Concat(down, []byte{opLocalGet, 0, 0x42}, number(i%64), []byte{0x7c}) // i64.add of a number
	}
	down = slices.Concat(down, []byte{opLocalGet, 0, opCall, functionFirst}, bytes.Repeat([]byte{0x7c}, values))
	return program{
		types:     [][]byte{{0x60, 1, 0x7e, 1, 0x7e}},
		functions: []body{{typeFirst, code(down)}},
		job:       code([]byte{0x42, 0, opCall, functionFirst, opDrop, opI32Const, 0}),
	}.wasm()
}

// locals recurses through functions with as many locals as there may be.
func locals() []byte {
	const count = 50_000
	down := slices.Concat([]byte{1}, number(count), []byte{v128}, []byte{opCall, functionFirst, opEnd})
	return program{
		types: [][]byte{{0x60, 0, 0}}, functions: []body{{typeFirst, down}},
		job: code([]byte{opCall, functionFirst, opI32Const, 0}),
	}.wasm()
}

// straight is two megabytes of code without a branch, again and again.
func straight() []byte {
	return program{job: endless([]byte{0}, slices.Concat([]byte{0x42, 1}, bytes.Repeat([]byte{0x42, 3, 0x7e}, 600_000), []byte{opDrop}))}.wasm()
}

// straightStores does the same with stores, each to a page of its own. Ten times as many keep the compiler busy for a minute.
func straightStores() []byte {
	const pages = 1024
	var stores []byte
	for i := range 20_000 {
		at := binary.AppendUvarint(nil, uint64(i*4096%(pages<<16)))
		stores = append(append(stores, opI32Const, 0, opI32Const, 1, 0x36, 0x02), at...)
	}
	return program{pages: pages, job: endless([]byte{0}, stores)}.wasm()
}

// ladder is thousands of branches in a row, and a loop around them. Ten times as many keep the compiler busy for minutes.
func ladder() []byte {
	rung := []byte{0x02, 0x40, opLocalGet, 0, 0x0d, 0, opI32Const, 0, opLocalSet, 1, opEnd}
	return program{job: endless([]byte{0}, bytes.Repeat(rung, 4_000))}.wasm()
}

// functions calls thousands of functions, through a table, where no cache has them.
func functions() []byte {
	const count = 60_000
	table := slices.Concat(number(1), []byte{0x70, 0}, number(count))
	elements := slices.Concat(number(1), []byte{0, opI32Const, 0, opEnd}, number(count))
	all := make([]body, count)
	for i := range all {
		all[i] = body{typeFirst, code([]byte{opLocalGet, 0, opI32Const}, []byte{byte(i % 64)}, []byte{0x6a})}
		elements = append(elements, number(functionFirst+i)...)
	}
	// x = x*1664525 + 1013904223; call_indirect ((x >> 8) % count)
	step := slices.Concat([]byte{opLocalGet, 0, opLocalGet, 0, opI32Const}, []byte{0x8d, 0xcc, 0xe5, 0x00}, []byte{0x6c, opI32Const},
		[]byte{0xdf, 0xe6, 0xbb, 0xe3, 0x03}, []byte{0x6a, 0x22, 0, opI32Const, 8, 0x76, opI32Const}, signed(count), []byte{0x70},
		[]byte{0x11}, number(typeFirst), []byte{0, opDrop})
	return program{
		types: [][]byte{{0x60, 1, 0x7f, 1, 0x7f}}, functions: all, sections: map[byte][]byte{4: table, 9: elements},
		job: endless([]byte{0}, step),
	}.wasm()
}

// signed is a small number as i32.const has it.
func signed(n int) []byte {
	var out []byte
	for n > 63 {
		out, n = append(out, byte(n&0x7f)|0x80), n>>7
	}
	return append(out, byte(n)) //nolint:gosec // seven bits
}

// wideLoop hands a thousand vectors from one round of a loop to the next.
func wideLoop() []byte {
	return program{
		types:     [][]byte{wide(0, widest, v128), wide(widest, widest, v128)},
		functions: []body{{typeFirst, code(bytes.Repeat(vector(1), widest))}},
		job:       slices.Concat([]byte{0, opCall, functionFirst, opLoop, typeFirst + 1, opBr, 0, opEnd, 0x00, opEnd}),
	}.wasm()
}

// wideBranches does so through blocks.
func wideBranches() []byte {
	block := []byte{0x02, typeFirst + 1, opBr, 0, opEnd}
	return program{
		types:     [][]byte{wide(0, widest, v128), wide(widest, widest, v128)},
		functions: []body{{typeFirst, code(bytes.Repeat(vector(1), widest))}},
		job:       slices.Concat([]byte{0, opCall, functionFirst, opLoop, typeFirst + 1}, bytes.Repeat(block, 100), []byte{opBr, 0, opEnd, 0x00, opEnd}),
	}.wasm()
}
