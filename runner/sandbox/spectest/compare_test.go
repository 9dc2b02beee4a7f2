package spectest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// binaryOperation is the body of a function that does one thing with its two parameters: opcode between the two parts.
func binaryOperation(opcode byte) []byte { return []byte{0x20, 0x00, 0x20, 0x01, opcode, 0x0b} }

// replaced is a rewriting that turns one operation into another.
func replaced(opcode, by byte) func([]byte) ([]byte, error) {
	return func(wasm []byte) ([]byte, error) {
		return bytes.ReplaceAll(wasm, binaryOperation(opcode), binaryOperation(by)), nil
	}
}

// Each way in which a rewriting can be wrong is found, and where.
func TestCompare(t *testing.T) {
	t.Parallel()
	const add, sub, divide = 0x6a, 0x6b, 0x6d
	s := loadSuite(t)
	for name, tt := range map[string]struct {
		script  string
		through Pipeline
		// start and rest are of a regression expected.
		start, rest string
	}{
		"wrong_result": {
			"v1/i32",
			Pipeline{Rewrite: replaced(add, sub)},
			"i32.wast:35: assert_return: failed", `invoke "add"[i32:1 i32:1]: got [0x0], want [i32:2]`,
		},
		"wrong_lane": {
			"v2/simd_i32x4_arith",
			Pipeline{Rewrite: func(wasm []byte) ([]byte, error) {
				return bytes.ReplaceAll(wasm, []byte{0xfd, 0xae, 0x01}, []byte{0xfd, 0xb1, 0x01}), nil
			}},
			"simd_i32x4_arith.wast:", `invoke "i32x4.add"`,
		},
		"no_trap": {
			"v2/i32",
			Pipeline{Rewrite: replaced(divide, sub), AnyTrap: true},
			"i32.wast:", "assert_trap: failed: call \"div_s\"[i32:1 i32:0]: got [0x1], want trap: integer divide by zero",
		},
		"another_trap": {
			"v2/i32",
			Pipeline{Rewrite: unreachable},
			"i32.wast:", "got trap: unreachable, want integer divide by zero",
		},
		"broken_module": {
			"v1/i32",
			Pipeline{Rewrite: func(wasm []byte) ([]byte, error) { return wasm[:len(wasm)/2], nil }},
			"i32.wast:3: module: failed", "compile",
		},
		"calls_of_broken_module": {
			"v1/i32",
			Pipeline{Rewrite: func(wasm []byte) ([]byte, error) { return wasm[:len(wasm)/2], nil }},
			"i32.wast:37: assert_return: failed", "compile",
		},
		"accepts_invalid": {
			"v2/i32",
			Pipeline{Rewrite: func([]byte) ([]byte, error) { return []byte(empty), nil }},
			"i32.wast:", "assert_invalid: failed: compiled, want: type mismatch",
		},
		"never_started": {
			"v1/start",
			Pipeline{Rewrite: func(wasm []byte) ([]byte, error) {
				return exportStart(t.Context(), wasm)
			}},
			"start.wast:", `invoke "get"`,
		},
		"imports_wrong_instance": {
			"v2/linking",
			Pipeline{Rewrite: renamed("Mg", "Mh")},
			"linking.wast:", "module: failed: instantiate: module[Mh] not instantiated",
		},
		"replaced_by_another": {
			"v2/linking",
			Pipeline{Settle: settleOnNothing},
			"linking.wast:17: assert_return: failed", `function "call" is not exported`,
		},
		"imports_from_another": {
			"v2/linking",
			Pipeline{Settle: settleOnNothing},
			"linking.wast:9: module: failed", `"call" is not exported in module "linking.0.wasm"`,
		},
		"starts_what_must_trap": {
			"v2/start",
			Pipeline{Rewrite: func(wasm []byte) ([]byte, error) {
				return exportStart(t.Context(), wasm)
			}},
			"start.wast:", "assert_uninstantiable: failed: instantiated, want: unreachable",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one := s.script(t, tt.script)
			before := playScript(t, s, wazero.NewRuntimeConfigCompiler(), one, Pipeline{})
			after := playScript(t, s, wazero.NewRuntimeConfigCompiler(), one, tt.through)
			if got := compare(before, after); !contains(got, tt.start, tt.rest) {
				t.Errorf("want regression %s … %s, got:\n%s", tt.start, tt.rest, strings.Join(got, "\n"))
			}
		})
	}
}

