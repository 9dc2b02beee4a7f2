package fair

import "math/bits"

const (
	smallChunk = 4
	largeChunk = 256
)

// fifo holds the jobs of a lane in chunks, which are larger the more wait. A chunk that is used up is given back, so what is held is
// at most two chunks and a spare one more than what waits.
type fifo[J any] struct {
	front, back *chunk[J]
	// head is where the first job is in the front chunk, tail is after the last in the back one.
	head, tail int
	n          int
	spare      *chunk[J]
}

type chunk[J any] struct {
	next *chunk[J]
	jobs []J
}

func (f *fifo[J]) first() J { return f.front.jobs[f.head] }

func (f *fifo[J]) push(job J) {
	if f.back == nil {
		f.front = f.chunk()
		f.back = f.front
	} else if f.tail == len(f.back.jobs) {
		f.back.next = f.chunk()
		f.back, f.tail = f.back.next, 0
	}
	f.back.jobs[f.tail] = job
	f.tail++
	f.n++
}

func (f *fifo[J]) pushFront(job J) {
	if f.n == 0 {
		f.push(job)
		return
	}
	if f.head == 0 {
		c := f.chunk()
		c.next = f.front
		f.front, f.head = c, len(c.jobs)
	}
	f.head--
	f.front.jobs[f.head] = job
	f.n++
}

// pop takes the first job. There must be one.
func (f *fifo[J]) pop() J {
	var none J
	job := f.front.jobs[f.head]
	f.front.jobs[f.head] = none
	f.head++
	f.n--
	switch {
	case f.n == 0:
		f.head, f.tail, f.spare = 0, 0, nil
		if len(f.front.jobs) > smallChunk {
			f.front, f.back = nil, nil
		}
	case f.head == len(f.front.jobs):
		used := f.front
		f.front, f.head = used.next, 0
		used.next, f.spare = nil, nil
		if len(used.jobs) == f.size() {
			f.spare = used
		}
	}
	return job
}

// size is how many jobs a new chunk has room for: a power of two, so that a used one mostly fits again.
func (f *fifo[J]) size() int { return min(max(smallChunk, 1<<bits.Len(uint(f.n)>>1)), largeChunk) }

func (f *fifo[J]) chunk() *chunk[J] {
	if c := f.spare; c != nil {
		f.spare = nil
		return c
	}
	return &chunk[J]{jobs: make([]J, f.size())}
}
