package sandboxtest

import (
	"bytes"
	"slices"
	"strings"
)

// Bomb is a module that is refused while it is prepared, by the time it costs otherwise.
type Bomb struct {
	Name string
	Wasm []byte
	// Error begins the error it is refused with.
	Error string
}

// Bombs lists modules that would hold up who prepares them, or take the memory of the host.
func Bombs() []Bomb {
	repeated := func(n int, item ...byte) []byte { return append(number(n), bytes.Repeat(item, n)...) }
	job := func(body []byte) []byte { return program{job: body}.wasm() }
	with := func(id byte, section []byte) []byte { return program{sections: map[byte][]byte{id: section}}.wasm() }
	only := func(id byte, section []byte) []byte {
		return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"), []byte{id}, sized(section))
	}
	return []Bomb{
		{"body", job(append(bytes.Repeat([]byte{1}, 2<<20), 0x0b)), "validate: code section at offset "},
		{"locals", job([]byte("\x01\xd1\x86\x03\x7f\x41\x00\x0b")), "validate: code section at offset "},
		{"blocks", job(code(bytes.Repeat([]byte{0x02, 0x40, 0x0b}, 15_001), []byte{opI32Const, 0})), "validate: code section at offset "},
		{"nested blocks", job(code(bytes.Repeat([]byte{0x02, 0x40}, 50_001), bytes.Repeat([]byte{0x0b}, 15_001), []byte{opI32Const, 0})), "validate: code section at offset "},
		{"loops", job(code(bytes.Repeat([]byte{opLoop, 0x40, 0x0b}, 2_001), []byte{opI32Const, 0})), "validate: code section at offset "},
		{"br_table", job(code([]byte{opI32Const, 0, 0x0e}, repeated(500_001, 0), []byte{0})), "validate: code section at offset "},
		{"functions", only(3, repeated(100_001, 0)), "validate: function section at offset 8: 100001 functions, at most 100000 are possible"},
		{"types", only(1, repeated(100_001, 0x60, 0, 0)), "validate: type section at offset 8: 100001 types, at most 100000 are possible"},
		{"parameters", only(1, repeated(2000, append(append([]byte{0x60}, repeated(600, 0x7f)...), 0)...)), "validate: type section at offset 8: 1048800 parameters and results, at most 1048576 are possible"},
		{"imports", only(2, repeated(1001, 1, 'a', 1, 'b', 0, 0)), "validate: import section at offset 8: 1001 imports, at most 1000 are possible"},
		{"exports", only(7, repeated(100_001, 1, 'a', 0, 0)), "validate: export section at offset 8: 100001 exports, at most 100000 are possible"},
		{"globals", only(6, repeated(100_001, 0x7f, 0, opI32Const, 0, opEnd)), "validate: global section at offset 8: 100001 globals, at most 100000 are possible"},
		{"data segments", only(11, repeated(100_001, 1, 0)), "validate: data section at offset 8: 100001 data segments, at most 100000 are possible"},
		{"element segments", only(9, repeated(100_001, 1, 0, 0)), "validate: element section at offset 8: 100001 element segments, at most 100000 are possible"},
		{"elements", only(9, repeated(2, append([]byte{1, 0}, repeated(100_000, 0)...)...)), "validate: element section at offset 8: "},
		{"tables", only(4, repeated(9, 0x70, 0, 1)), "validate: table section at offset 8: 9 tables, at most 8 are possible"},
		{"table", only(4, append([]byte{1, 0x70, 0}, number(10_000_000)...)), "validate: table section at offset 8: 10000000 table entries, at most 131072 are possible"},
		{"memory", program{pages: 65536}.wasm(), "validate: the guest starts with 4096 MB of memory and may have 64: raise max_memory_mb in its manifest"},
		{"large", append([]byte("\x00asm\x01\x00\x00\x00"), make([]byte, 100<<20)...), "validate: module is 104857608 bytes, at most 67108864 are possible"},
		{"start traps", with(8, number(functionFirst)), "validate: start section: function 5 is none without parameters and results"},
		{"start loops", program{
			types: [][]byte{{0x60, 0, 0}}, functions: []body{{typeFirst, []byte("\x00\x03\x40\x0c\x00\x0b\x0b")}},
			sections: map[byte][]byte{8: number(functionFirst)},
		}.wasm(), "snapshot: start the guest: "},
		{"start recurses", program{
			types: [][]byte{{0x60, 0, 0}}, functions: []body{{typeFirst, []byte("\x00\x10\x05\x0b")}},
			sections: map[byte][]byte{8: number(functionFirst)},
		}.wasm(), "snapshot: start the guest: limit of call depth: "},
		{"plugin_init loops", program{start: []byte("\x00\x03\x40\x0c\x00\x0b\x00\x0b")}.wasm(), "snapshot: plugin_init: "},
		{"plugin_init grows", program{start: []byte("\x00\x03\x40\x41\x10\x40\x00\x41\x7f\x47\x0d\x00\x0b\x00\x0b")}.wasm(), "snapshot: plugin_init: limit of memory: "},
		{"plugin_init hoards", program{start: []byte("\x01\x01\x7f\x03\x40\x41\x00\x40\x00\x1a\x20\x00\x41\x01\x6a\x22\x00\x41\xb0\xea\x01\x49\x0d\x00\x0b\x03\x40\x0c\x00\x0b\x00\x0b")}.wasm(), "snapshot: plugin_init: "},
		{"name", only(0, slices.Concat(number(1<<20), []byte(strings.Repeat("n", 1<<20)), []byte{1, 0xff, 0xff, 0xff, 0xff, 0x0f})), `validate: missing export "memory"`},
	}
}
