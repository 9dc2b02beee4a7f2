package extensions

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/airlock-run/airlock/capabilities"
)

// names reads a list of names. One that is there and empty names none, which differs from one that is not there.
func (d *decoder) names(into *[]string) func(*node) {
	return func(n *node) {
		*into = []string{}
		d.list(d.checked(func(text string) error {
			*into = append(*into, text)
			return nil
		}))(n)
	}
}

func (d *decoder) httpRule(n *node, p *Permissions) {
	var rule capabilities.HTTPRule
	d.object(n, fields{
		"hosts": d.names(&rule.Hosts), "methods": d.names(&rule.Methods), "paths": d.names(&rule.Paths),
		"ports": d.list(func(n *node) {
			port := 0
			d.integer(&port, 65535, "")(n)
			rule.Ports = append(rule.Ports, port)
		}),
	})
	p.Scope.HTTP = append(p.Scope.HTTP, rule)
}

// scoped checks the targets once all are read, each where it stands.
func (d *decoder) scoped(n *node, p *Permissions) {
	var wrong *capabilities.ScopeError
	if err := p.Scope.Validate(); errors.As(err, &wrong) {
		at := n
		if key := wrong.Path[:strings.IndexAny(wrong.Path+".", ".[")]; n.kind == isObject && n.member(key) != nil {
			at = n.member(key)
		}
		d.fail(at, "permissions.%s", err)
	}
}

// scope is the scope of the permissions with what network_access adds to it.
func (p *Permissions) scope() (capabilities.Scope, error) {
	scope := p.Scope
	for i, text := range p.NetworkAccess {
		rule, err := networkRule(text)
		if err != nil {
			return scope, fmt.Errorf("permissions.network_access[%d]: %w", i, err)
		}
		scope.HTTP = append(slices.Clip(scope.HTTP), rule)
	}
	return scope, nil
}

// networkRule reads a host as network_access has them: perhaps with a scheme, a port, a path.
func networkRule(text string) (rule capabilities.HTTPRule, err error) {
	scheme, rest, hasScheme := strings.Cut(text, "://")
	if !hasScheme {
		scheme, rest = "https", text
	}
	wildcard := strings.HasPrefix(rest, "*.")
	u, err := url.Parse(scheme + "://" + strings.TrimPrefix(rest, "*."))
	if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Hostname() == "" {
		return rule, fmt.Errorf("%s is no host: write one such as api.example.com", quote(text))
	}
	host := u.Hostname()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if wildcard {
		host = "*." + host
	}
	rule.Hosts = []string{host}
	switch port := u.Port(); {
	case port != "":
		if n, err := strconv.Atoi(port); err == nil {
			rule.Ports = []int{n}
		}
	case scheme == "http":
		rule.Ports = []int{80}
	}
	if u.Path != "" && u.Path != "/" {
		rule.Paths = []string{u.Path, strings.TrimSuffix(u.Path, "/") + "/*"}
	}
	return rule, (&capabilities.Scope{HTTP: []capabilities.HTTPRule{rule}}).Validate()
}
