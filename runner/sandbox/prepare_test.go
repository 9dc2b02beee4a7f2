package sandbox_test

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/airlock-run/airlock/runner/sandbox"
)

//go:embed testdata/modules
var modulesFiles embed.FS

// modules are those of testdata/modules.wast, by name.
func modules(tb testing.TB) map[string][]byte {
	tb.Helper()
	index, err := modulesFiles.ReadFile("testdata/modules/modules.json")
	if err != nil {
		tb.Fatal(err)
	}
	var list struct {
		Commands []struct{ Name, Filename string }
	}
	if err := json.Unmarshal(index, &list); err != nil {
		tb.Fatal(err)
	}
	found := map[string][]byte{}
	for _, c := range list.Commands {
		if found[strings.TrimPrefix(c.Name, "$")], err = modulesFiles.ReadFile("testdata/modules/" + c.Filename); err != nil {
			tb.Fatal(err)
		}
	}
	return found
}

// refused says for each module of testdata/modules.wast that is refused what its author reads.
var refused = map[string]string{
	"no_memory":            `validate: missing export "memory": the guest's memory`,
	"memory_is_a_function": `validate: missing export "memory": the guest's memory`,
	"no_alloc":             "validate: missing export wasm_alloc, a function (i32) -> (i32)",
	"no_free":              "validate: missing export wasm_free, a function (i32, i32) -> ()",
	"no_init":              "validate: missing export plugin_init, a function () -> (i32)",
	"alloc_is_a_global":    "validate: missing export wasm_alloc, a function (i32) -> (i32)",
	"alloc_type":           "validate: export wasm_alloc has type (i64) -> (i32), want (i32) -> (i32)",
	"free_type":            "validate: export wasm_free has type (i32) -> (), want (i32, i32) -> ()",
	"init_type":            "validate: export plugin_init has type () -> (), want () -> (i32)",
	"cleanup_type":         "validate: export plugin_cleanup has type () -> (), want () -> (i32)",
	"initialize_type":      "validate: export _initialize has type (i32) -> (), want () -> ()",

	"imports_unknown": "validate: unknown imports: env.abort, spacedrive.vdfs_read, wasi_snapshot_preview2.fd_write; " +
		"a guest may import spacedrive and wasi_snapshot_preview1",
	"import_type": "validate: import spacedrive.spacedrive_log has type (i32, i32, i64) -> (), want (i32, i32, i32) -> ()",
	"imports_no_functions": "validate: unknown imports: env.memory (a memory; a guest brings its own), env.table (a table), spacedrive.g (a global), env.f; " +
		"a guest may import spacedrive and wasi_snapshot_preview1",

	"start_traps":      "snapshot: start the guest: the guest trapped: start function[3] failed: unreachable, in ",
	"start_loops":      "snapshot: start the guest: context deadline exceeded",
	"initialize_loops": "snapshot: start the guest: context deadline exceeded",
	"initialize_exits": "snapshot: start the guest: the guest exited with code 0 (proc_exit)",
	"data_outside":     "snapshot: start the guest: the guest failed: data[0]: out of bounds memory access",

	"init_answers_1":         "snapshot: plugin_init: it answered 1, want 0",
	"init_traps":             "snapshot: plugin_init: the guest trapped: integer divide by zero, in ",
	"init_loops":             "snapshot: plugin_init: context deadline exceeded",
	"init_registers_nothing": "snapshot: plugin_init registered no job: call register_job there",
	"init_registers_twice":   `snapshot: plugin_init: register_job "j": the name is taken`,
	"init_name":              `snapshot: plugin_init: register_job: name "Job *>" is not 1 to 64 of a-z 0-9 _ -`,
	"init_export_missing":    `snapshot: plugin_init: register_job "j": missing export j, a function (i32, i32, i32, i32) -> (i32)`,
	"init_export_type":       `snapshot: plugin_init: register_job "j": export j has type (i32, i32) -> (i32), want (i32, i32, i32, i32) -> (i32)`,
	"init_name_outside":      "snapshot: plugin_init: register_job: name at 65535 with length 2 is outside of the guest's memory of 65536 bytes",
	"init_registers_1000":    `snapshot: plugin_init: register_job "cfg": an extension has at most 256 jobs`,
	"init_checkpoints":       "snapshot: plugin_init: job_checkpoint: no job runs yet: plugin_init may register jobs and log",

	"memory_large":   "validate: the guest starts with 5 MB of memory and may have 4: raise max_memory_mb in its manifest",
	"table_large":    "validate: table section at offset 8: 100000000 table entries, at most 131072 are possible",
	"memory_shared":  "validate: memory section at offset 8: the module uses threads, which guests cannot: build it without atomics and shared memory",
	"atomics":        "validate: code section at offset 35: function 0 at 3: the module uses threads, which guests cannot: build it without atomics and shared memory",
	"memory_64":      "validate: memory section at offset 8: the module uses 64-bit memory, which guests cannot: build it for wasm32",
	"memory_twice":   "validate: memory section at offset 8: the module uses several memories, which guests cannot: build it with one",
	"tail_call":      "validate: code section at offset 35: function 0 at 1: the module uses tail calls, which guests cannot: build it without them (clang: -mno-tail-call)",
	"tag":            "validate: tag section at offset 23: the module uses exceptions, which guests cannot: build it without them (Rust: panic=abort, C++: -fno-exceptions)",
	"try":            "validate: code section at offset 35: function 0 at 1: the module uses exceptions, which guests cannot: build it without them (Rust: panic=abort, C++: -fno-exceptions)",
	"extended_const": "validate: global section at offset 13: the module uses extended constant expressions, which guests cannot: build it without them (clang: -mno-extended-const)",
}

