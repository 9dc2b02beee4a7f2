package sandbox

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// validator is the engine as it judges modules.
func validator(tb testing.TB) wazero.Runtime {
	tb.Helper()
	r := wazero.NewRuntimeWithConfig(context.Background(),
		wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(api.CoreFeaturesV2).WithDebugInfoEnabled(false))
	tb.Cleanup(func() { _ = r.Close(context.Background()) })
	return r
}

// judge says why the engine does not take a module.
func judge(r wazero.Runtime, wasm []byte) error {
	return survive(func() error {
		compiled, err := r.CompileModule(context.Background(), wasm)
		if err != nil {
			return err
		}
		if start, ok := compiled.ExportedFunctions()[startExport]; ok {
			if err := checkExport(map[string]api.FunctionDefinition{startExport: start}, startExport, sig(":")); err != nil {
				return err
			}
		}
		return compiled.Close(context.Background())
	})
}

// withoutCustom is a whole module without its custom sections, which inspect drops.
func withoutCustom(wasm []byte) []byte {
	kept := bytes.Clone(wasm[:8])
	for r := (&reader{data: wasm[8:]}); len(r.data) > 0; {
		section := r.data
		id := r.byte()
		r.bytes(r.u32())
		if id != sectionCustom {
			kept = append(kept, section[:len(section)-len(r.data)]...)
		}
	}
	return kept
}

// agree checks that inspect makes of a module that the engine takes another it takes, and of no other one that it takes.
// It reports whether there was anything to check.
func agree(t *testing.T, r wazero.Runtime, wasm []byte) bool {
	t.Helper()
	in, err := inspect(wasm)
	if err != nil {
		return false
	}
	before, after := judge(r, withoutCustom(wasm)), judge(r, in.clean)
	switch {
	case (before == nil) == (after == nil):
	case before != nil && strings.Contains(before.Error(), "undeclared function index"):
		// ref.func takes what is exported, and now the start function is. That gives a guest nothing it has not.
	default:
		t.Errorf("before: %v\nafter: %v", before, after)
	}
	return before == nil
}

// FuzzRewrite rewrites arbitrary modules, and modules of arbitrary code.
func FuzzRewrite(f *testing.F) {
	for _, name := range []string{"guest", "hostile", "stop", "abi"} {
		wasm, err := os.ReadFile(filepath.Join("testdata", name+".wasm"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wasm)
	}
	for _, code := range []string{
		"\x0b", "\x03\x40\x0c\x00\x0b\x0b", "\x23\x00\x24\x00\x0b", "\x23\x01\x1a\x0b", "\x41\x00\x0e\x01\x00\x00\x0b", "\x41\x00\x11\x00\x00\x0b",
		"\xfd\x0c0123456789abcdef\x1a\x0b", "\x41\x00\xfd\x8e\x01\x0b", "\x02\x80\x80\x80\x80\x80\x03\x40\x0b\x0b", "\x00\xfc\x0a\x00\x00\x0b", "\x41\x00\x41\x00\x41\x00\xfc\x0b\x00\x0b", "\xd0\x70\x41\x01\xfc\x0f\x00\x1a\x0b",
		"\xd0\x70\x1a\x0b", "\x00\x1c\x01\x7f\x1a\x0b", "\x41\x00\x28\x02\x00\x1a\x0b", "\x43\x00\x00\x80\x3f\x1a\x0b", "\x41\x00\x40\x00\x1a\x0b",
	} {
		f.Add([]byte(code))
	}
	r := validator(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 8<<10 {
			return
		}
		if checkPreamble(data) != nil {
			data = codeModule(data)
		}
		agree(t, r, data)
	})
}

// codeModule is a module with a memory, a table and a global, and one function of this code, which has two locals.
func codeModule(code []byte) []byte {
	section := func(wasm []byte, id byte, content ...byte) []byte {
		return append(appendU32(append(wasm, id), uint32(len(content))), content...)
	}
	wasm := []byte("\x00asm\x01\x00\x00\x00")
	wasm = section(wasm, sectionType, 2, 0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f)
	wasm = section(wasm, sectionFunction, 1, 0)
	wasm = section(wasm, sectionTable, 1, 0x70, 0, 1)
	wasm = section(wasm, sectionMemory, 1, 0, 1)
	wasm = section(wasm, sectionGlobal, 1, i32, mutable, opI32Const, 0, opEnd)
	wasm = section(wasm, sectionElement, 1, 0, opI32Const, 0, opEnd, 1, 0)
	wasm = section(wasm, sectionDataCount, 1)
	body := append([]byte{2, 1, 0x7f, 1, 0x7b}, code...)
	wasm = section(wasm, sectionCode, append(appendU32([]byte{1}, uint32(len(body))), body...)...)
	return section(wasm, sectionData, 1, 0, opI32Const, 0, opEnd, 1, 'x')
}

