package fair

// ordered is an element of a heap, which keeps in at where in the heap it is.
type ordered[T any] interface {
	comparable
	less(other T) bool
	at() *int
}

// heap is a binary heap, least first. An element is in one heap at most.
type heap[T ordered[T]] []T

func (h *heap[T]) push(x T) {
	*x.at() = len(*h)
	*h = append(*h, x)
	h.up(len(*h) - 1)
}

// remove removes an element, if it is in.
func (h *heap[T]) remove(x T) {
	i := *x.at()
	if i == out || i >= len(*h) || (*h)[i] != x {
		return
	}
	last := len(*h) - 1
	h.swap(i, last)
	var none T
	(*h)[last] = none
	*h = (*h)[:last]
	*x.at() = out
	if i < last {
		h.fix(i)
	}
}

// fix restores the order after the element at i has changed.
func (h *heap[T]) fix(i int) {
	if !h.down(i) {
		h.up(i)
	}
}

func (h *heap[T]) swap(i, j int) {
	s := *h
	s[i], s[j] = s[j], s[i]
	*s[i].at(), *s[j].at() = i, j
}

func (h *heap[T]) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !(*h)[i].less((*h)[parent]) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

func (h *heap[T]) down(i int) (moved bool) {
	for {
		least := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < len(*h) && (*h)[child].less((*h)[least]) {
				least = child
			}
		}
		if least == i {
			return moved
		}
		h.swap(i, least)
		i, moved = least, true
	}
}
