package fair

import "github.com/google/uuid"

// Lane is where a job waits.
type Lane struct {
	Extension string
	// Priority is 0 for high, 1 for normal, 2 for low. Any other panics.
	Priority int
	Library  uuid.UUID
}

// strides are how much a job of each priority costs it.
var strides = [...]uint64{1, 4, 16}

const priorities = len(strides)

// Queue is the jobs that wait and how many run. It is not safe for concurrent use. It keeps nothing of an extension or library that
// has no job any more, once the round in which its last was dealt is over.
type Queue[J any] struct {
	limits  Limits
	classes [priorities]class[J]
	// pass is that of the priority dealt last, before it was. At a million jobs a second it lasts for 36,000 years.
	pass       uint64
	lanes      map[Lane]*lane[J]
	extensions map[string]*extension[J]
	libraries  map[uuid.UUID]*library[J]
	waiting    int

	spareLanes      spares[lane[J]]
	spareShares     spares[share[J]]
	spareExtensions spares[extension[J]]
	spareLibraries  spares[library[J]]
}

// New makes an empty queue.
func New[J any](limits Limits) *Queue[J] {
	q := &Queue[J]{
		limits: limits,
		lanes:  map[Lane]*lane[J]{}, extensions: map[string]*extension[J]{}, libraries: map[uuid.UUID]*library[J]{},
	}
	for i := range q.classes {
		q.classes[i] = class[J]{queue: q, priority: i, round: 1}
	}
	return q
}

// Len is how many jobs wait.
func (q *Queue[J]) Len() int { return q.waiting }

// Push puts a job at the end of its lane.
func (q *Queue[J]) Push(to Lane, job J) { q.enter(to).jobs.push(job) }

// PushFront puts a job at the front of its lane: one that had its turn before.
func (q *Queue[J]) PushFront(to Lane, job J) { q.enter(to).jobs.pushFront(job) }

// enter returns the lane into which a job is about to go, and counts the job.
func (q *Queue[J]) enter(to Lane) *lane[J] {
	l := q.lanes[to]
	if l == nil {
		l = q.open(to)
	}
	l.extension.waiting++
	q.waiting++
	return l
}

func (q *Queue[J]) open(to Lane) *lane[J] {
	c := &q.classes[to.Priority]
	e, lib := q.extension(to.Extension), q.library(to.Library)
	s := lib.shares[to.Priority]
	if s == nil {
		s = q.spareShares.take()
		s.item, s.library = s, lib
		lib.shares[to.Priority] = s
	}
	l := q.spareLanes.take()
	l.item, l.share, l.extension = l, s, e
	s.lanes++
	to.Extension = e.id // so that one string is kept of all that may be parts of messages
	q.lanes[to] = l
	c.admit(l)
	return l
}

// Next takes the next job that may run, and counts it as running. It answers false when none may.
func (q *Queue[J]) Next() (from Lane, job J, ok bool) {
	var tried [priorities]bool
	for range priorities {
		var c *class[J]
		for i := range q.classes {
			if !tried[i] && (c == nil || q.classes[i].due() < c.due()) {
				c = &q.classes[i]
			}
		}
		tried[c.priority] = true
		l := c.find()
		if l == nil {
			c.idle = true
			continue
		}
		q.pass = c.due()
		c.pass, c.idle = q.pass+strides[c.priority], false
		from = Lane{Extension: l.extension.id, Priority: c.priority, Library: l.share.library.id}
		return from, c.deal(l), true
	}
	return from, job, false
}

// close forgets a lane that is empty.
func (q *Queue[J]) close(l *lane[J], priority int) {
	delete(q.lanes, Lane{Extension: l.extension.id, Priority: priority, Library: l.share.library.id})
	l.share.lanes--
	jobs := l.jobs
	*l = lane[J]{jobs: jobs} // a small chunk stays for its next use
	q.spareLanes.give(l)
}

// leave forgets a share that has no lanes, and its library if it has nothing else.
func (q *Queue[J]) leave(s *share[J], priority int) {
	lib := s.library
	s.unlist()
	lib.shares[priority] = nil
	*s = share[J]{}
	q.spareShares.give(s)
	q.forgetLibrary(lib)
}
