package capabilities

import (
	"cmp"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Extent is how far a source goes along with what a manifest asks for.
type Extent string

// The extents. Part is said wherever it depends on the operation, its target, or the library.
const (
	Nothing    Extent = "nothing"
	Part       Extent = "part"
	Everything Extent = "all"
)

// Prospect is what will be granted of one pattern of methods that a manifest asks for. It is for people who are about to install an extension:
// each call is decided by itself, and [Authority.Explain] tells about one.
type Prospect struct {
	Asks string `json:"asks"`
	// Policy is how far the policy goes, by these rules, denials among them.
	Policy Extent   `json:"policy"`
	Rules  []string `json:"rules,omitempty"`
	// Libraries are those whose owner granted something of it.
	Libraries []LibraryProspect `json:"libraries,omitempty"`
}

// LibraryProspect is how far a library's owner goes.
type LibraryProspect struct {
	ID     uuid.UUID `json:"id"`
	Name   string    `json:"name,omitempty"`
	Grants Extent    `json:"grants"`
}

// Prospects tells what will be granted of what an extension asks for, pattern by pattern. While the policy is not known it is nothing.
func (a *Authority) Prospects(g *Grant) []Prospect {
	a.mu.RLock()
	defer a.mu.RUnlock()
	all := make([]Prospect, len(g.methods))
	for i := range g.methods {
		pattern := &g.methods[i]
		p := &all[i]
		p.Asks, p.Policy = pattern.text, Nothing
		if a.policy == nil {
			continue
		}
		if rules := a.policy.rulesFor(g.extension); rules != nil {
			p.Policy, p.Rules = rules.rules.extent(pattern, a.policy)
		}
		for id, l := range a.libraries {
			set := l.rules[g.extension]
			if set == nil || l.ErasingSince != nil || !g.RunsIn(id) {
				continue
			}
			if extent, _ := set.extent(pattern, a.policy); extent != Nothing {
				p.Libraries = append(p.Libraries, LibraryProspect{ID: id, Name: l.Name, Grants: extent})
			}
		}
		slices.SortFunc(p.Libraries, func(a, b LibraryProspect) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), slices.Compare(a.ID[:], b.ID[:]))
		})
	}
	return all
}

// extent is how far the rules go along with a pattern, and which of them concern it.
func (r *ruleset) extent(asked *Pattern, policy *Policy) (extent Extent, names []string) {
	kinds := []Kind{asked.kind}
	if asked.kind == "" {
		kinds = []Kind{Query, Action}
	}
	extents := make([]Extent, len(kinds))
	statements := r.statements()
	for i, kind := range kinds {
		extents[i] = Nothing
		for _, s := range statements { // those that allow are raised first, then those that deny take away
			if reach := s.reach(asked, kind, policy); !s.deny && reach != Nothing {
				names = append(names, s.name)
				if extents[i] != Everything {
					extents[i] = reach
				}
			}
		}
		for _, s := range statements {
			reach := s.reach(asked, kind, policy)
			if !s.deny || reach == Nothing || extents[i] == Nothing {
				continue
			}
			names = append(names, s.name)
			if extents[i] = Part; reach == Everything {
				extents[i] = Nothing
			}
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if slices.Min(extents) != slices.Max(extents) {
		return Part, names
	}
	return extents[0], names
}

// reach is how much of a pattern a statement is about.
func (s *statement) reach(asked *Pattern, kind Kind, policy *Policy) Extent {
	p := &s.pattern
	if p.kind != "" && p.kind != kind || asked.version != "" && p.version != "" && asked.version != p.version {
		return Nothing
	}
	within := p.name == asked.name && p.below == asked.below || p.below && strings.HasPrefix(asked.name, p.name)
	sensitive := !asked.below && policy.IsSensitive(asked.name)
	switch {
	case within && sensitive && p.below && !s.deny:
		return Nothing // only its full name allows it
	case within:
		narrowed := s.scope.said
		if !asked.below {
			narrowed &= aspectsOf(asked.name)
		}
		if s.libraries != nil || narrowed != 0 || p.version != asked.version {
			return Part
		}
		return Everything
	case asked.below && strings.HasPrefix(p.name, asked.name):
		return Part
	}
	return Nothing
}

// statements are all of the rules, each once, in their order.
func (r *ruleset) statements() []*statement {
	var all []*statement
	take := func(b *bucket) {
		if b == nil {
			return
		}
		all = append(append(all, b.plain...), b.hosted...)
		for _, listed := range b.listed {
			all = append(all, listed...)
		}
	}
	take(r.kinds)
	for _, index := range []map[string]*bucket{r.exact, r.below} {
		for _, b := range index {
			take(b)
		}
	}
	slices.SortFunc(all, func(a, b *statement) int { return cmp.Compare(a.order, b.order) })
	return slices.Compact(all)
}
