package capabilities_test

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/capabilities"
)

func TestParseAddressRefuses(t *testing.T) {
	t.Parallel()
	for rawURL, want := range map[string]string{
		"":                                                  "want https://host/path",
		"api.example.com":                                   "want https://host/path",
		"//api.example.com/":                                "want https://host/path",
		"ftp://api.example.com/":                            "want https://host/path",
		"https:api.example.com":                             "want https://host/path",
		"https:///x":                                        "want https://host/path",
		"javascript:alert(1)":                               "want https://host/path",
		"https://good.example@evil.example/":                "a name or password stands before the host",
		"https://good:pw@evil.example/":                     "a name or password stands before the host",
		"https://@evil.example/":                            "a name or password stands before the host",
		"https://good.example#@evil.example/":               "it has a fragment",
		`https://good.example\@evil.example/`:               "a backslash, a space or a control character",
		"https://good.example\t.evil.example":               "a backslash, a space or a control character",
		"https://good.example /":                            "a backslash, a space or a control character",
		"https://%67ood.example/":                           "",
		"https://good.example%2eevil/":                      "",
		"https://good.example:/":                            "want one port after the colon",
		"https://good.example:0/":                           `port "0"`,
		"https://good.example:0443/":                        `port "0443"`,
		"https://good.example:65536/":                       `port "65536"`,
		"https://good.example:https/":                       "",
		"https://good..example/":                            "",
		"https://good.example../":                           "is no name of a host",
		"https://.good.example/":                            "",
		"https://127.1/":                                    "it ends in a number",
		"https://2130706433/":                               "it ends in a number",
		"https://0x7f000001/":                               "it ends in a number",
		"https://0177.0.0.1/":                               "it ends in a number",
		"https://1.2.3.4.5/":                                "it ends in a number",
		"https://[::1%25eth0]/":                             "is no IPv6 address",
		"https://[127.0.0.1]/":                              "it is no URL",
		"https://[::1]x/":                                   "",
		"https://[::1":                                      "",
		"https://good.example/a/../b":                       `the part "." or ".."`,
		"https://good.example/a/%2e%2e/b":                   `the part "." or ".."`,
		"https://good.example/a/.%2e%2fb":                   `the part "." or ".."`,
		"https://good.example/a/..%5cb":                     `the part "." or ".."`,
		"https://good.example/a/..;x/b":                     `the part "." or ".."`,
		"https://good.example/%zz":                          "it is no URL",
		"https://" + strings.Repeat("a", 64) + ".example/":  "",
		"https://good.example/" + strings.Repeat("a", 8192): "at most 8192 are possible",
	} {
		a, err := capabilities.ParseAddress(rawURL, "GET")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.100q: got %+v, %v; want %s", rawURL, a, err, want)
		}
	}
	for _, method := range []string{"get", "GET ", "GE\tT", "GET\r\n", "A-B", strings.Repeat("A", 17)} {
		if _, err := capabilities.ParseAddress("https://good.example/", method); err == nil {
			t.Errorf("method %q is taken", method)
		}
	}
}

// FuzzAddress holds that what is compared is where a request goes: the same URL, read by Go's own parser, has that host and port, and the
// address reads back as itself.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{
		"https://api.example.com/v1", "http://[2001:db8::1]:80/x", "https://bücher.example./", "https://a@b/", "https://a%2fb/", "https://127.1/",
		"https://ａｐｉ.example.com", "https://xn--bcher-kva.example", "https://1.1.1.1:443//a;b/%2F", "https://a.example:443?x=1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, rawURL string) {
		a, err := capabilities.ParseAddress(rawURL, "")
		if err != nil {
			if message := err.Error(); strings.ContainsFunc(message, isControl) || len(message) > 4096 {
				t.Fatalf("the error is not fit for a log: %q", message)
			}
			return
		}
		if a.Host == "" || a.Port == 0 || a.Host != strings.ToLower(a.Host) || strings.ContainsAny(a.Host, "/@%?#\\ *") || strings.HasSuffix(a.Host, ".") {
			t.Fatalf("%q has the address %+v", rawURL, a)
		}
		u, err := url.Parse(rawURL)
		if err != nil || u.User != nil {
			t.Fatalf("%q is taken: %v", rawURL, err)
		}
		if ip, err := netip.ParseAddr(u.Hostname()); err == nil && ip.Unmap().String() != a.Host {
			t.Fatalf("%q goes to %s and is compared as %s", rawURL, ip, a.Host)
		}
		host := a.Host
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		again, err := capabilities.ParseAddress("https://"+host+"/", "")
		if err != nil || again.Host != a.Host {
			t.Fatalf("%q has the host %q, which reads back as %q (%v)", rawURL, a.Host, again.Host, err)
		}
		// Nothing allows it but a rule for that very host, or for what is above it.
		rule := capabilities.Scope{HTTP: []capabilities.HTTPRule{{Hosts: []string{host}, Ports: []int{int(a.Port)}}}}
		if err := rule.Validate(); err != nil {
			t.Fatalf("%q has the host %q, which no rule can name: %v", rawURL, a.Host, err)
		}
		look := capabilities.Scope{HTTP: []capabilities.HTTPRule{{Hosts: []string{"fuzz-probe.example", "*.fuzz-probe.example"}, Ports: []int{int(a.Port)}}}}
		q := &capabilities.Request{Method: capabilities.Method{Kind: capabilities.Query, Operation: "http.request"}, JobLibrary: home, Target: capabilities.Target{Address: a}}
		if !decideBy(t, rule, q) {
			t.Fatalf("%q is denied by a rule for its own host %q", rawURL, a.Host)
		}
		if decideBy(t, look, q) && a.Host != "fuzz-probe.example" && !strings.HasSuffix(a.Host, ".fuzz-probe.example") {
			t.Fatalf("%q is allowed by a rule for another host than %q", rawURL, a.Host)
		}
	})
}

// decideBy decides by a manifest that asks for http.request with a scope.
func decideBy(t *testing.T, scope capabilities.Scope, q *capabilities.Request) bool {
	t.Helper()
	grant, err := capabilities.NewGrant("finance", capabilities.Permissions{Methods: []string{"http.request"}, Scope: scope})
	if err != nil {
		t.Fatal(err)
	}
	return generousAuthority().Decide(grant, q).Allowed
}
