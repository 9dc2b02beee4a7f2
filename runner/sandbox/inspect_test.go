package sandbox_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/airlock-run/airlock/runner/sandbox"
)

// The numbers of sections.
const (
	customSection = iota
	typeSection
	importSection
	functionSection
	tableSection
	memorySection
	globalSection
	exportSection
	startSection
	elementSection
	codeSection
	dataSection
)

// module makes a module of sections.
func module(sections ...[]byte) []byte {
	return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"), slices.Concat(sections...))
}

// section makes a section of a number and its content.
func section(id byte, content ...[]byte) []byte {
	data := slices.Concat(content...)
	return slices.Concat([]byte{id}, number(len(data)), data)
}

func number(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }

// A few bytes can state that billions of things follow. Whoever allocates for them before looking is dead: the Go runtime
// ends the process.
func TestPrepareRefusesStatedNumbers(t *testing.T) {
	t.Parallel()
	const billions = 1<<32 - 1
	huge := number(billions)
	function := section(typeSection, number(1), []byte{0x60, 0, 0})
	one := section(functionSection, number(1), number(0))
	cases := map[string]struct {
		wasm []byte
		want string
	}{
		"types":            {module(section(typeSection, huge)), "validate: type section at offset 8: 4294967295 types, at most 100000 are possible"},
		"parameters":       {module(section(typeSection, number(1), []byte{0x60}, huge)), "validate: type section at offset 8: 4294967295 values in a function's type, at most 1000 are possible"},
		"recursive types":  {module(section(typeSection, number(1), []byte{0x4e}, huge)), "validate: type section at offset 8: the module uses garbage-collected or typed references, which guests cannot: write it in a language that compiles to linear memory"},
		"typed references": {module(section(typeSection, number(1), []byte{0x60, 1, 0x64, 0})), "validate: type section at offset 8: the module uses garbage-collected or typed references, which guests cannot: write it in a language that compiles to linear memory"},
		"imports":          {module(section(importSection, huge)), "validate: import section at offset 8: 4294967295 imports, at most 1000 are possible"},
		"import's name":    {module(section(importSection, number(1), huge)), "validate: import section at offset 8: malformed or cut off"},
		"functions":        {module(function, section(functionSection, huge)), "validate: function section at offset 14: 4294967295 functions, at most 100000 are possible"},
		"fewer functions":  {module(function, section(functionSection, number(1000))), "validate: function section at offset 14: malformed or cut off"},
		"tables":           {module(section(tableSection, huge)), "validate: table section at offset 8: 4294967295 tables, at most 8 are possible"},
		"table entries":    {module(section(tableSection, number(2), []byte{0x70, 0}, number(1<<17), []byte{0x70, 0}, number(1<<17+1))), "validate: table section at offset 8: 262145 table entries, at most 131072 are possible"},
		"table of numbers": {module(section(tableSection, number(1), []byte{0x7f, 0, 1})), "validate: table section at offset 8: malformed or cut off"},
		"globals":          {module(section(globalSection, huge)), "validate: global section at offset 8: 4294967295 globals, at most 100000 are possible"},
		"exports":          {module(section(exportSection, huge)), "validate: export section at offset 8: 4294967295 exports, at most 100000 are possible"},
		"segments":         {module(section(elementSection, huge)), "validate: element section at offset 8: 4294967295 element segments, at most 100000 are possible"},
		"entries":          {module(section(elementSection, number(1), []byte{0, 0x41, 0, 0x0b}, huge)), "validate: element section at offset 8: 4294967295 entries of an element segment, at most 131072 are possible"},
		"bodies":           {module(section(codeSection, huge)), "validate: code section at offset 8: 4294967295 functions, at most 100000 are possible"},
		"body's length":    {module(function, one, section(codeSection, number(1), huge)), "validate: code section at offset 18: function 0: its body is 4294967295 bytes, at most 2097152 are possible"},
		"locals":           {module(function, one, section(codeSection, number(1), number(8), number(1), huge, []byte{0x7f, 0x0b})), "validate: code section at offset 18: function 0 at 8: 4294967295 locals of a function, at most 50000 are possible"},
		"data segments":    {module(section(dataSection, huge)), "validate: data section at offset 8: 4294967295 data segments, at most 100000 are possible"},
		"data":             {module(section(dataSection, number(1), []byte{1}, huge)), "validate: data section at offset 8: malformed or cut off"},
		"start":            {module(section(typeSection, number(1), []byte{0x60, 1, 0x7f, 0}), one, section(memorySection, number(1), []byte{0, 1}), section(exportSection, number(1), []byte("\x06memory\x02\x00")), section(startSection, number(0)), section(codeSection, number(1), []byte{2, 0, 0x0b})), "validate: start section: function 0 is none without parameters and results"},
		"section's name":   {module(section(customSection, huge)), "validate: custom section at offset 8: malformed or cut off"},
		"nameless section": {module(section(customSection)), "validate: custom section at offset 8: malformed or cut off"},
		"endless number":   {module(section(typeSection, []byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x80})), "validate: type section at offset 8: malformed or cut off"},
		"endless constant": {module(section(globalSection, number(1), []byte{0x7f, 0, 0x41, 0})), "validate: global section at offset 8: malformed or cut off"},
	}
	engine := newEngine(t, true)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := engine.Prepare(t.Context(), c.wasm, sandbox.Options{MaxMemory: maxMemory}); err == nil || err.Error() != c.want {
				t.Fatalf("error is %v\nwant %s", err, c.want)
			}
		})
	}
}

