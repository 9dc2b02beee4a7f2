package fair

import "iter"

// Waiting is what waits in a lane.
type Waiting[J any] struct {
	Count int
	// First is the job that is dealt next of it.
	First J
}

// Lanes are those in which jobs wait, in no order. The queue must not be changed meanwhile.
func (q *Queue[J]) Lanes() iter.Seq2[Lane, Waiting[J]] {
	return func(yield func(Lane, Waiting[J]) bool) {
		for key, l := range q.lanes {
			if !yield(key, Waiting[J]{Count: l.jobs.n, First: l.jobs.first()}) {
				return
			}
		}
	}
}

// Counts are how many jobs of an extension wait and run.
type Counts struct{ Waiting, Running int }

// Extensions are those that have a job, with their counts, in no order. The queue must not be changed meanwhile.
func (q *Queue[J]) Extensions() iter.Seq2[string, Counts] {
	return func(yield func(string, Counts) bool) {
		for id, e := range q.extensions {
			if !yield(id, Counts{e.waiting, e.running}) {
				return
			}
		}
	}
}
