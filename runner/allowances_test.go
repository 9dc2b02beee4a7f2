package runner

import (
	"strings"
	"testing"

	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/extensions"
)

func policyOf(tb testing.TB, text string) *capabilities.Policy {
	tb.Helper()
	policy, err := capabilities.ParsePolicy([]byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return policy
}

func manifestOf(tb testing.TB) *extensions.Manifest {
	tb.Helper()
	p, err := extensions.NewPackage([]byte(`{"id":"finance","name":"F","version":"1.0.0","description":"d","author":"a",
		"wasm_file":"f.wasm","permissions":{"methods":["query:ai.ocr"]}}`), []byte("\x00asm\x01\x00\x00\x00"))
	if err != nil {
		tb.Fatal(err)
	}
	return p.Manifest
}

// What was read holds while the policy does, for one version.
func TestAllowancesFollowThePolicy(t *testing.T) {
	t.Parallel()
	policy := policyOf(t, `rates: [{name: slow, extensions: [finance], requests_per_minute: 5}]`)
	a := &allowances{policy: func() (*capabilities.Policy, uint64) { return policy, 1 }}
	manifest := manifestOf(t)
	first, err := a.allowance("one", manifest)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := a.allowance("one", manifest); again != first || err != nil {
		t.Errorf("read again: %v", err)
	}
	if other, err := a.allowance("two", manifest); other == first || err != nil {
		t.Errorf("two versions have one allowance, %v", err)
	}
	policy = policyOf(t, `rates: [{name: slower, extensions: [finance], requests_per_minute: 1}]`)
	if next, err := a.allowance("one", manifest); next == first || err != nil {
		t.Errorf("the allowance is that of a policy which was replaced, %v", err)
	}
	policy = &capabilities.Policy{Rates: []capabilities.RateRule{{Name: "broken", Extensions: []string{"finance"}}}}
	for range 2 {
		if _, err := a.allowance("one", manifest); err == nil || !strings.Contains(err.Error(), "broken") {
			t.Errorf("a policy that cannot be read allows, %v", err)
		}
	}
}

func BenchmarkAllowance(b *testing.B) {
	policy := policyOf(b, `rates: [{name: slow, extensions: [finance], operations: [ai.ocr], requests_per_minute: 5}]`)
	manifest := manifestOf(b)
	for name, keep := range map[string]bool{"kept": true, "read": false} {
		b.Run(name, func(b *testing.B) {
			a := &allowances{policy: func() (*capabilities.Policy, uint64) { return policy, 1 }}
			b.ReportAllocs()
			for b.Loop() {
				if !keep {
					a.read = nil
				}
				if _, err := a.allowance("one", manifest); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
