package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/capabilities/quota"
)

func TestUsage(t *testing.T) {
	t.Parallel()
	at := install(t)
	wantOutput(t, "nothing was used", at("usage")...)
	for want, args := range map[string][]string{
		`--per "week": want one of minute, hour, day, month`: {"usage", "--per", "week"},
		`--library "mine" is no library id`:                  {"usage", "--library", "mine"},
	} {
		if _, stderr, code := airlock(t, at(args...)...); code != 2 || !strings.Contains(stderr, want) {
			t.Errorf("exit code %d, it said %q, want 2 and %q", code, stderr, want)
		}
	}

	id := submitJob(t, at, "test-extension:call_many", "--input", `[{"method":"query:test.ping","payload":1}]`)
	wantOutput(t, "completed", at("job", "watch", id)...)
	if out := must(t, at("usage")...); !regexp.MustCompile(`test-extension │ all +│ requests │ +1 │ +\d+ │ 0 % │ any minute`).MatchString(out) {
		t.Errorf("usage says\n%s", out)
	}
	var usage []quota.Usage
	decode(t, must(t, at("usage", "--extension", "test-extension", "--per", "minute", "--json")...), &usage)
	if len(usage) != 1 || usage[0].Used != 1 || usage[0].Account.Resource != quota.Requests {
		t.Errorf("usage is %+v", usage)
	}
	wantOutput(t, "nothing was used", at("usage", "--extension", "another")...)
	wantOutput(t, "nothing was used", at("usage", "--per", "month", "--since", "1h")...)
}
