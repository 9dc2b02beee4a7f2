package prepare_test

import "slices"

// module is a whole module that the test's stages read an instruction from. Modules with other instructions are others.
func module(instruction string) []byte {
	return slices.Concat(instructed(instruction), section(1, []byte{1, 0x60, 0, 0}), section(3, []byte{1, 0}),
		section(7, append(append([]byte{1}, name("f")...), 0, 0)), section(10, []byte{1, 2, 0, opEnd}))
}

// instructed is the begin of a module with an instruction.
func instructed(text string) []byte {
	return slices.Concat(preamble, section(0, append(name("test"), text...)))
}

var preamble = []byte("\x00asm\x01\x00\x00\x00")

const (
	opLoop, opIf, opEnd, opBrIf      = 0x03, 0x04, 0x0b, 0x0d
	opLocalGet, opLocalSet           = 0x20, 0x21
	opI32Const, opI32Add             = 0x41, 0x6a
	blockVoid, valueI32         byte = 0x40, 0x7f
)

// cpuBomb is a module of a few kilobytes that takes the compiler half a minute and little memory: loops in one another,
// and as many locals that the innermost changes. Each local is a value of its own in each loop.
func cpuBomb() []byte {
	const depth, locals = 300, 300
	var body []byte
	for range depth {
		body = append(body, opLoop, blockVoid)
	}
	for i := range uint32(locals) {
		body = set(append(get(body, 1+i), opI32Const, 1, opI32Add), 1+i)
	}
	for range depth {
		body = append(get(body, 0), opBrIf, 0, opEnd)
	}
	return bomb(locals, body)
}

// memoryBomb is a module of 14 kilobytes that takes the compiler half a gigabyte in a few seconds: conditions in one another,
// each of which changes a local, and all locals used in the end. Each local is a value of its own behind each condition.
func memoryBomb() []byte {
	const depth, locals = 1000, 1000
	var body []byte
	for i := range uint32(depth) {
		body = set(get(append(get(body, 0), opIf, blockVoid), 0), 1+i%locals)
	}
	for range depth {
		body = append(body, opEnd)
	}
	return bomb(locals, body)
}

// bomb makes a module with one function, which has a parameter and locals of type i32, and uses them all in the end.
func bomb(locals uint32, body []byte) []byte {
	body = get(body, 0)
	for i := range locals {
		body = append(get(body, 1+i), opI32Add)
	}
	code := slices.Concat(number(1), number(locals), []byte{valueI32}, body, []byte{opEnd})
	return slices.Concat(instructed("pass"), section(1, []byte{1, 0x60, 1, valueI32, 1, valueI32}), section(3, []byte{1, 0}),
		section(7, append(append([]byte{1}, name("f")...), 0, 0)), section(10, slices.Concat(number(1), number(uint32(len(code))), code)))
}

func get(body []byte, local uint32) []byte { return append(append(body, opLocalGet), number(local)...) }

func set(body []byte, local uint32) []byte { return append(append(body, opLocalSet), number(local)...) }

func section(id byte, content []byte) []byte {
	return slices.Concat([]byte{id}, number(uint32(len(content))), content)
}

func name(text string) []byte { return append(number(uint32(len(text))), text...) }

// number is an unsigned LEB128 number.
func number(value uint32) []byte {
	var data []byte
	for value >= 0x80 {
		data = append(data, byte(value)|0x80)
		value >>= 7
	}
	return append(data, byte(value))
}
