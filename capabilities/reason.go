package capabilities

import (
	"fmt"
	"strings"
)

// whyNoMethod explains a method that no pattern grants. A pattern that nearly does is the likeliest cause, so it is named.
func (g *Grant) whyNoMethod(m Method) string {
	cause := "which its manifest does not grant"
	if g.isSensitive(m.Operation) {
		cause = "which is sensitive: no prefix and no whole kind grants it, only its full name"
	} else {
		for _, p := range g.methods {
			if near := p.whyNot(m); near != "" {
				cause = fmt.Sprintf("but %q grants %s", p.text, near)
				break
			}
		}
	}
	add := Method{Kind: m.Kind, Operation: m.Operation}
	return fmt.Sprintf("%s asked for %s, %s: add %q to permissions.methods", g.extension, m, cause, add)
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

// whyNoLibrary explains a library in which the grant does not reach.
func (g *Grant) whyNoLibrary(r Request) string {
	if !g.RunsIn(r.JobLibrary) {
		return fmt.Sprintf("%s asked for %s in a job of library %s, where it may not run: add %q or %q to permissions.libraries",
			g.extension, r.Method, r.JobLibrary, r.JobLibrary, AnyLibrary)
	}
	why := ""
	if g.anyLibrary {
		why = fmt.Sprintf(" (%q lets it run in every library, each job in its own)", AnyLibrary)
	}
	return fmt.Sprintf("%s asked for %s in library %s from a job of library %s, but a job acts in its own library%s: add %q to permissions.libraries",
		g.extension, r.Method, r.Library, r.JobLibrary, why, r.Library)
}
