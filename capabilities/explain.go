package capabilities

// Explanation says how each source stands to a call.
type Explanation struct {
	Decision Decision `json:"-"`
	Allowed  bool     `json:"allowed"`
	Code     string   `json:"code,omitempty"`
	Reason   string   `json:"reason,omitempty"`
	Rule     string   `json:"rule,omitempty"`
	// Sources are manifest, policy and library. Where the method or the library already decides, those that were not asked are missing.
	Sources []SourceExplanation `json:"sources"`
}

// SourceExplanation is how one source stands to a call.
type SourceExplanation struct {
	Source  string `json:"source"`
	Allowed bool   `json:"allowed"`
	// Rule is the rule that allowed or denied; empty where none did.
	Rule string `json:"rule,omitempty"`
	// Advice says what would change a denial.
	Advice string `json:"advice,omitempty"`
}

// Explain decides as Decide does, and says how each source came to what it says.
func (a *Authority) Explain(g *Grant, r *Request) Explanation {
	e := Explanation{Sources: []SourceExplanation{}}
	d := a.decide(g, r, &e)
	e.Decision, e.Allowed, e.Code, e.Reason, e.Rule = d, d.Allowed, d.Code, d.Reason, d.Rule
	return e
}

// note takes what a source said. Of several targets of one call, the first that is denied counts.
func (e *Explanation) note(source Source, v verdict, s *sides, g *Grant, r *Request, q *question) {
	said := SourceExplanation{Source: source.String()}
	switch {
	case v.deny != nil:
		said.Rule = v.deny.name
	case v.allow != nil:
		said.Allowed, said.Rule = true, v.allow.name
	}
	if !said.Allowed {
		said.Advice = refusal(source, v, s, g, r, q).Reason
	}
	if len(e.Sources) == int(sources) { // of another target
		if before := &e.Sources[source]; before.Allowed && !said.Allowed {
			*before = said
		}
		return
	}
	e.Sources = append(e.Sources, said)
}
