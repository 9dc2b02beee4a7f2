package quota

import "time"

// window counts what was used in any stretch of time of one length, wherever that starts. (A bucket that fills up evenly would let
// twice the limit pass in the first minute.) It counts by steps, and a step stays in the count until all of it is older than the
// window. What will be used at the latest at a time to come is counted in that time's step.
//
// Times are durations since a moment that the caller chooses. They never go backwards.
type window struct {
	step  time.Duration
	steps int64 // of the window
	now   int64
	// counts holds steps now-steps to now+ahead, at step modulo len.
	counts []int64
	sum    int64
}

// newWindow makes one that slides by a part of its length, and counts what will be used at most so much later.
func newWindow(length, ahead time.Duration) *window {
	const parts = 240
	step := max(length/parts, 1)
	steps := int64((length + step - 1) / step)
	return &window{step: step, steps: steps, counts: make([]int64, steps+int64(ahead/step)+3)}
}

func (w *window) place(step int64) *int64 {
	n := int64(len(w.counts))
	return &w.counts[(step%n+n)%n]
}

// stepOf is the step of a time, as far as there is one: what is older counts no more, what is later counts as late as can be.
func (w *window) stepOf(at time.Duration) int64 {
	step := int64(at / w.step)
	if at < 0 {
		step = w.now - w.steps - 1
	}
	return min(step, w.now-w.steps+int64(len(w.counts))-1)
}

// advance drops what counts no more at a time.
func (w *window) advance(now time.Duration) {
	current := int64(now / w.step)
	size := int64(len(w.counts))
	for s := w.now - w.steps; s < current-w.steps && s < w.now-w.steps+size; s++ {
		w.sum -= *w.place(s)
		*w.place(s) = 0
	}
	w.now = max(w.now, current)
}

// add counts n more, or less, as used at a time.
func (w *window) add(at time.Duration, n int64) {
	step := w.stepOf(at)
	if step < w.now-w.steps {
		return
	}
	*w.place(step) += n
	w.sum += n
}

// free is how long it takes from now until at most so many are counted, if nothing is added.
func (w *window) free(now time.Duration, count int64) time.Duration {
	left := w.sum
	first := w.now - w.steps
	for s := first; s < first+int64(len(w.counts)); s++ {
		if left -= *w.place(s); left <= count {
			return time.Duration(s+w.steps+1)*w.step - now
		}
	}
	return time.Duration(w.steps) * w.step
}
