package capabilities

import (
	"fmt"
	"slices"

	"github.com/google/uuid"
)

// DefaultRequestsPerMinute is the rate of an extension whose manifest names none.
const DefaultRequestsPerMinute = 1000

// AnyLibrary among the libraries lets the extension run in every library.
const AnyLibrary = "*"

// Permissions is what a Grant is compiled from.
type Permissions struct {
	// Methods are the patterns of what may be called; none means nothing.
	Methods []string
	// Scope narrows them. What it says nothing of is not asked for where it leaves the library: no addresses, no credentials to use or to
	// read, no events to publish, and of jobs to dispatch only the extension's own, which always are.
	Scope Scope
	// Libraries are where the extension may run: AnyLibrary, or ids, which its jobs may then also reach from one another.
	// None means AnyLibrary.
	Libraries []string
	// Triggers are the types of events that start its jobs.
	Triggers []string
	// RequestsPerMinute bounds calls in any minute; 0 means DefaultRequestsPerMinute.
	RequestsPerMinute int
}

// Grant is what one extension asks for by its manifest, compiled. It never changes and is safe for concurrent use.
type Grant struct {
	extension string
	methods   Patterns
	// asks is the scope as the manifest has it, for people; rules decide.
	asks              Scope
	rules             ruleset
	anyLibrary        bool
	libraries         map[uuid.UUID]struct{}
	requestsPerMinute int
}

// NewGrant compiles the grant of an extension.
//
// # Errors
//
// *PatternError for a malformed pattern, *ScopeError for a malformed target; a library that is no id; a negative rate. The sentence says
// which it was.
func NewGrant(extension string, p Permissions) (*Grant, error) {
	methods, err := ParsePatterns(p.Methods)
	if err != nil {
		return nil, err
	}
	if p.RequestsPerMinute < 0 {
		return nil, fmt.Errorf("requests per minute: %d is negative", p.RequestsPerMinute)
	}
	g := &Grant{
		extension:         extension,
		methods:           methods,
		asks:              p.Scope,
		anyLibrary:        len(p.Libraries) == 0,
		libraries:         make(map[uuid.UUID]struct{}, len(p.Libraries)),
		requestsPerMinute: p.RequestsPerMinute,
	}
	if g.requestsPerMinute == 0 {
		g.requestsPerMinute = DefaultRequestsPerMinute
	}
	if err := g.compile(p); err != nil {
		return nil, err
	}
	for _, text := range p.Libraries {
		if text == AnyLibrary {
			g.anyLibrary = true
			continue
		}
		library, err := ParseLibrary(text)
		if err != nil {
			return nil, err
		}
		g.libraries[library] = struct{}{}
	}
	return g, nil
}

// compile makes the rules of the methods, and of the events that start jobs.
func (g *Grant) compile(p Permissions) error {
	asked := p.Scope
	asked.HTTP = orNone(asked.HTTP)
	asked.Credentials.Use, asked.Credentials.Read = orNone(asked.Credentials.Use), orNone(asked.Credentials.Read)
	asked.Events.Publish, asked.Events.Hear = orNone(asked.Events.Publish), orNone(asked.Events.Hear)
	asked.Dispatch = append(slices.Clone(asked.Dispatch), g.extension)
	compiled, err := asked.compile(false)
	if err != nil {
		return err
	}
	for i, pattern := range g.methods {
		g.rules.add(&statement{name: fmt.Sprintf("permissions.methods[%d]", i), pattern: pattern, scope: compiled})
	}
	for i, event := range p.Triggers {
		heard, err := (&Scope{Events: EventNames{Hear: []string{event}}}).compile(false)
		if err != nil {
			return err
		}
		if p.Scope.Events.Hear != nil && !compiled.names[onHear].match(event) {
			return &ScopeError{"events.hear", fmt.Sprintf("it lacks %s, which triggers[%d] is started by: add it, or leave the list out", quote(event), i)}
		}
		pattern := Pattern{text: Hear.String(), kind: Query, name: opHear}
		g.rules.add(&statement{name: fmt.Sprintf("triggers[%d]", i), pattern: pattern, scope: heard})
	}
	return nil
}

// orNone makes a list that says nothing one that names nothing.
func orNone[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// ParseLibrary reads a library's id: a UUID with hyphens in lower case, which is not all zeros.
func ParseLibrary(text string) (uuid.UUID, error) {
	library, err := uuid.Parse(text)
	switch {
	case err != nil:
		return uuid.Nil, fmt.Errorf("library %s: not a UUID; write %q for every library, or the library's id", quote(text), AnyLibrary)
	case library.String() != text:
		return uuid.Nil, fmt.Errorf("library %s: write it with hyphens and in lower case, %q", quote(text), library)
	case library == uuid.Nil:
		return uuid.Nil, fmt.Errorf("library %s: no library has the id of all zeros", quote(text))
	}
	return library, nil
}

// Extension is the id of the extension that has the grant.
func (g *Grant) Extension() string { return g.extension }

// RequestsPerMinute is how many calls may pass in any minute.
func (g *Grant) RequestsPerMinute() int { return g.requestsPerMinute }

// RunsIn reports whether jobs of the extension may run in a library.
func (g *Grant) RunsIn(library uuid.UUID) bool {
	return library != uuid.Nil && (g.anyLibrary || g.names(library))
}

func (g *Grant) names(library uuid.UUID) bool {
	_, ok := g.libraries[library]
	return ok
}

func deny(code, format string, args ...any) Decision {
	return Decision{Code: code, Reason: fmt.Sprintf(format, args...)}
}