// accepted are the modules that are not refused, with what their job "j" answers.
var accepted = map[string]int32{"init_calls": 0, "simd": 3, "everything": 3}

func TestPrepareRefuses(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, engine *sandbox.Engine) {
		for name, wasm := range modules(t) {
			want, ok := refused[name]
			if _, fine := accepted[name]; fine || name == "imports_wbindgen" {
				continue
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				if !ok {
					t.Fatal("nothing says what becomes of this module")
				}
				ctx, cancel := t.Context(), context.CancelFunc(func() {})
				if strings.HasSuffix(name, "_loops") {
					ctx, cancel = context.WithTimeout(ctx, 50*time.Millisecond)
				}
				defer cancel()
				_, err := engine.Prepare(ctx, wasm, sandbox.Options{MaxMemory: maxMemory})
				if err == nil || !strings.HasPrefix(err.Error(), want) {
					t.Fatalf("error is %v\nwant one that begins with %s", err, want)
				}
				if !strings.HasSuffix(want, " ") && err.Error() != want {
					t.Fatalf("error is %v\nwant %s", err, want)
				}
				if strings.Contains(err.Error(), "\n") {
					t.Errorf("error is more than a sentence: %v", err)
				}
			})
		}
	})
}

func TestPrepareAccepts(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, engine *sandbox.Engine) {
		all := modules(t)
		for name, code := range accepted {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				result, err := run(t.Context(), prepareOn(t, engine, all[name]), "j", "", &recorder{})
				if err != nil || result.ExitCode != code {
					t.Fatalf("exit code %d, %v, want %d", result.ExitCode, err, code)
				}
			})
		}
		t.Run("imports_wbindgen", func(t *testing.T) {
			t.Parallel()
			_, err := run(t.Context(), prepareOn(t, engine, all["imports_wbindgen"]), "j", "", &recorder{})
			const want = "__wbindgen_placeholder__.__wbindgen_describe: is not there: build the guest without wasm-bindgen"
			if err == nil || err.Error() != want {
				t.Fatalf("error is %v, want %s", err, want)
			}
		})
	})
}

func TestPrepareRefusesBytes(t *testing.T) {
	t.Parallel()
	const advice = "validate: not a WebAssembly module; build it for wasm32-unknown-unknown or wasip1"
	large := make([]byte, sandbox.MaxModule+1)
	copy(large, guest)
	cases := map[string]struct {
		wasm []byte
		want string
	}{
		"empty":      {nil, advice + ": it is cut off after 0 bytes"},
		"elf":        {[]byte("\x7fELF\x02\x01\x01\x00"), advice},
		"text":       {[]byte("\n (module)"), advice + ": this is the text format; translate it with wat2wasm"},
		"cut off":    {guest[:6], advice + ": it is cut off after 6 bytes"},
		"component":  {[]byte("\x00asm\x0d\x00\x01\x00"), advice + ": this is a component; guests are core modules"},
		"version":    {[]byte("\x00asm\x02\x00\x00\x00"), advice + ": its version is 02000000, want 01000000"},
		"too large":  {large, "validate: module is 67108865 bytes, at most 67108864 are possible"},
		"no section": {guest[:8], `validate: missing export "memory": the guest's memory`},
		"truncated":  {guest[:len(guest)-10], fmt.Sprintf("validate: the module is cut off in its data section: %d bytes are there", len(guest)-10)},
		"garbage":    {[]byte("\x00asm\x01\x00\x00\x00\x63\x00"), "validate: unknown (99) section at offset 8: malformed or cut off"},
	}
	eachEngine(t, func(t *testing.T, engine *sandbox.Engine) {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				_, err := engine.Prepare(t.Context(), c.wasm, sandbox.Options{MaxMemory: maxMemory})
				if err == nil || err.Error() != c.want {
					t.Fatalf("error is %v\nwant %s", err, c.want)
				}
				if strings.HasPrefix(c.want, advice) != errors.Is(err, sandbox.ErrNotWasm) {
					t.Errorf("ErrNotWasm: %t", errors.Is(err, sandbox.ErrNotWasm))
				}
			})
		}
	})
}

// A module that any byte is missing of is refused: nothing reads beyond its end.
func TestPrepareRefusesEveryTruncation(t *testing.T) {
	t.Parallel()
	engine := newEngine(t, true)
	whole := modules(t)["everything"]
	// Sections end where the next one begins, and a module without its last sections may be one.
	for n := range whole {
		m, err := engine.Prepare(t.Context(), whole[:n], sandbox.Options{MaxMemory: maxMemory})
		if err == nil {
			_ = m.Close(t.Context())
			t.Errorf("the first %d of %d bytes are taken for a guest", n, len(whole))
		}
	}
}
