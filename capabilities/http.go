package capabilities

import (
	"fmt"
	"slices"
	"strings"
)

// HTTPRule describes requests: all that has one of its hosts, ports, methods and paths.
type HTTPRule struct {
	// Hosts are names ("api.example.com"), all below a name at any depth ("*.example.org", which is not example.org itself), IP
	// addresses ("192.0.2.1", "[2001:db8::1]"), or "*" for every name. IP addresses are allowed only when they are named.
	Hosts []string `json:"hosts" yaml:"hosts"`
	// Ports default to 443, by https. Without TLS a port has to be named: 80 too.
	Ports []int `json:"ports,omitempty" yaml:"ports"`
	// Methods default to all.
	Methods []string `json:"methods,omitempty" yaml:"methods"`
	// Paths default to all. They are exact ("/v1/items"), or mean all that is below ("/v1/*").
	Paths []string `json:"paths,omitempty" yaml:"paths"`
}

// httpRule is a compiled HTTPRule. Of a denial all that it leaves out stands for everything.
type httpRule struct {
	// exact, below and any are its hosts; below are the names after "*.".
	exact, below []string
	any          bool
	deny         bool
	ports        []uint16
	methods      []string
	// paths of which those that end in a slash mean all below it.
	paths []string
}

func (r *HTTPRule) compile(path string, deny bool) (httpRule, error) {
	c := httpRule{deny: deny}
	problem := func(list string, i int, text string) (httpRule, error) {
		return httpRule{}, &ScopeError{fmt.Sprintf("%s.%s[%d]", path, list, i), text}
	}
	if len(r.Hosts) == 0 {
		return httpRule{}, &ScopeError{path, `it names no hosts: write hosts: [api.example.com]`}
	}
	if n := max(len(r.Hosts), len(r.Ports), len(r.Methods), len(r.Paths)); n > maxNames {
		return httpRule{}, &ScopeError{path, fmt.Sprintf("a list in it has %d items, at most %d are possible", n, maxNames)}
	}
	for i, text := range r.Hosts {
		name, below := strings.CutPrefix(text, "*.")
		if text == "*" {
			c.any = true
			continue
		}
		host, isIP, err := canonicalHost(name)
		switch {
		case strings.Contains(name, "*"):
			return problem("hosts", i, quote(text)+`: "*" may stand only for the first parts of a host: write *.example.com`)
		case err != nil:
			return problem("hosts", i, fmt.Sprintf("%s; write a host such as api.example.com, without scheme, port and path", err))
		case below && isIP:
			return problem("hosts", i, quote(text)+": nothing is below an IP address")
		case below:
			c.below = append(c.below, host)
		default:
			c.exact = append(c.exact, host)
		}
	}
	for i, port := range r.Ports {
		if port < 1 || port > 65535 {
			return problem("ports", i, fmt.Sprintf("%d: want a number from 1 to 65535", port))
		}
		c.ports = append(c.ports, uint16(port))
	}
	for i, text := range r.Methods {
		method, err := parseHTTPMethod(text)
		if err != nil || text == "" {
			return problem("methods", i, quote(text)+": want capital letters, such as GET")
		}
		c.methods = append(c.methods, method)
	}
	for i, text := range r.Paths {
		name, below := strings.CutSuffix(text, "*")
		if canonical, err := canonicalPath(name); err != nil || name == "" || canonical != name || below && !strings.HasSuffix(name, "/") {
			return problem("paths", i, quote(text)+": want a path such as /v1/items, not encoded, or /v1/* for all below it")
		}
		if below {
			name += "*"
		}
		c.paths = append(c.paths, name)
	}
	return c, nil
}

// admits reports whether a request to one of the rule's hosts fits the rest of it.
func (r *httpRule) admits(a *Address) bool {
	switch {
	case r.ports != nil && !slices.Contains(r.ports, a.Port), r.ports == nil && !r.deny && (a.Port != 443 || a.Plain):
		return false
	case r.methods != nil && !slices.Contains(r.methods, a.Method):
		return false
	case r.paths == nil:
		return true
	case a.Path == "":
		return r.deny
	}
	for _, path := range r.paths {
		if prefix, below := strings.CutSuffix(path, "*"); below && strings.HasPrefix(a.Path, prefix) || path == a.Path {
			return true
		}
	}
	return false
}
