package fair

import "github.com/google/uuid"

// Limits answers how many jobs may run at once: math.MaxInt for no limit, 0 or less for none, which pauses. It is asked when an
// extension or library gets its first job, and again after Changed, ChangedLibrary and ChangedAll; never while it is not. It
// must not call the queue.
type Limits interface {
	Extension(id string) int
	Library(id uuid.UUID) int
}

// extension is one that has a job which waits or runs.
type extension[J any] struct {
	id      string
	limit   int
	running int
	waiting int
	gates   [priorities]gate[J]
}

func (e *extension[J]) room() bool { return e.running < e.limit }

// library is one that has a job which waits or runs.
type library[J any] struct {
	id      uuid.UUID
	limit   int
	running int
	shares  [priorities]*share[J]
}

func (l *library[J]) room() bool { return l.running < l.limit }

func (q *Queue[J]) extension(id string) *extension[J] {
	e := q.extensions[id]
	if e == nil {
		e = q.spareExtensions.take()
		e.id, e.limit = id, q.limits.Extension(id)
		for i := range e.gates {
			g := &e.gates[i]
			g.item, g.extension = g, e
		}
		q.extensions[id] = e
	}
	return e
}

func (q *Queue[J]) library(id uuid.UUID) *library[J] {
	l := q.libraries[id]
	if l == nil {
		l = q.spareLibraries.take()
		l.id, l.limit = id, q.limits.Library(id)
		q.libraries[id] = l
	}
	return l
}

// Began counts a job as running that was not taken from here. It may be one more than the limit.
func (q *Queue[J]) Began(in Lane) {
	q.extension(in.Extension).running++
	q.library(in.Library).running++
}

// Done says that a job does not run any more: one that Next dealt or that Began. Of an extension or library of which none runs
// it does nothing.
func (q *Queue[J]) Done(extension string, library uuid.UUID) {
	if e := q.extensions[extension]; e != nil && e.running > 0 {
		e.running--
		q.reopen(e)
		q.forgetExtension(e)
	}
	if l := q.libraries[library]; l != nil && l.running > 0 {
		l.running--
		q.unpark(l)
		q.forgetLibrary(l)
	}
}

// Changed says that the limit of an extension may be another than before. What runs beyond a lower limit goes on.
func (q *Queue[J]) Changed(extension string) {
	if e := q.extensions[extension]; e != nil {
		e.limit = q.limits.Extension(e.id)
		q.reopen(e)
	}
}

// ChangedLibrary says that the limit of a library may be another than before.
func (q *Queue[J]) ChangedLibrary(library uuid.UUID) {
	if l := q.libraries[library]; l != nil {
		l.limit = q.limits.Library(l.id)
		q.unpark(l)
	}
}

// ChangedAll says that all limits may be others than before. It takes time in proportion to the extensions and libraries.
func (q *Queue[J]) ChangedAll() {
	for id := range q.extensions {
		q.Changed(id)
	}
	for id := range q.libraries {
		q.ChangedLibrary(id)
	}
}

// reopen lets the lanes that wait for an extension have its slots, if it has any.
func (q *Queue[J]) reopen(e *extension[J]) {
	for i := range e.gates {
		q.classes[i].open(&e.gates[i])
	}
}

// unpark lets what waits for a library take its turns again, if it has a slot.
func (q *Queue[J]) unpark(l *library[J]) {
	if !l.room() {
		return
	}
	for i, s := range l.shares {
		if s != nil && s.parked {
			s.parked = false
			q.classes[i].join(s)
		}
	}
}

func (q *Queue[J]) forgetExtension(e *extension[J]) {
	if e.running > 0 || e.waiting > 0 {
		return
	}
	for i := range e.gates {
		e.gates[i].unlist()
	}
	delete(q.extensions, e.id)
	*e = extension[J]{}
	q.spareExtensions.give(e)
}

func (q *Queue[J]) forgetLibrary(l *library[J]) {
	if l.running > 0 || l.shares != [priorities]*share[J]{} {
		return
	}
	delete(q.libraries, l.id)
	*l = library[J]{}
	q.spareLibraries.give(l)
}