// empty is the smallest module.
const empty = "\x00asm\x01\x00\x00\x00"

// settleOnNothing replaces each module by an empty one.
func settleOnNothing(
	ctx context.Context, r wazero.Runtime, name string, _ []byte, _ api.Module,
) (api.Module, error) {
	return r.InstantiateWithConfig(ctx, []byte(empty), wazero.NewModuleConfig().WithName(name))
}

// unreachable is a rewriting that makes divisions trap always.
func unreachable(wasm []byte) ([]byte, error) {
	const divide = 0x6d
	return bytes.ReplaceAll(wasm, binaryOperation(divide), []byte{0x00, 0x01, 0x01, 0x01, 0x01, 0x0b}), nil
}

// renamed is a rewriting of imports from one module into imports from another.
func renamed(from, to string) func([]byte) ([]byte, error) {
	return func(wasm []byte) ([]byte, error) {
		return bytes.ReplaceAll(wasm, []byte("\x02"+from), []byte("\x02"+to)), nil
	}
}

// What a refused module, and a module that imports from it, cannot do is not applicable. Everything else goes on.
func TestRefusal(t *testing.T) {
	t.Parallel()
	s := loadSuite(t)
	one := s.script(t, "v2/linking")
	first, err := (&player{script: one}).read(&one.commands[0])
	if err != nil {
		t.Fatal(err)
	}
	after := playScript(t, s, wazero.NewRuntimeConfigCompiler(), one, Pipeline{
		Rewrite: func(wasm []byte) ([]byte, error) {
			if bytes.Equal(wasm, first) {
				return nil, errors.New("too plain")
			}
			return wasm, nil
		},
	})
	before := playScript(t, s, wazero.NewRuntimeConfigCompiler(), one, Pipeline{})
	if diff := cmp.Diff([]string(nil), compare(before, after)); diff != "" {
		t.Errorf("regressions (-want +got):\n%s", diff)
	}
	var affected []string
	for _, is := range after.results {
		if is.outcome == NotApplicable {
			affected = append(affected, is.command.String())
		}
	}
	want := []string{
		"3: module", "7: register", "9: module",
		"17: assert_return", "18: assert_return", "19: assert_return", "20: assert_return",
	}
	if diff := cmp.Diff(want, affected[:min(len(affected), len(want))]); diff != "" {
		t.Errorf("not applicable (-want +got):\n%s", diff)
	}
	wantRefusals := []refusal{{module: "v2/linking.0.wasm", line: 3, reason: "too plain"}}
	if diff := cmp.Diff(wantRefusals, after.refusals, cmp.AllowUnexported(refusal{})); diff != "" {
		t.Errorf("refusals (-want +got):\n%s", diff)
	}
}

// Refusals must be announced, with their reason, and few.
func TestJudge(t *testing.T) {
	t.Parallel()
	const module, reason = "v1/a.0.wasm", "rewrite: too many locals"
	most := map[string]string{}
	for i := range maxRefusals {
		most[fmt.Sprintf("v1/b.%d.wasm", i)] = "too many locals"
	}
	tooMany := maps.Clone(most)
	tooMany[module] = "too many locals"
	for name, tt := range map[string]struct {
		refused, announced map[string]string
		whole              bool
		want               []string
	}{
		"announced": {
			refused:   map[string]string{module: reason},
			announced: map[string]string{module: "too many locals"},
			whole:     true,
		},
		"not_announced": {
			refused: map[string]string{module: reason},
			want:    []string{module + ", line 3: refused: " + reason},
		},
		"another_reason": {
			refused:   map[string]string{module: reason},
			announced: map[string]string{module: "too big"},
			want:      []string{module + ", line 3: refused: " + reason + ", want too big"},
		},
		"not_made": {
			announced: map[string]string{module: "too big"},
			whole:     true,
			want:      []string{module + ": not refused, want too big"},
		},
		"not_played": {announced: map[string]string{module: "too big"}},
		"most":       {refused: most, announced: most, whole: true},
		"too_many": {
			refused:   tooMany,
			announced: tooMany,
			whole:     true,
			want:      []string{"21 modules refused, want at most 20"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var refusals []refusal
			for module, reason := range tt.refused {
				refusals = append(refusals, refusal{module: module, line: 3, reason: reason})
			}
			if diff := cmp.Diff(tt.want, judge(refusals, tt.announced, tt.whole)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
