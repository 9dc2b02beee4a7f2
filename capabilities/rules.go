package capabilities

import (
	"strings"

	"github.com/google/uuid"
)

// Source says who made a rule.
type Source uint8

// The three sources. A call needs all of them.
const (
	// Manifest is what the extension asks for.
	Manifest Source = iota
	// Operator is the policy of the one who runs Airlock.
	Operator
	// Owner is what the owner of the library granted.
	Owner
	sources
)

// String is the source's word in sentences.
func (s Source) String() string {
	return [...]string{"manifest", "policy", "library"}[min(s, Owner)]
}

// statement is one line of a rule: a pattern of methods, in some libraries, narrowed to some targets, that allows or denies.
type statement struct {
	name      string
	order     int
	deny      bool
	pattern   Pattern
	libraries map[uuid.UUID]struct{} // nil for all
	scope     *scope
}

// ruleset is the compiled statements of one source for one extension. It never changes. A call is compared only with the statements that
// name its operation, a part of it, or its host, so that what it costs does not grow with their number.
type ruleset struct {
	exact, below map[string]*bucket
	kinds        *bucket // of the patterns that name only a kind
	count        int
}

// bucket holds the statements of one pattern's name.
type bucket struct {
	// plain are those that say nothing of hosts, listed those of them for some libraries only, hosted the others.
	plain  []*statement
	listed map[uuid.UUID][]*statement
	hosted []*statement
	// The hosted ones again, by their hosts.
	hosts, suffixes map[string][]hostLine
	anyHost         []hostLine
}

type hostLine struct {
	statement *statement
	rule      *httpRule
}

// add adds a statement; those added first win.
func (r *ruleset) add(s *statement) {
	if r.exact == nil {
		r.exact, r.below = map[string]*bucket{}, map[string]*bucket{}
	}
	s.order = r.count
	r.count++
	index := r.exact
	if s.pattern.below {
		index = r.below
	}
	b := index[s.pattern.name]
	if s.pattern.below && s.pattern.name == "" {
		b = r.kinds
	}
	if b == nil {
		b = &bucket{listed: map[uuid.UUID][]*statement{}, hosts: map[string][]hostLine{}, suffixes: map[string][]hostLine{}}
		if s.pattern.below && s.pattern.name == "" {
			r.kinds = b
		} else {
			index[s.pattern.name] = b
		}
	}
	switch {
	case !s.scope.said.has(onHTTP) && s.libraries == nil:
		b.plain = append(b.plain, s)
		return
	case !s.scope.said.has(onHTTP):
		for library := range s.libraries {
			b.listed[library] = append(b.listed[library], s)
		}
		return
	}
	b.hosted = append(b.hosted, s)
	for i := range s.scope.http {
		line := hostLine{s, &s.scope.http[i]}
		for _, host := range line.rule.exact {
			b.hosts[host] = append(b.hosts[host], line)
		}
		for _, suffix := range line.rule.below {
			b.suffixes[suffix] = append(b.suffixes[suffix], line)
		}
		if line.rule.any {
			b.anyHost = append(b.anyHost, line)
		}
	}
}

// question is a call as rules see it.
type question struct {
	method    Method
	sensitive bool
	library   uuid.UUID
	// have are the aspects that the call has; address and names are its target, at most one name for each of them.
	have    aspectSet
	address *Address
	names   [aspects]string
}

// knows reports whether it is known what one aspect of the call is.
func (q *question) knows(a aspect) bool {
	if a == onHTTP {
		return q.address.Host != ""
	}
	return q.names[a] != ""
}

// verdict is what a ruleset says: the first statement that denies, and the first that allows.
type verdict struct{ deny, allow *statement }

func (r *ruleset) decide(q *question) (v verdict) {
	if r == nil || r.count == 0 {
		return v
	}
	operation := q.method.Operation
	if len(r.exact) > 0 {
		v.look(r.exact[operation], q)
	}
	v.look(r.kinds, q)
	if len(r.below) == 0 {
		return v
	}
	for i := range len(operation) {
		if operation[i] == '.' {
			v.look(r.below[operation[:i+1]], q)
		}
	}
	return v
}

func (v *verdict) look(b *bucket, q *question) {
	if b == nil {
		return
	}
	for _, s := range b.plain {
		v.consider(s, q)
	}
	if len(b.listed) > 0 {
		for _, s := range b.listed[q.library] {
			v.consider(s, q)
		}
	}
	if len(b.hosted) == 0 {
		return
	}
	address := q.address
	if !q.have.has(onHTTP) || address.Host == "" {
		for _, s := range b.hosted {
			// An allowance of hosts holds for methods that reach none. A denial of hosts is meant for those that may reach one.
			if s.deny == q.have.has(onHTTP) {
				v.consider(s, q)
			}
		}
		return
	}
	v.lines(b.hosts[address.Host], q)
	for _, line := range b.anyHost {
		if !address.isIP || line.rule.deny {
			v.line(line, q)
		}
	}
	if address.isIP || len(b.suffixes) == 0 {
		return
	}
	for host := address.Host; ; {
		_, rest, found := strings.Cut(host, ".")
		if !found {
			return
		}
		host = rest
		v.lines(b.suffixes[host], q)
	}
}

func (v *verdict) lines(lines []hostLine, q *question) {
	for _, line := range lines {
		v.line(line, q)
	}
}

func (v *verdict) line(line hostLine, q *question) {
	if line.rule.admits(q.address) {
		v.consider(line.statement, q)
	}
}

// consider takes a statement, whose name and hosts are for the call, if the rest of it is too.
func (v *verdict) consider(s *statement, q *question) {
	first := &v.allow
	if s.deny {
		first = &v.deny
	}
	if *first != nil && (*first).order <= s.order || !s.pattern.suits(&q.method, q.sensitive, s.deny) {
		return
	}
	if s.libraries != nil {
		if _, ok := s.libraries[q.library]; !ok {
			return
		}
	}
	if s.deny && s.scope.touches(q) || !s.deny && s.scope.fits(q) {
		*first = s
	}
}
