package validate_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/runner/sandbox/sandboxtest"
	"github.com/airlock-run/airlock/runner/sandbox/validate"
)

// What cannot be accepted is named, with what to do, and with its place. The modules have one function of this code, which
// begins with two locals.
func TestValidateNamesFeatures(t *testing.T) {
	t.Parallel()
	const (
		place      = "code section at offset 54: function 0 at "
		references = "the module uses garbage-collected or typed references, which guests cannot: write it in a language that compiles to linear memory"
		threads    = "the module uses threads, which guests cannot: build it without atomics and shared memory"
		exceptions = "the module uses exceptions, which guests cannot: build it without them (Rust: panic=abort, C++: -fno-exceptions)"
		tailCalls  = "the module uses tail calls, which guests cannot: build it without them (clang: -mno-tail-call)"
		memories   = "the module uses several memories, which guests cannot: build it with one"
		relaxed    = "the module uses relaxed SIMD, which guests cannot: build it without (clang: -mno-relaxed-simd)"
	)
	for name, c := range map[string]struct{ code, want string }{
		"return_call":             {"\x12\x00\x0b", "5: " + tailCalls},
		"return_call_indirect":    {"\x13\x00\x00\x0b", "5: " + tailCalls},
		"try":                     {"\x06\x40\x0b\x0b", "5: " + exceptions},
		"throw":                   {"\x08\x00\x0b", "5: " + exceptions},
		"try_table":               {"\x1f\x40\x00\x0b\x0b", "5: " + exceptions},
		"call_ref":                {"\x14\x00\x0b", "5: " + references},
		"ref.eq":                  {"\xd3\x0b", "5: " + references},
		"struct.new":              {"\xfb\x00\x00\x0b", "5: " + references},
		"block of a typed value":  {"\x02\x64\x0b\x0b", "5: " + references},
		"atomics":                 {"\xfe\x10\x02\x00\x0b", "5: " + threads},
		"another memory":          {"\x3f\x01\x0b", "5: " + memories},
		"another memory's load":   {"\x41\x00\x28\x42\x01\x00\x0b", "7: " + memories},
		"relaxed SIMD":            {"\xfd\x80\x02\x0b", "5: " + relaxed},
		"half a vector opcode":    {"\xfd\x8e\x03\x40\x0c\x00\x0b\x0b", "5: " + relaxed},
		"endless block type":      {"\x02\x80\x80\x80\x80\x80\x03\x40\x0c\x00\x0b\x0b\x0b", "5: malformed or cut off"},
		"no instruction":          {"\xff\x0b", "5: unknown instruction 0xff"},
		"no such conversion":      {"\xfc\x12\x0b", "5: unknown instruction 0xfc 18"},
		"cut off in a constant":   {"\x43\x00\x00", "5: malformed or cut off"},
		"cut off in a br_table":   {"\x0e\xff\xff\xff\xff\x0f\x00", "5: malformed or cut off"},
		"cut off in a block type": {"\x03", "5: malformed or cut off"},
		"a block that stays open": {"\x02\x40\x0b", "8: 1 blocks do not end: malformed or cut off"},
		"code after its end":      {"\x0b\x01", "6: code after the last end: malformed or cut off"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := validate.Validate(sandboxtest.Code([]byte(c.code))); err == nil || err.Error() != place+c.want {
				t.Fatalf("error is %v\nwant %s", err, place+c.want)
			}
		})
	}
}

// Bombs never get far: those that state too much are refused here.
func TestValidateRefusesBombs(t *testing.T) {
	t.Parallel()
	for _, b := range sandboxtest.Bombs() {
		want, here := strings.CutPrefix(b.Error, "validate: ")
		if !here || strings.HasPrefix(want, "missing export") || strings.HasPrefix(want, "the guest starts with") {
			continue // others refuse it
		}
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			if _, err := validate.Validate(b.Wasm); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Fatalf("error is %v\nwant %s", err, want)
			}
		})
	}
}

// What is ours cannot be named, and sections come in their order.
func TestValidateRefusesWhatWouldEvadeIt(t *testing.T) {
	t.Parallel()
	exporting := func(entry string) []byte {
		return append([]byte("\x00asm\x01\x00\x00\x00\x06\x06\x01\x7f\x01\x41\x00\x0b\x07"), string(rune(len(entry)+1))+"\x01"+entry...)
	}
	whole := sandboxtest.Code([]byte("\x0b"))
	for name, c := range map[string]struct {
		wasm []byte
		want string
	}{
		"exports how much is left": {exporting("\x01x\x03\x01"), "export section: x is number 1 of 1"},
		"exports our name":         {exporting("\x0cairlock:fuel\x03\x00"), "export section at offset 16: export airlock:fuel: names that begin with airlock: are taken"},
		"sections twice":           {append(slices.Clone(whole), 11, 1, 0), "data section at offset 73: it is there twice or too late"},
		"sections in disorder":     {append(slices.Clone(whole), 8, 1, 0), "start section at offset 73: it is there twice or too late"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := validate.Validate(c.wasm); err == nil || err.Error() != c.want {
				t.Fatalf("error is %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestValidateFindsFeatures(t *testing.T) {
	t.Parallel()
	// One of the function's locals is a v128.
	features := []struct {
		code string
		want []string
	}{
		{"\x0b", []string{"simd"}},
		{"\x41\x00\xc0\x1a\x0b", []string{"sign-extension", "simd"}},
		{"\x43\x00\x00\x00\x00\xfc\x00\x1a\x0b", []string{"nontrapping-float-to-int", "simd"}},
		{"\xd0\x70\x1a\x0b", []string{"reference-types", "simd"}},
		{"\x41\x00\x41\x00\x41\x00\xfc\x0b\x00\x0b", []string{"bulk-memory", "simd"}},
	}
	for _, f := range features {
		code, want := f.code, f.want
		m, err := validate.Validate(sandboxtest.Code([]byte(code)))
		if err != nil {
			t.Fatalf("%x: %v", code, err)
		}
		if diff := cmp.Diff(want, m.Features); diff != "" {
			t.Errorf("%x (-want +got):\n%s", code, diff)
		}
	}
}

func TestValidateRefusesWhatIsNoModule(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"", "\x00asm", "(module)", "\x00asm\x0d\x00\x01\x00", "\x7fELF\x00\x00\x00\x00"} {
		if _, err := validate.Validate([]byte(data)); !errors.Is(err, validate.ErrNotWasm) {
			t.Errorf("%q: error is %v, want ErrNotWasm", data, err)
		}
	}
}
