package meter_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/airlock-run/airlock/runner/sandbox/meter"
	"github.com/airlock-run/airlock/runner/sandbox/sandboxtest"
	"github.com/airlock-run/airlock/runner/sandbox/snapshot"
	"github.com/airlock-run/airlock/runner/sandbox/validate"
)

// judge says why the engine does not take a module; a panic of it is an answer as well.
func judge(r wazero.Runtime, module []byte) (err error, panicked bool) {
	defer func() {
		if recover() != nil {
			panicked = true
		}
	}()
	return compile(r, module), false
}

// agree checks that a module that the engine takes is taken after metering and after freezing as well, and no other one.
func agree(t *testing.T, r wazero.Runtime, module []byte) {
	t.Helper()
	in, err := validate.Validate(module)
	if err != nil {
		return
	}
	out, err := meter.Rewrite(in)
	if err != nil {
		return
	}
	before, broken := judge(r, module)
	if broken {
		return
	}
	after, broken := judge(r, out.Wasm)
	if broken || (before == nil) != (after == nil) {
		t.Fatalf("before: %v\nafter: %v", before, after)
	}
	if before != nil || snapshot.Possible(in, out) != "" {
		return
	}
	var values []snapshot.Value
	for _, g := range out.Globals {
		values = append(values, snapshot.Value{Global: g, Bits: 1<<63 | 5})
	}
	frozen, err := snapshot.Freeze(out, values, in.MemoryMin)
	if err != nil {
		t.Fatalf("freeze: %v", err)
	}
	if err, broken := judge(r, frozen); err != nil || broken {
		t.Fatalf("frozen: %v", err)
	}
}

// FuzzRewrite meters and freezes arbitrary modules, and modules of arbitrary code: it never panics, and whatever the
// engine takes before, it takes after.
func FuzzRewrite(f *testing.F) {
	for _, pattern := range []string{"../testdata/*.wasm", "../sandboxtest/hostile/*.wasm", "testdata/*.wasm"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal(pattern, err)
		}
		for _, file := range files {
			module, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(module)
		}
	}
	for _, code := range []string{
		"\x0b", "\x03\x40\x0c\x00\x0b\x0b", "\x23\x00\x24\x00\x0b", "\x23\x01\x1a\x0b", "\x41\x00\x0e\x01\x00\x00\x0b", "\x41\x00\x11\x00\x00\x0b",
		"\xfd\x0c0123456789abcdef\x1a\x0b", "\x41\x00\xfd\x8e\x01\x0b", "\x02\x80\x80\x80\x80\x80\x03\x40\x0b\x0b", "\x00\xfc\x0a\x00\x00\x0b",
		"\x41\x00\x41\x00\x41\x00\xfc\x0b\x00\x0b", "\xd0\x70\x41\x01\xfc\x0f\x00\x1a\x0b", "\xd0\x70\x1a\x0b", "\xd2\x00\x1a\x0b", "\x03\x40\xd2\x00\x1a\x0b\x0b",
		"\x00\x1c\x01\x7f\x1a\x0b", "\x41\x00\x28\x02\x00\x1a\x0b", "\x43\x00\x00\x80\x3f\x1a\x0b", "\x41\x00\x40\x00\x1a\x0b",
		"\x03\x40\x03\x40\x41\x00\x0d\x01\x41\x00\x0e\x02\x00\x01\x02\x0b\x0b\x0b", "\x41\x00\x03\x01\x0d\x00\x41\x00\x0b\x1a\x0b",
		"\x03\x40\x02\x40\x02\x40\x20\x00\x0e\x01\x00\x01\x0b\x41\x01\x21\x00\x0c\x01\x0b\x0b\x0b",
		"\x41\x00\x41\x00\x20\x00\xfc\x0b\x00\x41\x00\x41\x00\x41\x7f\xfc\x0a\x00\x00\x0b",
	} {
		f.Add([]byte(code))
	}
	r := engine(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 8<<10 {
			return
		}
		if !bytes.HasPrefix(data, []byte("\x00asm")) {
			data = sandboxtest.Code(data)
		}
		agree(t, r, data)
	})
}

// Code that would name what is ours is refused, though it would be there once the module is metered.
func TestRewriteRefusesWhatWouldEvadeIt(t *testing.T) {
	t.Parallel()
	r := wazero.NewRuntimeWithConfig(context.Background(), wazero.NewRuntimeConfigInterpreter())
	t.Cleanup(func() { _ = r.Close(context.Background()) })
	for name, c := range map[string]struct{ code, want string }{
		"reads how much is left": {"\x23\x01\x1a\x0b", "function 0: global 1 of 1"},
		"refuels":                {"\x41\x00\x24\x01\x0b", "function 0: global 1 of 1"},
		"goes on":                {"\x41\x00\x24\x82\x00\x0b", "function 0: global 2 of 1"},
		"calls refill":           {"\x41\x00\x10\x01\x0b", "function 0: function 1 of 1"},
		"takes the local":        {"\x20\x02\x1a\x0b", "function 0: local 2 of 2"},
		"takes the added type":   {"\x41\x00\x41\x00\x11\x02\x00\x0b", "function 0: type 2 of 2"},
		"leaves too far":         {"\x03\x40\x0c\x02\x0b\x0b", "function 0: label 2 of 2"},
		"refers to what is not":  {"\xd2\x01\x1a\x0b", "function 0: function 1 of 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, err := validate.Validate(sandboxtest.Code([]byte(c.code)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := meter.Rewrite(in); err == nil || err.Error() != c.want && name != "refers to what is not" {
				t.Fatalf("error is %v, want %s", err, c.want)
			}
		})
	}
}
