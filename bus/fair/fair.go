package fair

import (
	"iter"

	"github.com/google/uuid"
)

// Lane is where a job waits.
type Lane struct {
	Extension string
	// Priority is 0 for high, 1 for normal, 2 for low.
	Priority int
	Library  uuid.UUID
}

// Limits answers how many jobs may run at once; 0 or less for none. What it answers may change; say so with Changed.
type Limits interface {
	Extension(id string) int
	Library(id uuid.UUID) int
}

// Queue is the jobs that wait and how many run. It is not safe for concurrent use.
type Queue[J any] struct {
	limits     Limits
	classes    [3]class[J]
	pass       uint64
	extensions map[string]*extension[J]
	libraries  map[uuid.UUID]*library[J]
	waiting    int
}

// strides are how much a job of a priority costs it.
var strides = [3]uint64{1, 4, 16}

// class is the jobs of one priority.
type class[J any] struct {
	pass uint64
	// now is the virtual time of the library dealt last.
	now uint64
	// order are the shares that may have a job to deal, by virtual time.
	order  heap[*share[J]]
	shares map[uuid.UUID]*share[J]
}

// share is what waits of one library in one class.
type share[J any] struct {
	class   *class[J]
	library *library[J]
	time    uint64
	index   int
	// lanes take turns; next is whose it is.
	lanes []*lane[J]
	next  int
}

// lane is the jobs of one Lane.
type lane[J any] struct {
	key       Lane
	share     *share[J]
	extension *extension[J]
	jobs      deque[J]
	index     int
}

type extension[J any] struct {
	id      string
	running int
	waiting int
	limit   int
	// blocked are lanes whose shares left the order when the extension had no room, by class.
	blocked [3]heap[*lane[J]]
}

type library[J any] struct {
	id      uuid.UUID
	running int
	waiting int
	// blocked are shares that left the order when the library had no room.
	blocked []*share[J]
}

const out = -1

func (s *share[J]) less(other *share[J]) bool { return s.time < other.time }
func (s *share[J]) at() *int                  { return &s.index }
func (l *lane[J]) less(other *lane[J]) bool   { return l.share.time < other.share.time }
func (l *lane[J]) at() *int                   { return &l.index }

// New makes an empty queue.
func New[J any](limits Limits) *Queue[J] {
	q := &Queue[J]{limits: limits, extensions: map[string]*extension[J]{}, libraries: map[uuid.UUID]*library[J]{}}
	for i := range q.classes {
		q.classes[i].shares = map[uuid.UUID]*share[J]{}
	}
	return q
}

// Len is how many jobs wait.
func (q *Queue[J]) Len() int { return q.waiting }

// Push puts a job at the end of its lane.
func (q *Queue[J]) Push(key Lane, job J) { q.enter(key).jobs.pushBack(job) }

// PushFront puts a job at the front of its lane: one that had its turn before.
func (q *Queue[J]) PushFront(key Lane, job J) { q.enter(key).jobs.pushFront(job) }

// enter returns the lane into which a job is about to go.
func (q *Queue[J]) enter(key Lane) *lane[J] {
	e, lib := q.extension(key.Extension), q.library(key.Library)
	e.waiting++
	lib.waiting++
	q.waiting++
	c := &q.classes[key.Priority]
	s := c.shares[key.Library]
	if s == nil {
		s = &share[J]{class: c, library: lib, time: c.now, index: out}
		c.shares[key.Library] = s
		q.order(s)
	}
	for _, l := range s.lanes {
		if l.extension == e {
			return l
		}
	}
	l := &lane[J]{key: key, share: s, extension: e, index: out}
	s.lanes = append(s.lanes, l)
	if s.index == out {
		if e.running < e.limit {
			q.order(s)
		} else {
			e.blocked[key.Priority].push(l)
		}
	}
	return l
}

// order puts a share among those that may have a job to deal. If it has none after all, Next finds out.
func (q *Queue[J]) order(s *share[J]) {
	if s.index != out {
		return
	}
	if len(s.class.order) == 0 {
		s.class.pass = max(s.class.pass, q.pass)
	}
	s.class.order.push(s)
}

func (q *Queue[J]) extension(id string) *extension[J] {
	e := q.extensions[id]
	if e == nil {
		e = &extension[J]{id: id, limit: q.limits.Extension(id)}
		q.extensions[id] = e
	}
	return e
}

func (q *Queue[J]) library(id uuid.UUID) *library[J] {
	lib := q.libraries[id]
	if lib == nil {
		lib = &library[J]{id: id}
		q.libraries[id] = lib
	}
	return lib
}

