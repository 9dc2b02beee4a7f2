package capabilities_test

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/capabilities"
)

// TestDecisions reads testdata/decisions.txt, where the table explains itself.
func TestDecisions(t *testing.T) {
	t.Parallel()
	table, err := os.Open("testdata/decisions.txt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = table.Close() })

	var grant *capabilities.Grant
	var patterns []string
	decided, line := 0, 0
	for rows := bufio.NewScanner(table); rows.Scan(); {
		line++
		fields := strings.Fields(rows.Text())
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		switch {
		case fields[0] == "grant":
			patterns = fields[1:]
			grant = newGrant(t, capabilities.Permissions{Methods: patterns})
		case fields[0] == "allow" && len(fields) == 3:
			d := ask(t, grant, fields[1])
			want := fmt.Sprintf("permissions.methods[%d]", slices.Index(patterns, fields[2]))
			if !d.Allowed || d.Rules[capabilities.Manifest] != want || d.Code != "" || d.Reason != "" || d.Rule != "" {
				t.Errorf("line %d: %s: got %+v, want it allowed by %q", line, fields[1], d, fields[2])
			}
			decided++
		case fields[0] == "deny" && len(fields) == 2:
			d := ask(t, grant, fields[1])
			if d.Allowed || d.Rule != "manifest: permissions.methods" || d.Code != "permission_denied" {
				t.Errorf("line %d: %s: got %+v, want it denied", line, fields[1], d)
			}
			checkAdvice(t, d, fields[1])
			decided++
		default:
			t.Fatalf("line %d is neither grant, allow nor deny: %q", line, rows.Text())
		}
	}
	if decided < 70 {
		t.Errorf("the table holds %d decisions, part of it was not read", decided)
	}
}

// checkAdvice takes a denial at its word: with the pattern it proposes, the call is allowed.
func checkAdvice(t *testing.T, d capabilities.Decision, method string) {
	t.Helper()
	_, advice, found := strings.Cut(d.Reason, `add "`)
	advice, rest, closed := strings.Cut(advice, `"`)
	if !found || !closed || rest != " to permissions.methods" {
		t.Errorf("%s: the reason gives no advice: %s", method, d.Reason)
		return
	}
	if !ask(t, newGrant(t, capabilities.Permissions{Methods: []string{advice}}), method).Allowed {
		t.Errorf("%s: the advice %q does not help", method, advice)
	}
}

// anything is a scope that holds everything there is.
var anything = capabilities.Scope{
	HTTP:        []capabilities.HTTPRule{{Hosts: []string{"*"}}},
	Credentials: capabilities.CredentialNames{Use: []string{"*"}, Store: []string{"*"}, Read: []string{"*"}},
	Sidecars:    []string{"*"}, Entries: []string{"*"}, Dispatch: []string{"*"},
	Events: capabilities.EventNames{Publish: []string{"*"}, Hear: []string{"*"}},
}

// newGrant makes the grant of finance, which asks for all targets.
func newGrant(tb testing.TB, p capabilities.Permissions) *capabilities.Grant {
	tb.Helper()
	p.Scope = anything
	grant, err := capabilities.NewGrant("finance", p)
	if err != nil {
		tb.Fatal(err)
	}
	return grant
}

var (
	home  = uuid.MustParse("0b6f0f3e-4a8e-4f0e-9d8c-1f6f4f0f7a01")
	other = uuid.MustParse("0b6f0f3e-4a8e-4f0e-9d8c-1f6f4f0f7a02")
)

// generous is a policy that allows whatever is asked.
const generous = `rules: [{name: all, extensions: ["*"], allow: ["query:", "action:", "credentials.get"]}]
libraries: {unlisted: allow}`

// newAuthority makes an authority with a policy, and with the libraries home and other, which are generous to finance.
func newAuthority(tb testing.TB, policy string) *capabilities.Authority {
	tb.Helper()
	p, err := capabilities.ParsePolicy([]byte(policy))
	if err != nil {
		tb.Fatalf("policy: %v", err)
	}
	authority := capabilities.NewAuthority()
	authority.SetPolicy(p, 1)
	libraries := map[uuid.UUID]*capabilities.Library{}
	for _, id := range []uuid.UUID{home, other} {
		libraries[id] = newLibrary(tb, id, capabilities.LibraryGrant{Methods: []string{"query:", "action:", "credentials.get"}})
	}
	authority.SetLibraries(libraries)
	return authority
}

func newLibrary(tb testing.TB, id uuid.UUID, grant capabilities.LibraryGrant) *capabilities.Library {
	tb.Helper()
	library := &capabilities.Library{ID: id, Grants: map[string]capabilities.LibraryGrant{"finance": grant}}
	if err := library.Compile(); err != nil {
		tb.Fatal(err)
	}
	return library
}

// ask asks for a method in the job's own library, where nothing but the manifest stands in the way.
func ask(tb testing.TB, grant *capabilities.Grant, method string) capabilities.Decision {
	tb.Helper()
	m, err := capabilities.ParseMethod(method)
	if err != nil {
		tb.Fatal(err)
	}
	target := capabilities.Target{Credential: "mail", Entry: "receipt", Sidecar: "ocr.txt", Event: "a.b", Extensions: []string{"finance"}}
	return newAuthority(tb, generous).Decide(grant, &capabilities.Request{Method: m, JobLibrary: home, Target: target})
}
