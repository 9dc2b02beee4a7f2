package capabilities_test

import (
	"bufio"
	"os"
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
	decided, line := 0, 0
	for rows := bufio.NewScanner(table); rows.Scan(); {
		line++
		fields := strings.Fields(rows.Text())
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		switch {
		case fields[0] == "grant":
			grant = newGrant(t, capabilities.Permissions{Methods: fields[1:]})
		case fields[0] == "allow" && len(fields) == 3:
			d := ask(t, grant, fields[1])
			if !d.Allowed || d.Rule != fields[2] || d.Code != "" || d.Reason != "" {
				t.Errorf("line %d: %s: got %+v, want it allowed by %q", line, fields[1], d, fields[2])
			}
			decided++
		case fields[0] == "deny" && len(fields) == 2:
			d := ask(t, grant, fields[1])
			if d.Allowed || d.Rule != "" || d.Code != "permission_denied" {
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

func newGrant(tb testing.TB, p capabilities.Permissions) *capabilities.Grant {
	tb.Helper()
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

// ask asks for a method in the job's own library.
func ask(tb testing.TB, grant *capabilities.Grant, method string) capabilities.Decision {
	tb.Helper()
	m, err := capabilities.ParseMethod(method)
	if err != nil {
		tb.Fatal(err)
	}
	return grant.Authorize(capabilities.Request{Extension: "finance", Method: m, JobLibrary: home})
}
