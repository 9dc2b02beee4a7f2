package capabilities_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/capabilities"
)

// class is a class of testdata/sources.yaml.
type class struct {
	Class    string `yaml:"class"`
	Manifest *struct {
		Methods            []string `yaml:"methods"`
		Triggers           []string `yaml:"triggers"`
		capabilities.Scope `yaml:",inline"`
	} `yaml:"manifest"`
	Policy string `yaml:"policy"`
	Grant  *struct {
		Methods            []string `yaml:"methods"`
		capabilities.Scope `yaml:",inline"`
	} `yaml:"grant"`
	Calls string `yaml:"calls"`
}

// world makes what the class is about.
func (c *class) world(t *testing.T) (*capabilities.Authority, *capabilities.Grant) {
	t.Helper()
	policy := c.Policy
	if policy == "" {
		policy = `rules: [{name: all, extensions: ["*"], allow: ["query:", "action:"]}]`
	}
	authority := newAuthority(t, policy)
	grant := newGrant(t, capabilities.Permissions{Methods: []string{"query:", "action:"}})
	if c.Manifest != nil {
		var err error
		grant, err = capabilities.NewGrant("finance", capabilities.Permissions{
			Methods: c.Manifest.Methods, Scope: c.Manifest.Scope, Triggers: c.Manifest.Triggers,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	owned := capabilities.LibraryGrant{}
	if c.Grant != nil {
		owned = capabilities.LibraryGrant{Methods: c.Grant.Methods, Scope: c.Grant.Scope}
	}
	authority.SetLibrary(home, newLibrary(t, home, owned))
	return authority, grant
}

// request reads a call: "query:ai.ocr sidecar=ocr.txt".
func request(t *testing.T, words []string) *capabilities.Request {
	t.Helper()
	method, err := capabilities.ParseMethod(words[0])
	if err != nil {
		t.Fatal(err)
	}
	r := &capabilities.Request{Method: method, JobLibrary: home}
	url, verb := "", ""
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "url":
			url = value
		case "method":
			verb = value
		case "credential":
			r.Target.Credential = value
		case "sidecar":
			r.Target.Sidecar = value
		case "entry":
			r.Target.Entry = value
		case "event":
			r.Target.Event = value
		case "extension":
			r.Target.Extensions = append(r.Target.Extensions, value)
		default:
			t.Fatalf("unknown target %q", word)
		}
	}
	if url != "" {
		if r.Target.Address, err = capabilities.ParseAddress(url, verb); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// TestSources reads testdata/sources.yaml, where the table explains itself.
func TestSources(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/sources.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var classes []class
	if err := yaml.UnmarshalWithOptions(text, &classes, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	decided := 0
	for _, c := range classes {
		t.Run(c.Class, func(t *testing.T) {
			authority, grant := c.world(t)
			for line := range strings.Lines(c.Calls) {
				call, rule, _ := strings.Cut(strings.TrimSpace(line), " by ")
				words := strings.Fields(call)
				r := request(t, words[1:])
				d := authority.Decide(grant, r)
				got := d.Rule
				if d.Allowed {
					got = d.Rules[capabilities.Operator]
				}
				if want := strings.ReplaceAll(rule, "LIBRARY", home.String()); d.Allowed != (words[0] == "allow") || got != want {
					t.Errorf("%s: got %+v, want it by %q", call, d, want)
				}
				explained(t, authority, grant, r, d)
				decided++
			}
		})
	}
	if decided < 120 {
		t.Errorf("the table holds %d decisions, part of it was not read", decided)
	}
}

// explained holds an explanation to the decision.
func explained(t *testing.T, authority *capabilities.Authority, grant *capabilities.Grant, r *capabilities.Request, d capabilities.Decision) {
	t.Helper()
	e := authority.Explain(grant, r)
	if diff := cmp.Diff(d, e.Decision); diff != "" {
		t.Errorf("%s: decided and explained differ (-decided +explained):\n%s", r.Method, diff)
	}
	all := len(e.Sources) == 3 && !slices.ContainsFunc(e.Sources, func(s capabilities.SourceExplanation) bool { return !s.Allowed })
	if d.Allowed && !all || all && !d.Allowed && !strings.Contains(d.Rule, "librar") && !strings.Contains(d.Rule, "no rule") {
		t.Errorf("%s: allowed is %v, and the sources say %+v", r.Method, d.Allowed, e.Sources)
	}
	if !d.Allowed && (d.Rule == "" || d.Code == "" || d.Reason == "") {
		t.Errorf("%s: a denial without rule, code or reason: %+v", r.Method, d)
	}
}

func TestUnlistedLibraries(t *testing.T) {
	t.Parallel()
	nowhere := uuid.MustParse("0b6f0f3e-4a8e-4f0e-9d8c-1f6f4f0f7aff")
	grant := newGrant(t, capabilities.Permissions{Methods: []string{"query:", "credentials.get"}})
	ocr := capabilities.Method{Kind: capabilities.Query, Operation: "ai.ocr"}
	secret := &capabilities.Request{Method: capabilities.Method{Kind: capabilities.Query, Operation: "credentials.get"}, JobLibrary: nowhere, Target: capabilities.Target{Credential: "mail"}}
	allow, deny := newAuthority(t, generous), newAuthority(t, strings.ReplaceAll(generous, "unlisted: allow", "unlisted: deny"))
	if d := allow.Decide(grant, &capabilities.Request{Method: ocr, JobLibrary: nowhere}); !d.Allowed || d.Rules[capabilities.Owner] != "libraries.unlisted of the policy" {
		t.Errorf("allowed by the policy: got %+v", d)
	}
	if d := allow.Decide(grant, secret); d.Allowed {
		t.Errorf("a sensitive operation in a library of nobody: got %+v", d)
	}
	if d := deny.Decide(grant, &capabilities.Request{Method: ocr, JobLibrary: nowhere}); d.Allowed || d.Rule != "policy: libraries.unlisted" {
		t.Errorf("denied by the policy: got %+v", d)
	}
	if deny.MayRun(grant, nowhere).Allowed || !allow.MayRun(grant, nowhere).Allowed {
		t.Error("jobs run, or do not run, against the policy")
	}
	now := capabilities.Library{ID: home, Grants: map[string]capabilities.LibraryGrant{"finance": {}}}
	since := now.CreatedAt
	now.ErasingSince = &since
	if err := now.Compile(); err != nil {
		t.Fatal(err)
	}
	deny.SetLibrary(home, &now)
	if d := deny.MayRun(grant, home); d.Allowed || !strings.Contains(d.Reason, "is being erased") {
		t.Errorf("a library that is being erased: got %+v", d)
	}
}

func TestNothingIsAllowedBeforeThePolicyIsKnown(t *testing.T) {
	t.Parallel()
	grant := newGrant(t, capabilities.Permissions{Methods: []string{"query:"}})
	r := &capabilities.Request{Method: capabilities.Method{Kind: capabilities.Query, Operation: "ai.ocr"}, JobLibrary: home}
	authority := capabilities.NewAuthority()
	for _, learn := range []func(){
		func() {},
		func() { authority.SetPolicy(capabilities.DefaultPolicy(), 0) },
	} {
		learn()
		if d := authority.Decide(grant, r); d.Allowed || d.Code != "unavailable" || authority.MayRun(grant, home).Code != "unavailable" {
			t.Errorf("got %+v", d)
		}
		select {
		case <-authority.Ready():
			t.Error("it is ready")
		default:
		}
	}
	authority.SetLibraries(map[uuid.UUID]*capabilities.Library{})
	<-authority.Ready()
	if d := authority.Decide(grant, r); d.Code != "permission_denied" {
		t.Errorf("got %+v", d)
	}
}
