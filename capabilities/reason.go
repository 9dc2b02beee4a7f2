package capabilities

import (
	"fmt"
	"strings"
)

// refusal is the decision when a source denies or does not allow: what was asked, why not, and what would change it.
func refusal(source Source, v verdict, s *sides, g *Grant, r *Request, q *question) Decision {
	what := r.Method.String() + aimedAt(q)
	switch {
	case v.deny != nil:
		return refuse(source.String()+": "+v.deny.name, "%s asked for %s, which rule %q of the %s denies: only who changes that rule can allow it",
			g.extension, what, v.deny.name, source)
	case source == Manifest:
		return whyNotManifest(g, what, q)
	case source == Operator:
		return refuse("policy: no rule", "%s asked for %s, which no rule of the policy allows in library %s%s: add a rule for %s that allows %q%s",
			g.extension, what, q.library, sensitivity(q), g.extension, nameless(r.Method), narrowed(q))
	case s.owned == nil:
		return s.call.refuse(g.extension, q.library)
	default:
		return refuse("library: "+q.library.String(), "%s asked for %s, which the owner of library %s has not granted%s: grant %q%s",
			g.extension, what, q.library, sensitivity(q), nameless(r.Method), narrowed(q))
	}
}

// nameless is the method without its version, as a pattern that grants it.
func nameless(m Method) string { return Method{Kind: m.Kind, Operation: m.Operation}.String() }

func sensitivity(q *question) string {
	if q.sensitive {
		return ", as it is sensitive and not named in full"
	}
	return ""
}

// aimedAt says what a call is aimed at.
func aimedAt(q *question) string {
	var text strings.Builder
	if at := q.address; q.have.has(onHTTP) && at.Host != "" {
		text.WriteString(" to " + at.String())
	}
	for a := onHTTP + 1; a < aspects; a++ {
		if name := q.names[a]; q.have.has(a) && name != "" {
			_, _ = fmt.Fprintf(&text, " with the %s %s", aspectWords[a].noun, quote(name))
		}
	}
	return text.String()
}

// String is the address for people.
func (a Address) String() string {
	scheme := "https"
	if a.Plain {
		scheme = "http"
	}
	host := a.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return fmt.Sprintf("%s %s://%s:%d%s", a.Method, scheme, host, a.Port, quote(a.Path)[1:len(quote(a.Path))-1])
}

// narrowed says which targets a rule that allows the call would have to name, if it narrows them.
func narrowed(q *question) string {
	var keys []string
	for a := range aspects {
		if q.have.has(a) {
			keys = append(keys, aspectWords[a].key)
		}
	}
	if keys == nil {
		return ""
	}
	return ", and this target, where it has " + strings.Join(keys, " or ")
}

// whyNotManifest explains a call that the manifest does not ask for.
func whyNotManifest(g *Grant, what string, q *question) Decision {
	if q.method == Hear {
		return refuse("manifest: triggers", "%s is not started by %s: add a trigger to its manifest", g.extension, what)
	}
	if _, asked := g.methods.match(q.method, q.sensitive); asked {
		key := ""
		for a := range aspects {
			if q.have.has(a) && !g.fits(a, q) {
				if !q.knows(a) {
					return g.refuseUnnamed(a, what)
				}
				key = aspectWords[a].key
				break
			}
		}
		return refuse("manifest: permissions."+key, "%s asked for %s, which its manifest does not name: add it to permissions.%s", g.extension, what, key)
	}
	d := refuse("manifest: permissions.methods", "%s", g.whyNoMethod(q.method, q.sensitive))
	return d
}

// refuseUnnamed explains a call whose target is not known, though the manifest asks for some targets only.
func (g *Grant) refuseUnnamed(a aspect, what string) Decision {
	words := aspectWords[a]
	asked := "asks for none: add what it needs to permissions." + words.key
	if list := g.asks.list(a); len(list) > 0 {
		names := make([]string, len(list))
		for i, name := range list {
			names[i] = quote(name)
		}
		asked = "asks for " + strings.Join(names, ", ")
	} else if a == onHTTP && len(g.asks.HTTP) > 0 {
		asked = "asks for those of permissions.http"
	}
	return refuse("manifest: permissions."+words.key, "%s asked for %s and named no %s, of which its manifest %s", g.extension, what, words.noun, asked)
}

// fits reports whether the manifest asks for one aspect of a call.
func (g *Grant) fits(a aspect, q *question) bool {
	only := *q
	only.have = setOf(a)
	v := g.rules.decide(&only)
	return v.allow != nil
}

// whyNoMethod explains a method that no pattern grants. A pattern that nearly does is the likeliest cause, so it is named.
func (g *Grant) whyNoMethod(m Method, sensitive bool) string {
	cause := "which its manifest does not grant"
	if sensitive {
		cause = "which is sensitive: no prefix and no whole kind grants it, only its full name"
	} else {
		for _, p := range g.methods {
			if near := p.whyNot(m); near != "" {
				cause = fmt.Sprintf("but %q grants %s", p.text, near)
				break
			}
		}
	}
	return fmt.Sprintf("%s asked for %s, %s: add %q to permissions.methods", g.extension, m, cause, nameless(m))
}

// whyNot says what a pattern grants instead, when it looks as if it granted the method.
func (p Pattern) whyNot(m Method) string {
	if p.kind != "" && p.kind != m.Kind {
		switch asked := (Method{Kind: p.kind, Operation: m.Operation, Version: m.Version}); {
		case !p.matches(asked, false):
			return ""
		case p.kind == Query:
			return "queries only"
		default:
			return "actions only"
		}
	}
	switch {
	case p.below && p.name == m.Operation+".":
		return "what is below that name, not the operation itself"
	case p.below || !strings.HasPrefix(m.Operation, p.name):
		return ""
	case p.name == m.Operation:
		return "only methods that name its version"
	case m.Operation[len(p.name)] == '.':
		return "only that operation and nothing below it"
	default:
		return "only the operation of exactly that name"
	}
}
