package sandboxtest

import (
	"bytes"
	"slices"
)

// TimeBomb is a guest of a few kilobytes that takes the compiler long and little memory: loops in one another, and as many
// locals that the innermost one changes. Each local is a value of its own in each loop. With 300 of both it takes half a
// minute, with 1,000 more than a minute.
func TimeBomb(size int) []byte {
	loops := bytes.Repeat([]byte{opLoop, 0x40}, size)
	for i := range size {
		loops = append(getLocal(loops, i), opI32Const, 1, opI32Add)
		loops = setLocal(loops, i)
	}
	return compiled(size, append(loops, bytes.Repeat([]byte{opLocalGet, 0, opBrIf, 0, opEnd}, size)...))
}

// MemoryBomb is a guest of a few kilobytes that takes the compiler much memory at once: conditions in one another, each of
// which changes a local. Each local is a value of its own behind each condition. With 1,000 of both it takes half a
// gigabyte in a few seconds, with 4,000 more than one within a minute, and it is not done then.
func MemoryBomb(size int) []byte {
	var conditions []byte
	for i := range size {
		conditions = append(conditions, opLocalGet, 0, opIf, 0x40, opLocalGet, 0)
		conditions = setLocal(conditions, i)
	}
	return compiled(size, append(conditions, bytes.Repeat([]byte{opEnd}, size)...))
}

// compiled is a guest with a job of this code, which has locals beside its four parameters and uses all of them in the end.
func compiled(locals int, content []byte) []byte {
	sum := []byte{opLocalGet, 0}
	for i := range locals {
		sum = append(getLocal(sum, i), opI32Add)
	}
	return program{job: slices.Concat([]byte{1}, number(locals), []byte{i32}, content, sum, []byte{opEnd})}.wasm()
}

// getLocal and setLocal append instructions on a local that is no parameter.
func getLocal(code []byte, local int) []byte {
	return append(append(code, opLocalGet), number(4+local)...)
}

func setLocal(code []byte, local int) []byte {
	return append(append(code, opLocalSet), number(4+local)...)
}
