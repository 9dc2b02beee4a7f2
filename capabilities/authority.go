package capabilities

import (
	"fmt"
	"sync"

	"github.com/google/uuid"
)

// Authority decides: it holds the policy that is in force and the libraries there are, and puts them together with what an extension's
// manifest asks. Until both are known it denies everything. It is safe for concurrent use.
type Authority struct {
	mu       sync.RWMutex
	policy   *Policy
	revision uint64
	// libraries are those that were created; nil while they are not known.
	libraries map[uuid.UUID]*Library
	// newest is the revision of what Follow has heard last of libraries.
	newest  uint64
	ready   chan struct{}
	isReady bool
}

// NewAuthority makes an Authority that knows nothing yet.
func NewAuthority() *Authority { return &Authority{ready: make(chan struct{})} }

// Ready is closed once policy and libraries are known.
func (a *Authority) Ready() <-chan struct{} { return a.ready }

// SetPolicy puts a policy into force.
func (a *Authority) SetPolicy(p *Policy, revision uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.policy, a.revision = p, revision
	a.checkReady()
}

// Policy returns the policy in force and its revision; nil when none is known.
func (a *Authority) Policy() (*Policy, uint64) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.policy, a.revision
}

// SetLibraries replaces all libraries. They have to be compiled.
func (a *Authority) SetLibraries(libraries map[uuid.UUID]*Library) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.libraries = libraries
	a.checkReady()
}

// SetLibrary puts one library, which has to be compiled, in the place of what was known of it; nil says that it is gone.
func (a *Authority) SetLibrary(id uuid.UUID, l *Library) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if l == nil {
		delete(a.libraries, id)
		return
	}
	a.libraries[id] = l
}

func (a *Authority) checkReady() {
	if !a.isReady && a.policy != nil && a.libraries != nil {
		a.isReady = true
		close(a.ready)
	}
}

// sides is what an Authority has to say about one extension.
type sides struct {
	policy *Policy
	rules  *policyRules
	owned  *ruleset
	job    standing
	call   standing
}

// standing is how an extension stands in a library.
type standing uint8

const (
	granted standing = iota
	notCreated
	notGranted
	erasing
)

// unlisted are the rules of libraries that nobody has created, where the policy allows those.
var unlisted = sync.OnceValue(func() *ruleset {
	set, err := (&LibraryGrant{}).compile("libraries.unlisted of the policy")
	if err != nil {
		panic(err) // the patterns are constant
	}
	return set
})

// look finds what concerns a request. It answers false while that is not known.
func (a *Authority) look(extension string, r *Request) (s sides, ok bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.policy == nil || a.libraries == nil {
		return s, false
	}
	s.policy, s.rules = a.policy, a.policy.rulesFor(extension)
	s.owned, s.call = a.owned(extension, r.library())
	s.job = s.call
	if r.library() != r.JobLibrary {
		_, s.job = a.owned(extension, r.JobLibrary)
	}
	return s, true
}

func (a *Authority) owned(extension string, library uuid.UUID) (*ruleset, standing) {
	l := a.libraries[library]
	switch {
	case l == nil && a.policy.AllowsUnlisted():
		return unlisted(), granted
	case l == nil:
		return nil, notCreated
	case l.ErasingSince != nil:
		return nil, erasing
	}
	if set := l.rules[extension]; set != nil {
		return set, granted
	}
	return nil, notGranted
}

// Decide decides whether a call of an extension may leave the sandbox: when its manifest asks for it, the policy allows it and the library's
// owner granted it. What one of them denies, or does not allow, is denied. Allowing allocates nothing.
func (a *Authority) Decide(g *Grant, r *Request) Decision {
	return a.decide(g, r, nil)
}

