package capabilities_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/capabilities"
)

func TestParsePolicy(t *testing.T) {
	t.Parallel()
	p, err := capabilities.ParsePolicy([]byte(`
rules:
  - name: all
    extensions: ["*"]
    allow: ["query:"]
signatures:
  keys: [{name: ours, public_key: RWQ}]
  require: [{extensions: ["*"], keys: [ours]}]
audit: {required: true}
rates: [{name: slow, extensions: [finance], operations: [ai.ocr], requests_per_minute: 60}]
budgets: [{name: month, extensions: ["*"], ai_tokens: 100000, storage_bytes: 0, per: month}]
`))
	if err != nil {
		t.Fatal(err)
	}
	tokens, none := int64(100_000), int64(0)
	if diff := cmp.Diff(capabilities.SignatureSettings{
		Keys:    []capabilities.SignatureKey{{Name: "ours", PublicKey: "RWQ"}},
		Require: []capabilities.SignatureRule{{Extensions: []string{"*"}, Keys: []string{"ours"}}},
	}, p.Signatures); diff != "" {
		t.Errorf("signatures (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]capabilities.RateRule{{Name: "slow", Extensions: []string{"finance"}, Operations: []string{"ai.ocr"}, RequestsPerMinute: 60}}, p.Rates); diff != "" {
		t.Errorf("rates (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]capabilities.BudgetRule{{Name: "month", Extensions: []string{"*"}, AITokens: &tokens, StorageBytes: &none, Per: "month"}}, p.Budgets); diff != "" {
		t.Errorf("budgets (-want +got):\n%s", diff)
	}
	if !p.Audit.Required || p.AllowsUnlisted() {
		t.Errorf("audit %+v, libraries %+v", p.Audit, p.Libraries)
	}
}

func TestStorageOfAPolicy(t *testing.T) {
	t.Parallel()
	p, err := capabilities.ParsePolicy([]byte(`
budgets:
- {name: all, extensions: ["*"], storage_bytes: 100}
- {name: one, extensions: ["*"], libraries: [a1510c00-0000-4000-8000-000000000001], storage_bytes: 10}
- {name: more, extensions: ["*"], libraries: [a1510c00-0000-4000-8000-000000000001], storage_bytes: 1000}
- {name: calls, extensions: ["*"], calls: 1, per: day}
`))
	if err != nil {
		t.Fatal(err)
	}
	for library, want := range map[string]int64{"a1510c00-0000-4000-8000-000000000001": 10, "a1510c00-0000-4000-8000-000000000002": 100} {
		if got, bounded := p.StorageBytes(uuid.MustParse(library)); !bounded || got != want {
			t.Errorf("%s may have %d, %v, want %d", library, got, bounded, want)
		}
	}
	if got, bounded := capabilities.DefaultPolicy().StorageBytes(uuid.New()); bounded {
		t.Errorf("without a rule a library may have %d", got)
	}
}

func TestDefaultPolicy(t *testing.T) {
	t.Parallel()
	p := capabilities.DefaultPolicy()
	if p.AllowsUnlisted() || len(p.Rules) != 1 || p.Audit.Required {
		t.Errorf("got %+v", p)
	}
}

func TestParsePolicyRefuses(t *testing.T) {
	t.Parallel()
	const rule = "rules:\n- name: a\n  extensions: [\"*\"]\n"
	for text, want := range map[string]string{
		"":                     "1:1: want one YAML document; to deny everything, write rules: []",
		"# nothing":            "1:1: want one YAML document",
		"rules: []\n---\nb: 1": "1:1: want one YAML document",
		"- a":                  "1:1: want keys and values",
		"rules: [":             "1:",
		"rule: []":             `1:1: unknown field "rule"`,
		rule + "  allows: [a]": `4:3: unknown field "allows"`,
		"rules: []\nrules: []": "2:1: ",
		"rules: &a []":         "anchors, aliases, merges and tags are not taken",
		"rules: !!seq []":      "anchors, aliases, merges and tags are not taken",
		"rules: 7":             "1:8: ",
		rule:                   `2:3: rules[0]: want either "allow" or "deny"`,
		rule + "  allow: []":   `2:3: rules[0]: want either "allow" or "deny"`,
		rule + "  allow: [ai.ocr]\n  deny: [ai.ocr]":                                       `want either "allow" or "deny"`,
		rule + "  allow: [ai.ocr, vd*]":                                                    `4:19: rules[0].allow[1]: method pattern "vd*"`,
		rule + "  allow: [ai.ocr]\n  libraries: [mine]":                                    `5:15: rules[0].libraries[0]: library "mine": not a UUID`,
		rule + "  allow: [ai.ocr]\n  libraries: []":                                        "rules[0].libraries: want 1 to",
		rule + "  allow: [ai.ocr]\n  http: [{hosts: [a.example]}]":                         "rules[0].http: it has no effect: none of the rule's methods has a target of that kind",
		rule + "  allow: [ai.ocr]\n  sidecars: [a]":                                        "rules[0].sidecars: it has no effect",
		rule + "  allow: [http.request]\n  http: [{hosts: [a.example, 'a.*.b']}]":          `5:30: rules[0].http[0].hosts[1]: "a.*.b": "*" may stand only for the first parts`,
		rule + "  allow: [http.request]\n  http: [{hosts: ['https://a.example']}]":         "write a host such as api.example.com, without scheme, port and path",
		rule + "  allow: [http.request]\n  http: [{hosts: ['*.192.0.2.1']}]":               "nothing is below an IP address",
		rule + "  allow: [http.request]\n  http: [{hosts: [a.example], ports: [0]}]":       "rules[0].http[0].ports[0]: 0: want a number from 1 to 65535",
		rule + "  allow: [http.request]\n  http: [{hosts: [a.example], methods: [get]}]":   `"get": want capital letters`,
		rule + "  allow: [http.request]\n  http: [{hosts: [a.example], paths: [/a/../b]}]": "want a path such as /v1/items",
		rule + "  allow: [http.request]\n  http: [{hosts: [a.example], paths: [/a*]}]":     "or /v1/* for all below it",
		rule + "  allow: [http.request]\n  http: [{host: [a.example]}]":                    `unknown field "host"`,
		rule + "  allow: [http.request]\n  http: [{ports: [80]}]":                          "rules[0].http[0]: it names no hosts",
		rule + "  allow: [credentials.get]\n  credentials: {read: ['a*b']}":                `there may be one "*", at the beginning or at the end`,
		"rules: [{extensions: ['*'], allow: [a]}]":                                         "rules[0]: it has no name",
		"rules: [{name: A b, extensions: ['*'], allow: [a]}]":                              `1:16: rules[0].name: "A b": want at most 64 of`,
		"rules: [{name: a, extensions: [], allow: [a]}]":                                   "rules[0]: it names no extensions",
		"rules: [{name: a, extensions: [Finance], allow: [a]}]":                            `"Finance" is no extension's id`,
		rule + "  allow: [a]\n- {name: a, extensions: ['*'], deny: [b]}":                   `5:10: rules[1].name: "a" is the name of another one too`,
		"libraries: {unlisted: perhaps}":                                                   `1:23: libraries.unlisted: "perhaps": want deny or allow`,
		"sensitive: ['query:a']":                                                           "sensitive[0]: operation \"query:a\"",
		"signatures: {keys: [{name: a}]}":                                                  "signatures.keys[0]: it has no public_key",
		"signatures: {require: [{extensions: ['*'], keys: [b]}]}":                          `there is no key "b" among signatures.keys`,
		"rates: [{name: a, extensions: ['*']}]":                                            "rates[0]: want requests_per_minute of at least 1",
		"budgets: [{name: a, extensions: ['*'], per: week, calls: 1}]":                     `budgets[0].per: "week": want hour, day or month`,
		"budgets: [{name: a, extensions: ['*'], per: day}]":                                "budgets[0]: it bounds nothing",
		"budgets: [{name: a, extensions: ['*'], per: day, calls: -1}]":                     "budgets[0].calls: -1 is negative",
		"budgets: [{name: a, extensions: [finance], storage_bytes: 1}]":                    `budgets[0].extensions: bytes are a library's`,
		"budgets: [{name: a, extensions: ['*'], storage_bytes: 1, calls: 1}]":              `budgets[0].per: "": want hour, day or month`,
		strings.Repeat("#", 1<<20+1):                                                       "the policy has 1048577 bytes",
	} {
		_, err := capabilities.ParsePolicy([]byte(text))
		var wrong *capabilities.PolicyError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.200q:\n got %v\nwant %s", text, err, want)
			continue
		}
		for _, p := range wrong.Problems {
			if p.Line < 1 || p.Column < 1 || p.Text == "" {
				t.Errorf("%.200q: a problem without a place: %+v", text, p)
			}
		}
	}
}

func TestPolicyTellsAllThatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := capabilities.ParsePolicy([]byte("rules:\n" + strings.Repeat("- {name: A, extensions: [B], allow: [\"*\"]}\n", 50)))
	var wrong *capabilities.PolicyError
	if !errors.As(err, &wrong) || len(wrong.Problems) != 20 {
		t.Errorf("got %v", err)
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add(capabilities.DefaultPolicy().Text())
	f.Add([]byte("rules: [{name: a, extensions: [\"*\"], deny: [\"http.request\"], http: [{hosts: [\"*.a.example\"], ports: [80], paths: [/a/*]}]}]"))
	f.Add([]byte("a: &a [*a]\nb: {<<: *a}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := capabilities.ParsePolicy(text)
		if err == nil {
			if p == nil || string(p.Text()) != string(text) {
				t.Fatalf("%q: read, and not kept", text)
			}
			return
		}
		var wrong *capabilities.PolicyError
		if !errors.As(err, &wrong) || len(wrong.Problems) == 0 {
			t.Fatalf("%q: got %v", text, err)
		}
	})
}
