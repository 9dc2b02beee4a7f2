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
	// Libraries are where the extension may run: AnyLibrary, or ids, which its jobs may then also reach from one another.
	// None means AnyLibrary.
	Libraries []string
	// RequestsPerMinute bounds calls in any minute; 0 means DefaultRequestsPerMinute.
	RequestsPerMinute int
	// Sensitive are operations to be treated as sensitive beside those that always are.
	Sensitive []string
}

// Grant is what one extension really has. It never changes and is safe for concurrent use.
type Grant struct {
	extension         string
	methods           Patterns
	anyLibrary        bool
	libraries         map[uuid.UUID]struct{}
	requestsPerMinute int
	sensitive         []string
}

// NewGrant compiles the grant of an extension.
//
// # Errors
//
// *PatternError for a malformed pattern; a library that is no id; a negative rate. The sentence says which it was.
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
		anyLibrary:        len(p.Libraries) == 0,
		libraries:         make(map[uuid.UUID]struct{}, len(p.Libraries)),
		requestsPerMinute: p.RequestsPerMinute,
		sensitive:         slices.Clone(p.Sensitive),
	}
	if g.requestsPerMinute == 0 {
		g.requestsPerMinute = DefaultRequestsPerMinute
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

// Authorize decides whether a call may leave the sandbox. What is not granted is denied. Allowing allocates nothing.
func (g *Grant) Authorize(r Request) Decision {
	if r.Extension != g.extension {
		return deny(CodePermissionDenied, "%s asked with the grant of %s", quote(r.Extension), g.extension)
	}
	if !r.Method.wellFormed() {
		return deny(CodeInvalidArgument, "%s asked for %s, which is not a method", g.extension, quote(r.Method.String()))
	}
	rule, ok := g.methods.match(r.Method, g.isSensitive(r.Method.Operation))
	if !ok {
		return deny(CodePermissionDenied, "%s", g.whyNoMethod(r.Method))
	}
	if !g.RunsIn(r.JobLibrary) || r.Library != uuid.Nil && r.Library != r.JobLibrary && !g.names(r.Library) {
		return deny(CodePermissionDenied, "%s", g.whyNoLibrary(r))
	}
	return Decision{Allowed: true, Rule: rule.text}
}

func (g *Grant) isSensitive(operation string) bool {
	return IsSensitive(operation) || slices.Contains(g.sensitive, operation)
}

func deny(code, format string, args ...any) Decision {
	return Decision{Code: code, Reason: fmt.Sprintf(format, args...)}
}
