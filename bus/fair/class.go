package fair

// class is the jobs of one priority. It deals them in rounds: each library that has a job which may run is dealt one in a round.
type class[J any] struct {
	queue    *Queue[J]
	priority int
	// pass is when the priority is next, and idle says that it had no job that may run when it was asked last.
	pass uint64
	idle bool

	// round is the number of the one under way, from 1.
	round uint64
	// current are the shares whose turn comes in this round, next those in the next one, among them the ones that have become
	// empty in this round, which so are remembered as long as it matters.
	current, next list[share[J]]
	// coming is how many are in next; places how many newcomers this round still takes, so that it ends.
	coming, places int
	// opened are gates whose extension has room, later those whose lanes all had their turn in this round.
	opened, later list[gate[J]]
	// gated says that the gates are asked first for the next job; they and the shares take turns.
	gated bool
}

// share is what waits of one library in one class.
type share[J any] struct {
	node[share[J]]
	library *library[J]
	// round is the last in which it was dealt a job.
	round uint64
	// ready are the lanes that found room when they were looked at last, taking turns; the others wait at the gates of their
	// extensions. lanes is how many there are of both.
	ready list[lane[J]]
	lanes int
	// parked says that it waits for its library.
	parked bool
}

// lane is the jobs of one Lane.
type lane[J any] struct {
	node[lane[J]]
	share     *share[J]
	extension *extension[J]
	jobs      fifo[J]
	// passed says that the lane had come to the front of its gate when its library had no room.
	passed bool
}

// due is the pass at which the priority is next: what it did not use while it was idle is lost.
func (c *class[J]) due() uint64 {
	if c.idle {
		return max(c.pass, c.queue.pass)
	}
	return c.pass
}

// find is the lane that is next, nil when none may be dealt. It takes none out.
func (c *class[J]) find() *lane[J] {
	for {
		var l *lane[J]
		if c.gated {
			l = c.fromGates()
		}
		if l == nil {
			l = c.fromShares()
		}
		if l == nil {
			l = c.fromGates()
		}
		switch {
		case l != nil:
			return l
		case !c.opened.empty() || !c.current.empty():
		case c.next.empty() && c.later.empty():
			return nil
		default:
			c.begin()
		}
	}
}

// begin begins the next round.
func (c *class[J]) begin() {
	c.round++
	c.places, c.coming = c.coming, 0
	c.current.prepend(&c.next)
	c.opened.prepend(&c.later)
}

// over says whether the round is: no share has its turn to come, and no gate is open.
func (c *class[J]) over() bool {
	for g := c.opened.front(); g != nil; g = c.opened.front() {
		if g.extension.room() {
			return false
		}
		g.unlist()
	}
	return c.current.empty()
}

// fromShares is a lane of the share whose turn it is. Shares that cannot use theirs leave the round.
func (c *class[J]) fromShares() *lane[J] {
	for s := c.current.front(); s != nil; s = c.current.front() {
		switch {
		case s.lanes == 0:
			c.queue.leave(s, c.priority)
			continue
		case !s.library.room():
			c.park(s)
			continue
		}
		for l := s.ready.front(); l != nil; l = s.ready.front() {
			if c.free(l) {
				return l
			}
			c.wait(l)
		}
		s.unlist()
	}
	return nil
}

// deal takes the job of a lane that find has found.
func (c *class[J]) deal(l *lane[J]) J {
	s, e := l.share, l.extension
	c.gated = !c.gated
	if g := &e.gates[c.priority]; g.listed() {
		c.opened.pushBack(&g.node) // gates take turns
	}
	s.round = c.round
	s.unlist()
	l.unlist()
	l.passed = false
	job := l.jobs.pop()
	c.queue.waiting--
	e.waiting--
	e.running++
	s.library.running++
	if l.jobs.n > 0 {
		c.admit(l)
	} else {
		c.queue.close(l, c.priority)
	}
	if s.lanes == 0 || !s.ready.empty() {
		c.join(s)
	}
	if c.over() {
		c.begin() // now: so that the slot that comes free next is for who has waited longest, whoever was dealt a job last
	}
	return job
}

// admit puts a lane among the ready ones of its share, or at the end of its gate.
func (c *class[J]) admit(l *lane[J]) {
	if !c.free(l) {
		c.wait(l)
		return
	}
	l.share.ready.pushBack(&l.node)
	c.join(l.share)
}

// join gives a share a turn: in this round if it has not had one, and the round still takes newcomers; else in the next.
func (c *class[J]) join(s *share[J]) {
	switch {
	case s.listed() || s.parked:
	case s.lanes == 0:
		c.next.pushBack(&s.node)
	case s.round != c.round && c.places > 0:
		c.places--
		c.current.pushBack(&s.node)
	default:
		c.coming++
		c.next.pushBack(&s.node)
	}
}

// park takes a share out of the round until its library has room.
func (c *class[J]) park(s *share[J]) {
	s.unlist()
	s.parked = true
}
