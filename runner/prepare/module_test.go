package prepare_test

import (
	"slices"

	"github.com/airlock-run/airlock/runner/sandbox/sandboxtest"
)

// module is a whole module that the test's stages read an instruction from. Modules with other instructions are others.
func module(instruction string) []byte {
	return instructed(instruction, sandboxtest.Code([]byte{0x0b}))
}

// instructed is a module with an instruction, which is in a section of its own, the first one.
func instructed(instruction string, module []byte) []byte {
	section := append(name("test"), instruction...)
	return slices.Concat(module[:8], []byte{0}, name(string(section)), module[8:])
}

// name is a text that is shorter than 128 bytes, with its length before it.
func name(text string) []byte { return append([]byte{byte(len(text))}, text...) }

// cpuBomb takes the compiler half a minute and little memory, memoryBomb half a gigabyte in a few seconds.
func cpuBomb() []byte    { return instructed("pass", sandboxtest.TimeBomb(300)) }
func memoryBomb() []byte { return instructed("pass", sandboxtest.MemoryBomb(1000)) }
