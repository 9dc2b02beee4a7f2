package extensions_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/extensions"
)

func TestParseManifest(t *testing.T) {
	t.Parallel()
	m := parseFile(t, "testdata/full.json")
	want := &extensions.Manifest{
		ID: "com.example.finance", Name: "Finance", Version: "0.1.0", Description: "Reads receipts.\nAnd bills.", Author: "Airlock",
		Homepage: "https://example.com/?a=1&b=<2>", WasmFile: "build/finance.wasm",
		Permissions: extensions.Permissions{
			Methods:           []string{"query:ai.ocr", "vdfs.", "query:credentials.get"},
			Libraries:         []string{"*", "0b6f0f3e-4a8e-4f0e-9d8c-1f6f4f0f7a01"},
			RequestsPerMinute: 12000, ConcurrentJobs: 4, MaxMemoryMB: 256,
			WhenExceeded: extensions.Refuse, MaxWait: 10 * time.Second,
			NetworkAccess: []string{"api.example.com", "*.example.org", "https://www.example.com", "imap.example.com:993"},
		},
		ConfigSchema: json.RawMessage(`{ "type": "object" }`),
		Triggers: []extensions.Trigger{
			{Event: "mail.received", Job: "process_receipt"}, {Event: "mail.*", Job: "count"}, {Event: "mail.received", Job: "count"},
		},
		Jobs: map[string]extensions.JobSettings{
			"process_receipt": {
				Timeout: 5 * time.Minute, MaxAttempts: 5, Priority: "high", Backoff: extensions.Backoff{Initial: 10 * time.Second, Max: time.Hour},
			},
			"count": {Priority: "normal"},
		},
		Limits: extensions.Limits{Fuel: 50_000_000_000}, MinHostVersion: "0.1",
	}
	if diff := cmp.Diff(*want, *m, cmpopts.IgnoreUnexported(extensions.Manifest{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if warnings := m.Warnings(); len(warnings) > 0 {
		t.Errorf("warnings: %q", warnings)
	}
	if got := m.JobSettings("another"); got != (extensions.JobSettings{Priority: "normal"}) {
		t.Errorf("settings of a job that is not listed: %+v", got)
	}
}

func TestManifestDefaults(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"left out": minimal(`"homepage": ""`),
		"null":     minimal(`"permissions": null, "jobs": null, "triggers": null, "limits": null`),
		"empty":    minimal(`"permissions": {"methods": [], "rate_limits": {}}, "jobs": {}, "triggers": [], "limits": {}`),
		"zero":     minimal(`"permissions": {"rate_limits": {"requests_per_minute": 0, "concurrent_jobs": 0}, "max_memory_mb": 0}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := parse(t, text)
			want := extensions.Permissions{
				Libraries: []string{"*"}, RequestsPerMinute: 1000, ConcurrentJobs: 10, MaxMemoryMB: 512,
				WhenExceeded: extensions.Refuse, MaxWait: 10 * time.Second,
			}
			if diff := cmp.Diff(want, m.Permissions); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			d := generous(t).Decide(m.Grant(), &capabilities.Request{
				Method: capabilities.Method{Kind: capabilities.Query, Operation: "ai.ocr"}, JobLibrary: uuid.New(),
			})
			if d.Allowed {
				t.Error("a manifest that asks for nothing was granted something")
			}
		})
	}
}

func TestManifestOfAnotherHost(t *testing.T) {
	t.Parallel()
	m := parseFile(t, "testdata/spacedrive.json")
	want := []string{
		`manifest.json:9:2: icon: this host does not know the key: it is kept and has no effect`,
		`manifest.json:12:3: permissions.write_sidecars: this host does not know the key: it is kept and has no effect`,
		`manifest.json:13:43: permissions.rate_limits.requests_per_minute: 0 means the default, 1000 requests`,
		`manifest.json:14:20: permissions.max_memory_mb: 0 means the default, 512 MiB`,
	}
	if diff := cmp.Diff(want, m.Warnings()); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	if !strings.Contains(string(m.Raw()), `"write_sidecars":["digest"]`) {
		t.Errorf("an unknown key was not kept: %s", m.Raw())
	}
}

func TestManifestWarns(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"permissions": {"methods": ["vdfs"]}`:                 `"vdfs" grants only an operation of exactly that name; write "vdfs." for all that is below it`,
		`"permissions": {"budgets": {"ai.ocr": 5}}`:            `permissions.budgets["ai.ocr"]: this host does not know the key`,
		`"Permissions": {"methods": ["query:"]}`:               `Permissions: this host does not know the key`,
		`"\u001b[2J": 1`:                                       `["\x1b[2J"]: this host does not know the key`,
		`"jobs": {"a": {"retries": 3}}`:                        `jobs.a.retries: this host does not know the key`,
		`"triggers": [{"event": "a", "job": "b", "where": 1}]`: `triggers[0].where: this host does not know the key`,
	} {
		m := parse(t, minimal(text))
		if got := m.Warnings(); len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%s: got %q, want %s", text, got, want)
		}
	}
}

// generous is an authority that allows whatever is asked, but for sensitive operations.
func generous(t *testing.T) *capabilities.Authority {
	t.Helper()
	policy, err := capabilities.ParsePolicy([]byte(`rules: [{name: all, extensions: ["*"], allow: ["query:", "action:"]}]
libraries: {unlisted: allow}`))
	if err != nil {
		t.Fatal(err)
	}
	authority := capabilities.NewAuthority()
	authority.SetPolicy(policy, 1)
	authority.SetLibraries(map[uuid.UUID]*capabilities.Library{})
	return authority
}

func TestManifestGrant(t *testing.T) {
	t.Parallel()
	grant := parseFile(t, "testdata/full.json").Grant()
	authority := generous(t)
	home, listed := uuid.New(), uuid.MustParse("0b6f0f3e-4a8e-4f0e-9d8c-1f6f4f0f7a01")
	for method, rule := range map[string]string{
		"query:ai.ocr": "permissions.methods[0]", "action:vdfs.create_entry": "permissions.methods[1]",
		"action:ai.ocr": "", "action:credentials.store": "",
	} {
		parsed, err := capabilities.ParseMethod(method)
		if err != nil {
			t.Fatal(err)
		}
		d := authority.Decide(grant, &capabilities.Request{
			Method: parsed, JobLibrary: home, Library: listed, Target: capabilities.Target{Credential: "mail", Entry: "receipt"},
		})
		if d.Rules[capabilities.Manifest] != rule || d.Allowed != (rule != "") {
			t.Errorf("%s: got %+v, want it by %q", method, d, rule)
		}
	}
	if got := grant.RequestsPerMinute(); got != 12000 {
		t.Errorf("%d requests a minute", got)
	}
}

func TestManifestAsJSON(t *testing.T) {
	t.Parallel()
	m := parseFile(t, "testdata/full.json")
	text, err := json.Marshal(map[string]any{"manifest": m})
	if err != nil {
		t.Fatal(err)
	}
	var back struct{ Manifest *extensions.Manifest }
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if !m.Equal(back.Manifest) || string(m.Raw()) != string(back.Manifest.Raw()) {
		t.Errorf("got %s\nwant %s", back.Manifest.Raw(), m.Raw())
	}
	if back.Manifest.Grant() == nil || m.Equal(parse(t, minimal(`"x": 1`))) || m.Equal(nil) {
		t.Error("what came back is not what went")
	}
	if _, err := json.Marshal(&extensions.Manifest{ID: "x"}); err == nil {
		t.Error("a manifest that was not parsed was written")
	}
	if err := json.Unmarshal([]byte(`{"id": "X"}`), &extensions.Manifest{}); err == nil {
		t.Error("a manifest was not checked")
	}
}

func TestCheckHost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		need, have string
		ok         bool
	}{
		{"0.2.0", "0.2.0", true},
		{"0.2", "v0.2.0-3-gabc", true},
		{"0.2.1", "0.10.0", true},
		{"1", "2.0.0", true},
		{"0.2.1", "0.2.0", false},
		{"1", "0.99.99", false},
		{"99", "dev", true},
	} {
		err := parse(t, minimal(`"min_host_version": "`+c.need+`"`)).CheckHost(c.have)
		var invalid *extensions.InvalidError
		if (err == nil) != c.ok || err != nil && (!errors.As(err, &invalid) || !strings.Contains(err.Error(), "needs Airlock "+c.need+" or newer, this is "+c.have)) {
			t.Errorf("needs %s, is %s: %v", c.need, c.have, err)
		}
	}
	if err := parse(t, minimal(`"name": "x"`)).CheckHost("0.0.1"); err != nil {
		t.Error(err)
	}
}

// minimal is a manifest with further members; a "name" among them takes the place of its own.
func minimal(members string) string {
	name := `"name": "Finance", `
	if strings.Contains(members, `"name"`) {
		name = ""
	}
	return `{"id": "finance", ` + name + `"version": "1", "wasm_file": "finance.wasm", ` + members + `}`
}

func parse(tb testing.TB, text string) *extensions.Manifest {
	tb.Helper()
	m, err := extensions.ParseManifest([]byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func parseFile(tb testing.TB, name string) *extensions.Manifest {
	tb.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	return parse(tb, string(text))
}
