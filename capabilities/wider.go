package capabilities

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Wider lists what a grant asks for and an earlier one did not: methods, targets, libraries, events that start its jobs, and a higher rate.
// Where it cannot be sure that something was asked before, it lists it. None means that whoever approved the earlier one need not be asked.
func (p *Permissions) Wider(before *Permissions) []string {
	var more []string
	for _, text := range p.Methods {
		if !covered(text, before.Methods) {
			more = append(more, "method "+text)
		}
	}
	for a := onHTTP + 1; a < aspects; a++ {
		more = append(more, widerNames(a, p.Scope.list(a), before.Scope.list(a))...)
	}
	for _, rule := range p.Scope.HTTP {
		if !slices.ContainsFunc(before.Scope.HTTP, func(old HTTPRule) bool { return old.covers(&rule) }) {
			more = append(more, "requests to "+rule.String())
		}
	}
	for _, library := range orAny(p.Libraries) {
		if !slices.Contains(orAny(before.Libraries), library) {
			more = append(more, "library "+library)
		}
	}
	for _, event := range p.Triggers {
		if !slices.Contains(before.Triggers, event) {
			more = append(more, "to be started by "+event)
		}
	}
	if now, then := orDefault(p.RequestsPerMinute), orDefault(before.RequestsPerMinute); now > then {
		more = append(more, fmt.Sprintf("%d requests a minute instead of %d", now, then))
	}
	return more
}

func orAny(libraries []string) []string {
	if len(libraries) == 0 {
		return []string{AnyLibrary}
	}
	return libraries
}

func orDefault(requests int) int {
	if requests == 0 {
		return DefaultRequestsPerMinute
	}
	return requests
}

// covered reports whether patterns grant all that another one does.
func covered(text string, by []string) bool {
	p, err := ParsePattern(text)
	if err != nil {
		return false
	}
	kinds := []Kind{p.kind}
	if p.kind == "" {
		kinds = []Kind{Query, Action}
	}
	for _, kind := range kinds {
		if !slices.ContainsFunc(by, func(text string) bool {
			old, err := ParsePattern(text)
			return err == nil && old.covers(&p, kind)
		}) {
			return false
		}
	}
	return true
}

// covers reports whether a pattern grants all that another one does of one kind.
func (p *Pattern) covers(other *Pattern, kind Kind) bool {
	switch {
	case p.kind != "" && p.kind != kind:
		return false
	case p.below:
		return other.below && strings.HasPrefix(other.name, p.name) // a full name is more: it grants what an operator calls sensitive
	default:
		return !other.below && p.name == other.name && (p.version == "" || p.version == other.version)
	}
}

// widerNames lists the names of an aspect that were not asked before. What a manifest says nothing of is everything for some aspects, and
// nothing for others, as NewGrant has it.
func widerNames(a aspect, now, then []string) (more []string) {
	open := a == onStore || a == onSidecar || a == onEntry
	switch {
	case a == onHear, open && then == nil: // triggers say what is heard
		return nil
	case open && now == nil:
		return []string{"any " + aspectWords[a].noun}
	}
	before, err := compileNames("", then)
	if err != nil {
		before = &names{}
	}
	for _, name := range now {
		if !before.any && !slices.Contains(then, name) && (strings.Contains(name, "*") || !before.match(name)) {
			more = append(more, aspectWords[a].noun+" "+name)
		}
	}
	return more
}

// covers reports whether a rule surely holds all that another one does.
func (r *HTTPRule) covers(other *HTTPRule) bool {
	within := func(now, then []string) bool {
		return len(then) == 0 || len(now) > 0 && !slices.ContainsFunc(now, func(s string) bool { return !slices.Contains(then, s) })
	}
	ports := func(r *HTTPRule) (texts []string) {
		for _, port := range r.Ports {
			texts = append(texts, strconv.Itoa(port))
		}
		return texts
	}
	samePorts := len(r.Ports) == 0 && len(other.Ports) == 0 || len(r.Ports) > 0 && len(other.Ports) > 0 && within(ports(other), ports(r))
	return within(other.Hosts, r.Hosts) && samePorts && within(other.Methods, r.Methods) && within(other.Paths, r.Paths)
}

// String is the rule for people.
func (r HTTPRule) String() string {
	text := strings.Join(r.Hosts, ", ")
	if len(r.Ports) > 0 {
		text += " port " + strings.Trim(fmt.Sprint(r.Ports), "[]")
	}
	if len(r.Methods) > 0 {
		text += " by " + strings.Join(r.Methods, ", ")
	}
	if len(r.Paths) > 0 {
		text += " at " + strings.Join(r.Paths, ", ")
	}
	return text
}