// What is ours cannot be named, and where the engine would read other instructions than we do, nobody reads any.
func TestInspectRefusesWhatWouldEvadeIt(t *testing.T) {
	t.Parallel()
	code := func(code string) []byte { return codeModule([]byte(code)) }
	exporting := func(entry string) []byte {
		const preamble = "\x00asm\x01\x00\x00\x00"
		globals := "\x06\x06\x01\x7f\x01\x41\x00\x0b"
		return append([]byte(preamble+globals+"\x07"), string(rune(len(entry)+1))+"\x01"+entry...)
	}
	cases := map[string]struct {
		wasm []byte
		want string
	}{
		"reads how much is left":  {code("\x23\x01\x1a\x0b"), "code section: function 0 at 5: global 1 of 1"},
		"refuels":                 {code("\x41\x00\x24\x01\x0b"), "code section: function 0 at 7: global 1 of 1"},
		"goes on":                 {code("\x41\x00\x24\x82\x00\x0b"), "code section: function 0 at 7: global 2 of 1"},
		"exports how much left":   {exporting("\x01x\x03\x01"), "export section: export x is global 1 of 1"},
		"exports our name":        {exporting("\x0cairlock:stop\x03\x00"), "export section: export airlock:stop: names that begin with airlock: are taken"},
		"exports our start":       {exporting("\x0dairlock:start\x00\x00"), "export section: export airlock:start: names that begin with airlock: are taken"},
		"sections twice":          {append(code("\x0b"), 11, 1, 0), "data section: it is there twice or too late"},
		"sections in disorder":    {append(code("\x0b"), 8, 1, 0), "start section: it is there twice or too late"},
		"endless block type":      {code("\x02\x80\x80\x80\x80\x80\x03\x40\x0c\x00\x0b\x0b\x0b"), "code section: function 0 at 5: malformed or cut off"},
		"half a vector opcode":    {code("\xfd\x8e\x03\x40\x0c\x00\x0b\x0b"), "code section: function 0 at 5: " + notAccepted(relaxedSIMD).Error()},
		"relaxed SIMD":            {code("\xfd\x80\x02\x0b"), "code section: function 0 at 5: " + notAccepted(relaxedSIMD).Error()},
		"another memory":          {code("\x3f\x01\x0b"), "code section: function 0 at 5: " + notAccepted(multiMemory).Error()},
		"another memory's load":   {code("\x41\x00\x28\x42\x01\x00\x0b"), "code section: function 0 at 7: " + notAccepted(multiMemory).Error()},
		"typed references":        {code("\x14\x00\x0b"), "code section: function 0 at 5: " + notAccepted(references).Error()},
		"no instruction":          {code("\xff\x0b"), "code section: function 0 at 5: unknown instruction 0xff"},
		"no such conversion":      {code("\xfc\x12\x0b"), "code section: function 0 at 5: unknown instruction 0xfc 18"},
		"cut off in a constant":   {code("\x43\x00\x00"), "code section: function 0 at 5: malformed or cut off"},
		"cut off in a br_table":   {code("\x0e\xff\xff\xff\xff\x0f\x00"), "code section: function 0 at 5: malformed or cut off"},
		"cut off in a block type": {code("\x03"), "code section: function 0 at 5: malformed or cut off"},
		"loops without end":       {code(strings.Repeat("\x03\x40\x0b", maxChecked+1) + "\x0b"), "code section: 1048577 loops and bulk instructions, at most 1048576 are possible"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := inspect(c.wasm); err == nil || err.Error() != c.want {
				t.Fatalf("error is %v\nwant %s", err, c.want)
			}
		})
	}
}

// The modules that the engine tests itself with come through.
func TestRewriteOfTheEnginesModules(t *testing.T) {
	t.Parallel()
	folder, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	if err != nil {
		t.Fatal(err)
	}
	r := validator(t)
	taken := 0
	for _, version := range []string{"v1", "v2"} {
		files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(folder)), "internal/integration_test/spectest", version, "testdata/*.wasm"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			wasm, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if agree(t, r, wasm) {
				taken++
			}
			if _, err := inspect(wasm); err != nil && judge(r, wasm) == nil {
				t.Errorf("%s/%s is refused: %v", version, filepath.Base(file), err)
			}
		}
	}
	if t.Logf("%d modules", taken); taken < 1000 {
		t.Errorf("the engine takes %d modules; are its tests still there?", taken)
	}
}
