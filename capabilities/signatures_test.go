package capabilities_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/capabilities"
)

func TestDemands(t *testing.T) {
	t.Parallel()
	settings := capabilities.SignatureSettings{Require: []capabilities.SignatureRule{
		{Extensions: []string{"finance", "mail"}, Keys: []string{"ours"}},
		{Extensions: []string{capabilities.AnyExtension}, Keys: []string{"ours", "theirs"}},
	}}
	for extension, want := range map[string][][]string{
		"finance":   {{"ours"}, {"ours", "theirs"}},
		"financial": {{"ours", "theirs"}},
	} {
		if diff := cmp.Diff(want, settings.Demands(extension)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", extension, diff)
		}
	}
	if got := (&capabilities.SignatureSettings{}).Demands("finance"); got != nil {
		t.Errorf("no rule demands %v", got)
	}
}
