package capabilities_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/capabilities"
)

// ruled200 is what an extension with so many rules asks: the policy has 200 rules for it, of which 100 are about hosts of one operation,
// 50 about other libraries, and 50 about other operations, 20 of them denials.
func ruled200(tb testing.TB) (*capabilities.Authority, *capabilities.Grant) {
	tb.Helper()
	var policy strings.Builder
	policy.WriteString("rules:\n")
	for i := range 100 {
		_, _ = fmt.Fprintf(&policy, "- {name: host-%d, extensions: [finance], allow: [http.request], http: [{hosts: [api%d.example.com, \"*.%d.example.org\"], ports: [443], methods: [GET], paths: [/v1/*]}]}\n", i, i, i)
	}
	for i := range 50 {
		_, _ = fmt.Fprintf(&policy, "- {name: library-%d, extensions: [finance], libraries: [0b6f0f3e-4a8e-4f0e-9d8c-1f6f4f0fff%02d], allow: [\"query:vdfs.\"]}\n", i, i)
	}
	for i := range 30 {
		_, _ = fmt.Fprintf(&policy, "- {name: operation-%d, extensions: [finance], allow: [\"query:domain%d.\"]}\n", i, i)
	}
	for i := range 19 {
		_, _ = fmt.Fprintf(&policy, "- {name: no-%d, extensions: [\"*\"], deny: [\"http.request\"], http: [{hosts: [evil%d.example.com]}]}\n", i, i)
	}
	policy.WriteString("- {name: vdfs, extensions: [\"*\"], allow: [\"vdfs.\"]}\n")
	return newAuthority(tb, policy.String()), newGrant(tb, capabilities.Permissions{Methods: []string{
		"query:ai.ocr", "query:ai.classify_text", "action:vdfs.create_entry", "query:vdfs.get_entry", "action:vdfs.write_sidecar", "query:vdfs.read_content", "query:http.request",
	}, RequestsPerMinute: 1 << 40})
}

// ruledCalls are calls that those rules allow.
func ruledCalls(tb testing.TB) map[string]*capabilities.Request {
	tb.Helper()
	to := func(url string) capabilities.Target {
		address, err := capabilities.ParseAddress(url, "GET")
		if err != nil {
			tb.Fatal(err)
		}
		return capabilities.Target{Address: address}
	}
	method := func(operation string) capabilities.Method {
		return capabilities.Method{Kind: capabilities.Query, Operation: operation, Version: "v1"}
	}
	return map[string]*capabilities.Request{
		"method":   {Method: method("vdfs.read_content"), JobLibrary: home},
		"sidecar":  {Method: capabilities.Method{Kind: capabilities.Action, Operation: "vdfs.write_sidecar"}, JobLibrary: home, Target: capabilities.Target{Sidecar: "ocr.txt"}},
		"host":     {Method: method("http.request"), JobLibrary: home, Target: to("https://api99.example.com/v1/items")},
		"wildcard": {Method: method("http.request"), JobLibrary: home, Target: to("https://a.b.99.example.org/v1/items/7")},
	}
}

// TestAllowingAllocatesNothing does not run in parallel, or it would count what others allocate.
func TestAllowingAllocatesNothing(t *testing.T) { //nolint:paralleltest // as said
	authority, grant := ruled200(t)
	for name, r := range ruledCalls(t) {
		allocations := testing.AllocsPerRun(100, func() {
			if d := authority.Decide(grant, r); !d.Allowed {
				t.Fatalf("%s: %+v", name, d)
			}
		})
		if allocations != 0 {
			t.Errorf("%s: %v allocations", name, allocations)
		}
	}
}

func BenchmarkDecide200Rules(b *testing.B) {
	authority, grant := ruled200(b)
	for name, r := range ruledCalls(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !authority.Decide(grant, r).Allowed {
					b.Fatal("denied")
				}
			}
		})
	}
}

func BenchmarkTargetOf(b *testing.B) {
	m := capabilities.Method{Kind: capabilities.Query, Operation: "http.request"}
	payload := []byte(`{"url": "https://api.example.com/v1/items?q=1", "method": "GET", "credential": "shop", "headers": {"Accept": "application/json"}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := capabilities.TargetOf("finance", m, payload); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseMethod(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := capabilities.ParseMethod("query:vdfs.read_content.v1"); err != nil {
			b.Fatal(err)
		}
	}
}
