package spectest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBaseline(t *testing.T) {
	t.Parallel()
	const (
		table    = "assert_uninstantiable: instantiated, want: out of bounds table access"
		constant = "assert_invalid: compiled, want: constant expression required"
	)
	for name, tt := range map[string]struct {
		got  baseline
		want []string
	}{
		"as_known": {baseline{71_735, map[string]int{table: 15, constant: 5}}, nil},
		"script_missing": {
			baseline{71_000, map[string]int{table: 15, constant: 5}},
			[]string{"as it is, 71000 commands pass, want 71735"},
		},
		"another_failure": {
			baseline{71_735, map[string]int{table: 15, constant: 5, "action: trapped": 1}},
			[]string{"as it is, 1 fail, want 0: action: trapped"},
		},
		"failure_gone": {
			baseline{71_735, map[string]int{table: 15}},
			[]string{"as it is, 0 fail, want 5: " + constant},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tt.got.check()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