// All locals together are bounded, too: a function may have many, not each of thousands.
func TestPrepareRefusesLocalsInSum(t *testing.T) {
	t.Parallel()
	const functions = 100
	bodies, indices := number(functions), number(functions)
	for range functions {
		indices = append(indices, 0)
		locals := slices.Concat(number(1), number(50_000), []byte{0x7f, 0x0b})
		bodies = slices.Concat(bodies, number(len(locals)), locals)
	}
	wasm := module(section(typeSection, number(1), []byte{0x60, 0, 0}), section(functionSection, indices), section(codeSection, bodies))
	const want = "validate: code section at offset 117: function 83 at 6: 4200000 locals, at most 4194304 are possible"
	if _, err := newEngine(t, true).Prepare(t.Context(), wasm, sandbox.Options{MaxMemory: maxMemory}); err == nil || err.Error() != want {
		t.Fatalf("error is %v\nwant %s", err, want)
	}
}

// What tools write into custom sections is no reason to refuse a module, whatever it is. That they have a name is.
func TestPrepareIgnoresCustomSections(t *testing.T) {
	t.Parallel()
	names := func(content ...[]byte) []byte {
		return section(customSection, append([][]byte{[]byte("\x04name")}, content...)...)
	}
	huge := number(1<<32 - 1)
	cases := map[string][]byte{
		"unknown":            section(customSection, []byte("\x08producers"), huge),
		"names":              names(section(1, number(1), number(0), []byte("\x05alloc"))),
		"names of billions":  names(section(1, huge)),
		"name of billions":   names(section(1, number(1), number(0), huge)),
		"locals of billions": names(section(2, huge)),
		"not UTF-8":          names(section(1, number(1), number(0), []byte("\x01\xff"))),
		"twice":              slices.Concat(names(section(1, number(0))), names(section(1, number(0)))),
	}
	engine := newEngine(t, true)
	for name, custom := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			prepareOn(t, engine, append(slices.Clone(modules(t)["simd"]), custom...))
		})
	}
}

// A module's own names may be long and strange: they are cut before they reach a record.
func TestErrorsBoundNames(t *testing.T) {
	t.Parallel()
	long := slices.Repeat([]byte("\x1b[31m"), 1<<18)
	imports := number(500)
	for range 500 {
		imports = slices.Concat(imports, number(1000), long[:1000], []byte{1, 'x', 0, 0})
	}
	trapping := append(slices.Clone(modules(t)["init_traps"]),
		section(customSection, []byte("\x04name"), section(1, number(1), number(2), number(len(long)), long))...)
	cases := map[string][]byte{
		"imports":   module(section(typeSection, number(1), []byte{0x60, 0, 0}), section(importSection, imports)),
		"functions": trapping,
	}
	engine := newEngine(t, true)
	for name, wasm := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := engine.Prepare(t.Context(), wasm, sandbox.Options{MaxMemory: maxMemory})
			if err == nil || len(err.Error()) > 2000 || slices.Contains([]byte(err.Error()), 0x1b) {
				t.Fatalf("error is %.3000v", err)
			}
		})
	}
}