// Next takes the next job that may run, and counts it as running. It answers false when none may.
func (q *Queue[J]) Next() (key Lane, job J, ok bool) {
	for {
		var c *class[J]
		stride := uint64(0)
		for i := range q.classes {
			if other := &q.classes[i]; len(other.order) > 0 && (c == nil || other.pass < c.pass) {
				c, stride = other, strides[i]
			}
		}
		if c == nil {
			return key, job, false
		}
		s := c.order[0]
		l := q.turn(s)
		if l == nil {
			continue
		}
		q.pass = c.pass
		c.pass += stride
		c.now = s.time
		s.time++
		c.order.fix(0)
		job = l.jobs.popFront()
		key = l.key
		q.waiting--
		l.extension.waiting--
		s.library.waiting--
		q.Began(key)
		if l.jobs.len() == 0 {
			q.leave(l)
		}
		return key, job, true
	}
}

// turn is the lane of a share whose turn it is. A share none of whose lanes may be dealt leaves the order.
func (q *Queue[J]) turn(s *share[J]) *lane[J] {
	if s.library.running >= q.limits.Library(s.library.id) {
		s.class.order.remove(s)
		s.library.blocked = append(s.library.blocked, s)
		for _, l := range s.lanes { // what it was woken for is another's
			q.wake(l.extension)
		}
		return nil
	}
	for range s.lanes {
		if s.next >= len(s.lanes) {
			s.next = 0
		}
		l := s.lanes[s.next]
		s.next++
		if l.extension.running < l.extension.limit {
			return l
		}
	}
	s.class.order.remove(s)
	for _, l := range s.lanes {
		if l.index == out {
			l.extension.blocked[l.key.Priority].push(l)
		}
	}
	return nil
}

// leave removes a lane that has become empty.
func (q *Queue[J]) leave(l *lane[J]) {
	s := l.share
	for i, other := range s.lanes {
		if other == l {
			s.lanes = append(s.lanes[:i], s.lanes[i+1:]...)
			if i < s.next {
				s.next--
			}
			break
		}
	}
	if l.index != out {
		l.extension.blocked[l.key.Priority].remove(l)
	}
	if len(s.lanes) == 0 {
		s.class.order.remove(s)
		delete(s.class.shares, s.library.id)
	}
}

// Began counts a job as running that was not taken from here.
func (q *Queue[J]) Began(key Lane) {
	q.extension(key.Extension).running++
	q.library(key.Library).running++
}

// Done says that a job does not run any more.
func (q *Queue[J]) Done(extensionID string, libraryID uuid.UUID) {
	e, lib := q.extension(extensionID), q.library(libraryID)
	e.running--
	lib.running--
	blocked := lib.blocked
	lib.blocked = nil
	for _, s := range blocked {
		if len(s.lanes) > 0 {
			q.order(s)
		}
	}
	q.wake(e)
	if e.running <= 0 && e.waiting == 0 {
		delete(q.extensions, extensionID)
	}
	if lib.running <= 0 && lib.waiting == 0 {
		delete(q.libraries, libraryID)
	}
}

// wake brings back as many shares to the order, in each class, as the extension has room.
func (q *Queue[J]) wake(e *extension[J]) {
	for i := range e.blocked {
		for room := e.limit - e.running; room > 0 && len(e.blocked[i]) > 0; {
			l := e.blocked[i][0]
			e.blocked[i].remove(l)
			if l.share.index == out {
				q.order(l.share)
				room--
			}
		}
	}
}

// Changed says that the limit of an extension is another than before.
func (q *Queue[J]) Changed(id string) {
	e := q.extensions[id]
	if e == nil {
		return
	}
	e.limit = q.limits.Extension(id)
	q.wake(e)
}

// ChangedAll says that all limits may be others than before.
func (q *Queue[J]) ChangedAll() {
	for id := range q.extensions {
		q.Changed(id)
	}
	for _, lib := range q.libraries {
		blocked := lib.blocked
		lib.blocked = nil
		for _, s := range blocked {
			if len(s.lanes) > 0 {
				q.order(s)
			}
		}
	}
}

// Counts are how many jobs of an extension wait and run.
type Counts struct{ Waiting, Running int }

// Extensions are those that have a job, with their counts.
func (q *Queue[J]) Extensions() iter.Seq2[string, Counts] {
	return func(yield func(string, Counts) bool) {
		for id, e := range q.extensions {
			if !yield(id, Counts{e.waiting, e.running}) {
				return
			}
		}
	}
}
