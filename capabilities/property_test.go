package capabilities_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/capabilities"
)

// What the random worlds are made of: few names, so that rules and calls meet often.
var (
	somePatterns = []string{"query:", "action:", "ai.", "ai.ocr", "query:ai.ocr", "ai.ocr.v1", "vdfs.", "vdfs.write_sidecar", "credentials.get", "credentials.", "http.request", "query:http."}
	someMethods  = []string{"query:ai.ocr", "query:ai.ocr.v1", "query:ai.ocr.v2", "action:vdfs.write_sidecar", "query:credentials.get", "query:http.request", "action:http.request", "query:vdfs.get_entry"}
	someHosts    = []string{"*", "a.example", "*.a.example", "b.a.example", "192.0.2.1"}
	someURLs     = []string{"https://a.example/", "https://b.a.example/x/y", "http://a.example/x", "https://192.0.2.1/x", "https://c.example/x%2Fy"}
	someNames    = []string{"*", "a", "a*", "*b", "ab"}
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func someOf(r *rand.Rand, from []string) []string {
	list := make([]string, 1+r.IntN(3))
	for i := range list {
		list[i] = pick(r, from)
	}
	return list
}

func someScope(r *rand.Rand) capabilities.Scope {
	var s capabilities.Scope
	if r.IntN(3) == 0 {
		rule := capabilities.HTTPRule{Hosts: someOf(r, someHosts)}
		if r.IntN(2) == 0 {
			rule.Paths = []string{"/x/*"}
		}
		if r.IntN(2) == 0 {
			rule.Ports = []int{80, 443}
		}
		s.HTTP = []capabilities.HTTPRule{rule}
	}
	if r.IntN(3) == 0 {
		s.Credentials.Read = someOf(r, someNames)
	}
	if r.IntN(4) == 0 {
		s.Credentials.Use = someOf(r, someNames)
	}
	if r.IntN(3) == 0 {
		s.Sidecars = someOf(r, someNames)
	}
	return s
}

func flow(list []string) string { return `["` + strings.Join(list, `","`) + `"]` }

// ruleText is a rule of a policy that narrows what its patterns have; the patterns are added so that it does.
func ruleText(name, effect string, patterns []string, s capabilities.Scope) string {
	text, patterns := "", append([]string{}, patterns...)
	if s.HTTP != nil {
		patterns = append(patterns, "http.request")
		text += ", http: [{hosts: " + flow(s.HTTP[0].Hosts)
		if s.HTTP[0].Paths != nil {
			text += ", paths: [/x/*]"
		}
		if s.HTTP[0].Ports != nil {
			text += ", ports: [80, 443]"
		}
		text += "}]"
	}
	if s.Credentials.Read != nil || s.Credentials.Use != nil {
		patterns = append(patterns, "credentials.get", "http.request")
		text += ", credentials: {"
		if s.Credentials.Read != nil {
			text += "read: " + flow(s.Credentials.Read) + ", "
		}
		if s.Credentials.Use != nil {
			text += "use: " + flow(s.Credentials.Use)
		}
		text += "}"
	}
	if s.Sidecars != nil {
		patterns = append(patterns, "vdfs.write_sidecar")
		text += ", sidecars: " + flow(s.Sidecars)
	}
	return fmt.Sprintf("- {name: %s, extensions: [\"*\"], %s: %s%s}\n", name, effect, flow(patterns), text)
}

func someRules(r *rand.Rand) string {
	var text strings.Builder
	text.WriteString("rules:\n")
	for i := range 1 + r.IntN(5) {
		text.WriteString(ruleText(fmt.Sprintf("rule-%d", i), pick(r, []string{"allow", "allow", "deny"}), someOf(r, somePatterns), someScope(r)))
	}
	return text.String()
}

func someRequest(t *testing.T, r *rand.Rand) *capabilities.Request {
	t.Helper()
	method, err := capabilities.ParseMethod(pick(r, someMethods))
	if err != nil {
		t.Fatal(err)
	}
	q := &capabilities.Request{Method: method, JobLibrary: home}
	if r.IntN(4) == 0 {
		q.Library = other
	}
	if r.IntN(5) > 0 {
		if q.Target.Address, err = capabilities.ParseAddress(pick(r, someURLs), ""); err != nil {
			t.Fatal(err)
		}
		q.Target.Sidecar = pick(r, []string{"a", "ab", "b", "cab"})
		q.Target.Credential = pick(r, []string{"", "a", "ab", "b"})
	}
	return q
}

// TestProperties makes random worlds and holds what must hold in all of them: adding a denial never allows more, the intersection is never
// wider than its parts, and explaining never disagrees with deciding.
func TestProperties(t *testing.T) {
	t.Parallel()
	const generousRule = `- {name: all, extensions: ["*"], allow: ["query:", "action:", "credentials.get"]}` + "\n"
	r := rand.New(rand.NewPCG(1, 2)) // to be the same each time
	allowed, denied := 0, 0
	for range 1000 {
		rules := someRules(r)
		asked := capabilities.Permissions{Methods: someOf(r, somePatterns), Scope: someScope(r), Libraries: []string{"*", other.String()}}
		grant, err := capabilities.NewGrant("finance", asked)
		if err != nil {
			t.Fatal(err)
		}
		owned := capabilities.LibraryGrant{Methods: someOf(r, somePatterns), Scope: someScope(r)}
		wide := anything
		wide.HTTP = []capabilities.HTTPRule{{Hosts: []string{"*", "192.0.2.1"}, Ports: []int{80, 443}}}
		wide.Sidecars = nil // those that are not known too
		wanting, err := capabilities.NewGrant("finance", capabilities.Permissions{
			Methods: []string{"query:", "action:", "credentials.get"}, Libraries: []string{"*", other.String()}, Scope: wide,
		})
		if err != nil {
			t.Fatal(err)
		}

		all := newAuthority(t, rules)
		all.SetLibrary(home, newLibrary(t, home, owned))
		stricter := newAuthority(t, rules+ruleText("one-more", "deny", someOf(r, somePatterns), someScope(r)))
		stricter.SetLibrary(home, newLibrary(t, home, owned))
		byPolicy := newAuthority(t, rules)
		byOwner := newAuthority(t, "rules:\n"+generousRule)
		byOwner.SetLibrary(home, newLibrary(t, home, owned))
		byManifest := newAuthority(t, "rules:\n"+generousRule)
		for range 10 {
			q := someRequest(t, r)
			d := all.Decide(grant, q)
			explained(t, all, grant, q, d)
			if !d.Allowed {
				denied++
				if stricter.Decide(grant, q).Allowed {
					t.Fatalf("%+v is allowed only with one denial more:\n%s", q, rules)
				}
				continue
			}
			allowed++
			for name, part := range map[string]capabilities.Decision{
				"manifest": byManifest.Decide(grant, q), "policy": byPolicy.Decide(wanting, q), "owner": byOwner.Decide(wanting, q),
			} {
				if !part.Allowed {
					t.Fatalf("%+v is allowed, and not by the %s alone: %+v\n%s", q, name, part, rules)
				}
			}
		}
	}
	if allowed < 200 || denied < 1000 {
		t.Errorf("%d allowed and %d denied: the worlds say too little", allowed, denied)
	}
}