// decide is the one way to a decision. With an explanation to fill it goes through all sources, even when the first one has denied.
func (a *Authority) decide(g *Grant, r *Request, e *Explanation) (d Decision) {
	if !r.Method.wellFormed() {
		return deny(CodeInvalidArgument, "%s asked for %s, which is not a method", g.extension, quote(r.Method.String()))
	}
	s, ok := a.look(g.extension, r)
	if !ok {
		d = deny(CodeUnavailable, "what %s may do is not known yet: the policy has not been read", g.extension)
		d.Rule = "policy: not known"
		return d
	}
	if d.Allowed = s.reach(g, r); !d.Allowed {
		d = s.outside(g, r)
	}
	q := question{method: r.Method, sensitive: s.policy.IsSensitive(r.Method.Operation), library: r.library()}
	for nth := range max(1, len(r.Target.Extensions)) {
		q.set(&r.Target, nth)
		for source := range sources {
			v := s.rulesOf(source, g).decide(&q)
			if e != nil {
				e.note(source, v, &s, g, r, &q)
			}
			switch {
			case v.deny == nil && v.allow != nil:
				if d.Allowed {
					d.Rules[source] = v.allow.name
				}
			case d.Allowed:
				d = refusal(source, v, &s, g, r, &q)
				if e == nil {
					return d
				}
			}
		}
	}
	return d
}

// rulesOf are the rules of a source; nil when it has none.
func (s *sides) rulesOf(source Source, g *Grant) *ruleset {
	return [sources]*ruleset{&g.rules, &s.rules.rules, s.owned}[source]
}

// MayRun decides whether jobs of an extension may run in a library at all.
func (a *Authority) MayRun(g *Grant, library uuid.UUID) Decision {
	r := Request{JobLibrary: library}
	s, ok := a.look(g.extension, &r)
	if !ok {
		d := deny(CodeUnavailable, "what %s may do is not known yet: the policy has not been read", g.extension)
		d.Rule = "policy: not known"
		return d
	}
	if s.reach(g, &r) {
		return Decision{Allowed: true}
	}
	return s.outside(g, &r)
}

// MayHear decides whether an event of a library may start a job of an extension.
func (a *Authority) MayHear(g *Grant, library uuid.UUID, event string) Decision {
	return a.Decide(g, &Request{Method: Hear, JobLibrary: library, Target: Target{Event: event}})
}

// reach reports whether all three sources let the extension into the libraries of job and call.
func (s *sides) reach(g *Grant, r *Request) bool {
	return g.RunsIn(r.JobLibrary) && (r.Library == uuid.Nil || r.Library == r.JobLibrary || g.names(r.Library)) &&
		s.rules.runsIn(r.JobLibrary) && s.job == granted && s.call == granted
}

// outside is why reach said no.
func (s *sides) outside(g *Grant, r *Request) Decision {
	switch {
	case !g.RunsIn(r.JobLibrary):
		return refuse("manifest: permissions.libraries", "%s has a job in library %s, where it may not run by its manifest: add %q or %q to permissions.libraries",
			g.extension, r.JobLibrary, r.JobLibrary, AnyLibrary)
	case r.library() != r.JobLibrary && !g.names(r.Library):
		why := ""
		if g.anyLibrary {
			why = fmt.Sprintf(" (%q lets it run in every library, each job in its own)", AnyLibrary)
		}
		return refuse("manifest: permissions.libraries",
			"%s asked for %s in library %s from a job of library %s, but a job acts in its own library%s: add %q to permissions.libraries",
			g.extension, r.Method, r.Library, r.JobLibrary, why, r.Library)
	case !s.rules.runsIn(r.JobLibrary):
		return refuse("policy: no rule", "no rule of the policy lets %s run in library %s: add one that allows it something there", g.extension, r.JobLibrary)
	case s.job != granted:
		return s.job.refuse(g.extension, r.JobLibrary)
	default:
		return s.call.refuse(g.extension, r.library())
	}
}

// refuse is why an extension may do nothing in a library.
func (st standing) refuse(extension string, library uuid.UUID) Decision {
	switch st {
	case notCreated:
		return refuse("policy: libraries.unlisted",
			"library %s is not listed, and the policy denies those: create it with `airlock library create %s`, then grant it to %s", library, library, extension)
	case erasing:
		return refuse("library: "+library.String(), "library %s is being erased: nothing runs in it any more", library)
	default:
		return refuse("library: "+library.String(), "the owner of library %s granted nothing to %s: `airlock library grant %s %s`",
			library, extension, library, extension)
	}
}

func refuse(rule, format string, args ...any) Decision {
	d := deny(CodePermissionDenied, format, args...)
	d.Rule = rule
	return d
}
