package meter

// settle decides who is charged for the first block: the function itself, at its begin, or its callers.
func (f *function) settle() {
	first := &f.charges[0]
	if f.taken || first.calls {
		return
	}
	var rest uint32
	for i := range f.charges[1:] {
		if c := &f.charges[1+i]; f.loose(c) {
			rest += c.weight
		}
	}
	if rest > maxMergedAll || first.weight+rest > maxBlock {
		return
	}
	for i := range f.charges[1:] {
		if c := &f.charges[1+i]; f.loose(c) {
			first.weight += c.weight
			first.access = first.access || c.access
			c.gone = true
		}
	}
	f.byCallers, first.gone = true, true
}

// loose tells whether a charge would be executed without a look at what is left.
func (f *function) loose(c *charge) bool {
	inTight := c.loop != none && f.loops[c.loop].tight
	return !c.dead && !c.head && !c.calls && !c.after && !inTight
}

// merge charges small blocks with those before them, and decides which look at what is left.
func (f *function) merge(functions []*function, strict bool) {
	for i := range f.charges {
		c := &f.charges[i]
		for _, callee := range f.callees[c.calleesFrom:c.calleesTo] {
			if g := functions[callee-f.in.ImportedFunctions]; g.byCallers {
				c.weight += g.charges[0].weight
				c.access = c.access || g.charges[0].access
			}
		}
	}
	for i := range f.charges {
		if c := &f.charges[i]; !c.gone {
			f.absorb(c, strict)
		}
	}
	for i := range f.charges {
		if c := &f.charges[i]; c.loop == none || !f.loops[c.loop].tight {
			c.checked = c.head || i == 0 && !f.loopsFirst || strict && (c.calls || c.after)
			c.unlooked = f.byCallers && (c.calls || c.after)
		}
	}
}

// absorb charges a small block with the one before it, if it may.
func (f *function) absorb(c *charge, strict bool) {
	if c.before == none || c.dead || c.weight > maxMerged && !c.tail {
		return
	}
	tail := c.tail
	into := &f.charges[c.before]
	for into.gone && into.before != none {
		tail = tail || into.tail
		into = &f.charges[into.before]
	}
	if into.gone || into.dead || into.loop != c.loop || into.merged+c.weight > maxMergedAll || tail && (strict && c.access || c.weight > maxTail) {
		return
	}
	into.merged += c.weight
	into.weight += c.weight
	into.calls = into.calls || c.calls
	c.gone = true
}
