package fair

// list is a doubly linked list whose nodes are part of what they list, so that it needs no memory of its own and anything can be
// taken out of wherever it is. The zero value is empty.
type list[T any] struct{ root node[T] }

// node is a place in at most one list.
type node[T any] struct {
	item       *T
	prev, next *node[T]
}

func (n *node[T]) listed() bool { return n.next != nil }

// unlist takes the node out of the list it is in, if any.
func (n *node[T]) unlist() {
	if n.next == nil {
		return
	}
	n.prev.next, n.next.prev = n.next, n.prev
	n.prev, n.next = nil, nil
}

func (n *node[T]) insertAfter(prev *node[T]) {
	n.prev, n.next = prev, prev.next
	prev.next.prev = n
	prev.next = n
}

func (l *list[T]) empty() bool { return l.root.next == nil || l.root.next == &l.root }

// front is the first item, nil when there is none.
func (l *list[T]) front() *T {
	if l.empty() {
		return nil
	}
	return l.root.next.item
}

// pushBack moves a node to the end of the list, from wherever it is.
func (l *list[T]) pushBack(n *node[T]) {
	l.init()
	n.unlist()
	n.insertAfter(l.root.prev)
}

// pushFront moves a node to the front of the list, from wherever it is.
func (l *list[T]) pushFront(n *node[T]) {
	l.init()
	n.unlist()
	n.insertAfter(&l.root)
}

// prepend moves all of another list, in its order, before what is in this one.
func (l *list[T]) prepend(other *list[T]) {
	if other.empty() {
		return
	}
	l.init()
	first, last := other.root.next, other.root.prev
	last.next, l.root.next.prev = l.root.next, last
	first.prev, l.root.next = &l.root, first
	other.root.next, other.root.prev = &other.root, &other.root
}

func (l *list[T]) init() {
	if l.root.next == nil {
		l.root.next, l.root.prev = &l.root, &l.root
	}
}
