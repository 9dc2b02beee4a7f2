package fair

// gate is where the lanes of one class wait for an extension that had no room. A slot that comes free is for the one that has
// waited longest, of those whose libraries were not dealt a job in this round.
type gate[J any] struct {
	node[gate[J]]
	extension *extension[J]
	waiting   list[lane[J]]
	// dealt are lanes that were at the front when their libraries had been dealt a job in that round.
	dealt list[lane[J]]
	round uint64
}

// fromGates is the lane for which a slot has come free. Gates that have no use for theirs are closed.
func (c *class[J]) fromGates() *lane[J] {
	for g := c.opened.front(); g != nil; g = c.opened.front() {
		if !g.extension.room() {
			g.unlist()
			continue
		}
		if l := c.waiter(g); l != nil {
			return l
		}
		if g.dealt.empty() {
			g.unlist()
		} else {
			c.later.pushBack(&g.node)
		}
	}
	return nil
}

// patience is how many lanes are passed over at a gate for one job. Each costs time, and there may be as many as libraries.
const patience = 16

// waiter is the lane at a gate that has waited longest, of those that may be dealt in this round; of all, when patience ends.
func (c *class[J]) waiter(g *gate[J]) *lane[J] {
	c.turn(g)
	passed := 0
	for l := g.waiting.front(); l != nil; l = g.waiting.front() {
		if l.share.round == c.round {
			first := g.dealt.front()
			if passed < patience || first == nil {
				g.dealt.pushBack(&l.node)
				passed++
				continue
			}
			l = first
		}
		if l.share.library.room() {
			return l
		}
		l.passed = true
		l.share.ready.pushBack(&l.node)
		c.park(l.share)
	}
	return nil
}

// turn brings a gate to the round under way, in which the lanes that were passed over in an earlier one are first.
func (c *class[J]) turn(g *gate[J]) {
	if g.round != c.round {
		g.waiting.prepend(&g.dealt)
		g.round = c.round
	}
}

// free says whether a lane may have a slot of its extension: there is one, and none has waited for it longer.
func (c *class[J]) free(l *lane[J]) bool {
	g := &l.extension.gates[c.priority]
	c.turn(g)
	return l.extension.room() && g.waiting.empty()
}

// wait puts a lane at the end of its gate; at the front if it has been there.
func (c *class[J]) wait(l *lane[J]) {
	g := &l.extension.gates[c.priority]
	c.turn(g)
	if l.passed {
		g.waiting.pushFront(&l.node)
	} else {
		g.waiting.pushBack(&l.node)
	}
	l.passed = false
	c.open(g)
}

// open lets the lanes at a gate have the slots of their extension, if there are any.
func (c *class[J]) open(g *gate[J]) {
	if g.extension.room() && !g.listed() && (!g.waiting.empty() || !g.dealt.empty()) {
		c.opened.pushBack(&g.node)
	}
}
