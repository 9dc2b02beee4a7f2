package capabilities

// Covers reports whether one of the patterns means the method, also if its operation is sensitive: it is for rules that limit, where
// matching more is the safe side, as Match is for rules that grant.
func (ps Patterns) Covers(m Method) bool {
	_, ok := ps.match(m, false)
	return ok
}
