package bus

import (
	"math"
	"sort"
	"time"
)

// arrivalTimes knows when the messages of a stream came, to a second, by a few of their sequences: one a second in which one
// came, and fewer of long ago. The zero value is ready to use. It is not safe for concurrent use.
type arrivalTimes struct {
	marks []arrivalMark
}

type arrivalMark struct {
	sequence uint64
	at       time.Time
}

const (
	// arrivalStep is how exact times are.
	arrivalStep = time.Second
	// maxArrivalMarks is when half of the marks are dropped: every other one, but for the newest.
	maxArrivalMarks = 16384
)

// note takes the time of a message. Messages come in the order of their sequences.
func (t *arrivalTimes) note(sequence uint64, at time.Time) {
	if n := len(t.marks); n > 0 && (at.Sub(t.marks[n-1].at) < arrivalStep || sequence <= t.marks[n-1].sequence) {
		return
	}
	if len(t.marks) == maxArrivalMarks {
		t.thin()
	}
	t.marks = append(t.marks, arrivalMark{sequence, at})
}

// thin drops every other mark.
func (t *arrivalTimes) thin() {
	kept := t.marks[:0]
	for i := 0; i < len(t.marks); i += 2 {
		kept = append(kept, t.marks[i])
	}
	t.marks = kept
}

// at is about when a message came: not later than it did. It is the zero time for one before all that are known.
func (t *arrivalTimes) at(sequence uint64) time.Time {
	i := sort.Search(len(t.marks), func(i int) bool { return t.marks[i].sequence > sequence })
	if i == 0 {
		return time.Time{}
	}
	return t.marks[i-1].at
}

// forget drops what is only needed for sequences before one.
func (t *arrivalTimes) forget(before uint64) {
	i := sort.Search(len(t.marks), func(i int) bool { return t.marks[i].sequence > before })
	if i > 1 {
		t.marks = append(t.marks[:0], t.marks[i-1:]...)
	}
}

// before is about the first sequence that did not come before a time.
func (t *arrivalTimes) before(at time.Time) uint64 {
	i := sort.Search(len(t.marks), func(i int) bool { return t.marks[i].at.Add(arrivalStep).After(at) })
	switch i {
	case 0:
		return 0
	case len(t.marks):
		return math.MaxUint64
	}
	return t.marks[i].sequence
}
