package fair

import "iter"

// Waiting is what waits in a lane.
type Waiting[J any] struct {
	Count int
	// First is the job that is dealt next of it.
	First J
}

// Lanes are those in which jobs wait.
func (q *Queue[J]) Lanes() iter.Seq2[Lane, Waiting[J]] {
	return func(yield func(Lane, Waiting[J]) bool) {
		for i := range q.classes {
			for _, s := range q.classes[i].shares {
				for _, l := range s.lanes {
					if !yield(l.key, Waiting[J]{Count: l.jobs.len(), First: l.jobs.ring[l.jobs.first]}) {
						return
					}
				}
			}
		}
	}
}
