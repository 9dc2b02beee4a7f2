package main

import (
	"strings"
	"testing"

	"github.com/airlock-run/airlock/operations/config"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	at := install(t)
	wantOutput(t, "for all libraries", at("extension", "settings", "set", "test-extension", `{"currency": "EUR"}`)...)
	library := "0b8f1d5e-6a43-4c7e-9f21-6f1c0c1e6d2b"
	var made config.Made
	decode(t, must(t, at("extension", "settings", "set", "test-extension", `{"days": 7}`, "--library", library, "--json")...), &made)
	if got := compactJSON(made.Effective); got != `{"currency":"EUR","days":7}` {
		t.Errorf("the extension gets %s", got)
	}
	wantOutput(t, `{"currency":"EUR"}`, at("extension", "settings", "get", "test-extension")...)
	wantOutput(t, "none", at("extension", "settings", "unset", "test-extension", "--library", library)...)
	for want, args := range map[string][]string{
		"settings are no JSON": {"set", "test-extension", "currency"},
		"is not installed":     {"get", "nobody"},
		"want a JSON object":   {"set", "test-extension", "[]"},
		"no such file":         {"set", "test-extension", "@/nowhere.json"},
		"accepts 2 arg(s)":     {"set", "test-extension"},
		"the extension's id":   {"get"},
		`"x" is no library id`: {"get", "test-extension", "--library", "x"},
	} {
		if _, stderr, code := airlock(t, at(append([]string{"extension", "settings"}, args...)...)...); code == 0 || !strings.Contains(stderr, want) {
			t.Errorf("%v: exit code %d, it said %q, want %q", args, code, stderr, want)
		}
	}
}
